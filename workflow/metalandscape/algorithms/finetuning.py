"""The Finetuning baseline: supervised training on all meta-train classes (section 3.2)."""

import hashlib
from dataclasses import dataclass
from typing import Literal, cast

import numpy as np
import torch
from jaxtyping import Float, Float32, Int64
from torch import Tensor

from .. import algorithms, networks
from ..datasets import Dataset, ImageDataset
from ..ground import options, randomness
from ..learner import Learner
from ..tasks.task import Task

NAME = "Finetuning baseline"
ROLE = "baseline"
COLOUR = "#AA4499"
TASKS = ("classification",)
NEW_HEAD = True
SUPERVISED = True


class Options(options.Options):
    """Configuration of the baseline.

    Attributes:
        head: The last layer at meta-test. `per_task`: drawn by Xavier's rule for every task, the
            same for that task at every epoch; `shared`: one draw for all tasks; `zero`: zeros.
            Paper: per task, by section 3.2.
    """

    head: Literal["per_task", "shared", "zero"] = "per_task"


class Algorithm(algorithms.Algorithm):
    """Supervised training; at meta-test the features adapt under a new last layer."""

    options: Options

    def training_outputs(self) -> int:
        """Return the number of meta-train classes, turned ones included."""
        return self.setup.spec.train_classes

    def step(self, meta: algorithms.Meta, dataset: Dataset, iteration: int) -> algorithms.Outer:
        """Return the gradient of the cross-entropy of one batch of `batch_size` images."""
        rng = randomness.generator(self.setup.seed, "supervised batches", iteration)
        images, labels = _batch(cast("ImageDataset", dataset), self.setup.run.batch_size, rng)
        found = self.engine.gradient(meta["theta"], images, labels)
        return algorithms.Outer({"theta": found.gradient}, found.loss, found.accuracy)

    def learner(self, meta: algorithms.Meta) -> "HeadLearner":
        """Return the features that were trained, under a new linear layer for `way` classes."""
        run = self.setup.run.at_test()
        network = self.build(run.way or self.setup.spec.output_size)
        # One draw for all tasks, and the layer that stands in theta^s.
        shared = networks.initialize(
            network, randomness.generator(self.setup.seed, "new linear layer")
        )
        trained = networks.unflatten(self.network, meta["theta"])
        kept = {name: trained[name] for name in trained if name not in networks.HEAD}
        return HeadLearner(
            network,
            self.setup.choice.of(network),
            networks.flatten(network, networks.unflatten(network, shared) | kept),
            run.inner_steps,
            run.inner_rate,
            head=self.options.head,
            seed=self.setup.seed,
        )


@dataclass(frozen=True)
class HeadLearner(Learner):
    """A learner whose last layer is new for a task.

    Attributes:
        head: "per_task", "shared" or "zero"; `theta` has the shared one.
        seed: of the run.
    """

    head: str = "shared"
    seed: int = 0

    def start(self, task: Task) -> Float[Tensor, "P"]:
        """Return the trained features under the task's new last layer."""
        if self.head == "shared":
            return self.theta
        head = networks.draw_head(self.network, self._generator(task))
        head = torch.zeros_like(head) if self.head == "zero" else head
        return torch.cat([self.theta[: -len(head)], head.to(self.theta)])

    def _generator(self, task: Task) -> np.random.Generator:
        return randomness.generator(self.seed, "new linear layer", fingerprint(task))


def fingerprint(task: Task) -> str:
    """Return a digest of a task's support set: the name of its random stream."""
    sha = hashlib.sha256(task.support_x.detach().cpu().numpy().tobytes())
    sha.update(task.support_y.detach().cpu().numpy().tobytes())
    return sha.hexdigest()


def _batch(
    dataset: ImageDataset, images: int, rng: np.random.Generator
) -> tuple[Float32[Tensor, "n channels height width"], Int64[Tensor, "n"]]:
    """Return images drawn uniformly from all meta-train classes, with their labels."""
    classes = dataset.classes("train")
    labels = rng.integers(len(classes), size=images)
    chosen = classes[labels]
    index = rng.integers(dataset.first[chosen[:, 0]], dataset.first[chosen[:, 0] + 1])
    x = np.empty((images, *dataset.images(index[:1]).shape[1:]), np.float32)
    for turns in range(4):
        turned = chosen[:, 1] == turns
        x[turned] = dataset.images(index[turned], turns)
    return torch.from_numpy(x), torch.from_numpy(labels)
