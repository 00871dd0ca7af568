"""Engines: what computes adaptation, meta-gradients and Hessian products.

A module of this folder is an engine. `reference` is the plain loop of automatic differentiation
over one task at a time, and the oracle of the others, which the tests hold equal to it. All of them
see theta as one flat vector [P] in the order of `model.parameters`. Within one engine results are
the same bytes at every call, whatever the number of threads; between engines they differ by
rounding.
"""

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import NamedTuple, Protocol

import torch
from torch import Tensor

from .. import models
from ..ground.errors import UserError
from ..tasks.episodes import Task


class LossGradient(NamedTuple):
    """A loss, its gradient, and the accuracy that belongs to it.

    Attributes:
        gradient: [P].
        loss: the mean loss.
        accuracy: the share of right answers; NaN for regression.
    """

    gradient: Tensor
    loss: float
    accuracy: float


class Engine(Protocol):
    """What algorithms and metrics compute with. Arguments called x and y are as in `Task`."""

    def evaluate(self, theta: Tensor, x: Tensor, y: Tensor) -> tuple[float, float]:
        """Return the mean loss and the accuracy at theta [P]."""

    def gradient(self, theta: Tensor, x: Tensor, y: Tensor) -> LossGradient:
        """Return the gradient of the mean loss at theta [P]."""

    def adapt(self, theta: Tensor, task: Task, steps: int, rate: float) -> Tensor:
        """Return theta~ [P] after `steps` gradient steps on the support loss, Eq. 1."""

    def pull_back(
        self, theta: Tensor, task: Task, steps: int, rate: float, cotangent: Tensor
    ) -> Tensor:
        """Return (d theta~ / d theta)^T cotangent [P], exactly, through all steps."""

    def meta_gradient(
        self, theta: Tensor, tasks: Sequence[Task], steps: int, rate: float, second_order: bool
    ) -> LossGradient:
        """Return the gradient of the mean target loss over tasks, Eq. 2.

        Second order differentiates through adaptation; first order takes the gradient at theta~_i
        as if theta~_i did not depend on theta (Finn et al. 2017, section 5.2).
        """

    def hessian_product(self, theta: Tensor, x: Tensor, y: Tensor) -> Callable[[Tensor], Tensor]:
        """Return v [P] -> H v [P], H the Hessian of the loss at theta [P]."""


class Choice(NamedTuple):
    """Which engine a job computes with.

    Attributes:
        name: "reference", or "auto" for the fastest there is: `batched` for an MLP, `native` for a
            ConvNet whose kernel was built and runs on this processor, otherwise `reference`.
        kernel: the file that `native.build` wrote, or None.
        threads: how many tasks at a time; no result depends on it.
        device: "cpu"; "cuda" for the reference engine on a GPU; "auto" for a GPU if there is one.
    """

    name: str = "auto"
    kernel: str | Path | None = None
    threads: int = 1
    device: str = "cpu"

    def of(self, model: models.Model) -> Engine:
        """Return the engine for a network.

        Raises:
            UserError: a GPU is asked for, and torch sees none.
        """
        from . import batched, native, reference

        if self.device != "cpu":
            present = torch.cuda.is_available()
            if self.device == "cuda" and not present:
                raise UserError(
                    "config key device: cuda is asked for, but torch sees no GPU on this machine; "
                    "set auto or cpu, or install a build of torch for its GPU."
                )
            if present:
                return reference.Engine(model, "cuda")
        if self.name == "auto" and isinstance(model, models.MLP):
            return batched.Engine(model)
        if self.name == "auto" and native.usable(model, self.kernel):
            return native.Engine(model, self.kernel, self.threads)
        return reference.Engine(model)


def mean(results: Sequence[LossGradient]) -> LossGradient:
    """Return the mean over tasks, summed in their order."""
    total = results[0].gradient.clone()
    for result in results[1:]:
        total += result.gradient
    n = len(results)
    return LossGradient(
        total / n, sum(r.loss for r in results) / n, sum(r.accuracy for r in results) / n
    )
