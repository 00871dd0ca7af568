"""The Finetuning baseline: supervised training on all meta-train classes (section 3.2)."""

import numpy as np
import torch
from torch import Tensor

from ..datasets import Dataset
from ..engines import Engine, LossGradient
from ..ground import randomness
from ..models import Model, flatten, initialise, unflatten
from ..models import build as build_network
from ..settings.config import Run

NAME = "Finetuning baseline"
ROLE = "baseline"
COLOUR = "#AA4499"
TASKS = ("classification",)
REGULARIZED = False


def build(run: Run, dataset: Dataset) -> Model:
    """Return the network with one output per meta-train class, rotated classes included."""
    return build_network(run.network, dataset.image_shape, len(dataset.classes("train")))


def step(
    engine: Engine, theta: Tensor, run: Run, dataset: Dataset, seed: int, iteration: int
) -> LossGradient:
    """Return the gradient of the cross-entropy of one batch of `batch_size` images."""
    rng = randomness.generator(seed, "supervised batches", iteration)
    return engine.gradient(theta, *_batch(dataset, run.batch_size, rng))


def starting_point(
    model: Model, theta: Tensor, run: Run, dataset: Dataset, seed: int
) -> tuple[Model, Tensor]:
    """Return the features that were trained under a new linear layer for `way` classes.

    The layer is drawn by Xavier's rule from the run's seed, the same for every task and epoch, so
    that trajectories and gradients start from one theta^s and epochs are compared on equal terms.
    """
    new = build_network(run.network, dataset.image_shape, run.way)
    tensors = unflatten(new, initialise(new, randomness.generator(seed, "new linear layer")))
    trained = unflatten(model, theta)
    kept = {name: trained[name] for name in trained if not name.startswith("linear.")}
    return new, flatten(new, tensors | kept)


def _batch(dataset: Dataset, images: int, rng: np.random.Generator) -> tuple[Tensor, Tensor]:
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
