"""The learner: the model that adapts to a task."""

import warnings
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from itertools import islice
from typing import Any

import torch
from jaxtyping import Float
from torch import Tensor

from .engines import Engine, Rates
from .networks import Network
from .tasks.task import Task

TOGETHER = 16  # tasks whose solutions are held at a time


@dataclass(frozen=True)
class Learner:
    """A network at a meta-train solution theta^s, and how it adapts.

    Attributes:
        network: the network.
        engine: what computes with it.
        theta: theta^s.
        steps: T, the number of inner steps.
        rates: the inner rates, a number or a vector; a parameter of rate zero doesn't adapt.
        preprocessing: what was applied to the images it was trained on, as `datasets.preprocess`
            takes it; empty where nothing is known of it.
    """

    network: Network
    engine: Engine
    theta: Float[Tensor, "P"]
    steps: int
    rates: Rates
    preprocessing: Mapping[str, Any] = field(default_factory=dict)

    def start(self, task: Task) -> Float[Tensor, "P"]:
        """Return theta^s for a task: where its adaptation starts."""
        return self.theta

    def adapt(self, task: Task) -> Float[Tensor, "P"]:
        """Return theta~ of a task, Eq. 1."""
        return self.engine.adapt(self.start(task), task, self.steps, self.rates)

    def start_each(
        self, tasks: Iterable[Task]
    ) -> Iterator[tuple[list[Task], Float[Tensor, "tasks P"]]]:
        """Yield tasks, some at a time and in their order, and what `start` returns for them."""
        waiting = iter(tasks)
        while several := list(islice(waiting, TOGETHER)):
            yield several, torch.stack([self.start(task) for task in several])

    def adapt_each(
        self, tasks: Iterable[Task]
    ) -> Iterator[tuple[list[Task], Float[Tensor, "tasks P"]]]:
        """Yield tasks, some at a time and in their order, and what `adapt` returns for them."""
        for several, starts in self.start_each(tasks):
            yield several, self.engine.adapt_each(starts, several, self.steps, self.rates)

    def path(self, task: Task) -> Float[Tensor, "{self.steps}+1 P"]:
        """Return theta^(0) = theta^s to theta^(T) = theta~ of a task, T the inner steps."""
        points = [self.start(task)]
        for _ in range(self.steps):
            points.append(self.engine.adapt(points[-1], task, 1, self.rates))
        return torch.stack(points)

    def predict(
        self, theta: Float[Tensor, "P"], x: Float[Tensor, "n *input"]
    ) -> Float[Tensor, "n outputs"]:
        """Return the logits, or the predicted numbers, of inputs x at theta.

        A network with batch norm normalizes by the statistics of the batch it is given, here as in
        training (Finn et al. 2017), so that a prediction depends on the other inputs: predict all
        targets of a task in one batch. A single input is predicted poorly, and gives a warning.

        Args:
            theta: from `adapt`.
            x: the inputs, images or vectors.
        """
        if len(x) == 1 and self.network.uses_batch_statistics:
            warnings.warn(
                "one input is predicted by itself, but the network normalizes by the statistics of "
                "its batch; predict several inputs of the task together.",
                stacklevel=2,
            )
        with torch.no_grad():
            return self.network.outputs(theta, x)
