"""The learner: that which adapts to a task."""

from dataclasses import dataclass

import torch
from torch import Tensor

from .engines import Engine, Rates
from .networks import Network
from .tasks.task import Task


@dataclass(frozen=True)
class Learner:
    """A network at a meta-train solution theta^s, and how it adapts.

    Batch norm uses the statistics of the batch it is given, also in `predict`: a prediction depends
    on the other inputs of its batch (Finn et al. 2017).

    Attributes:
        network: the network.
        engine: what computes with it.
        theta: theta^s [P].
        steps: T, the number of inner steps.
        rates: the inner rates, a number or a vector [P]; a parameter of rate zero doesn't adapt.
    """

    network: Network
    engine: Engine
    theta: Tensor
    steps: int
    rates: Rates

    def start(self, task: Task) -> Tensor:
        """Return theta^s [P] for a task: where its adaptation starts."""
        return self.theta

    def adapt(self, task: Task) -> Tensor:
        """Return theta~ [P] of a task, Eq. 1."""
        return self.engine.adapt(self.start(task), task, self.steps, self.rates)

    def path(self, task: Task) -> Tensor:
        """Return theta^(0) = theta^s to theta^(T) = theta~ of a task, [T + 1, P]."""
        points = [self.start(task)]
        for _ in range(self.steps):
            points.append(self.engine.adapt(points[-1], task, 1, self.rates))
        return torch.stack(points)

    def predict(self, theta: Tensor, x: Tensor) -> Tensor:
        """Return the logits [n, classes], or the predictions [n, outputs], of inputs x at theta."""
        with torch.no_grad():
            return self.network.outputs(theta, x)
