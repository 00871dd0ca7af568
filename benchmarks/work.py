"""What is timed: the settings of the paper's appendix A, on tensors of random numbers."""

from dataclasses import dataclass

import torch
from torch import Tensor

from metalandscape import models
from metalandscape.ground import randomness
from metalandscape.networks import ConvNetwork, MLPNetwork
from metalandscape.tasks.episodes import Task


@dataclass(frozen=True)
class Work:
    """One meta-iteration.

    Attributes:
        network: what is meta-trained.
        image: height, width, channels; None for regression.
        tasks, way, shot, targets, steps, rate: as in the configuration of a run.
        second_order: MAML, or First-Order MAML.
        dtype: single precision is timed; results are compared in double, because in single a ReLU
            at its kink can change a meta-gradient by per cents, whoever computes it.
    """

    network: ConvNetwork | MLPNetwork
    image: tuple[int, int, int] | None
    tasks: int
    way: int
    shot: int
    targets: int
    steps: int
    rate: float
    second_order: bool
    dtype: torch.dtype = torch.float32

    def model(self) -> models.Model:
        """Return the network as the project's own function of theta."""
        return models.build(self.network, self.image, self.way)

    def theta(self) -> Tensor:
        """Return an initialisation [P]."""
        return models.initialise(self.model(), randomness.generator(0, "weights")).to(self.dtype)

    def batch(self) -> list[Task]:
        """Return the tasks."""
        generator = torch.Generator().manual_seed(0)
        return [self._task(generator) for _ in range(self.tasks)]

    def _task(self, generator: torch.Generator) -> Task:
        if self.image is None:
            x = torch.rand(self.shot + self.targets, 1, generator=generator).to(self.dtype) * 10 - 5
            y = torch.sin(x + torch.rand(1, generator=generator) * 3)
            return Task(x[: self.shot], y[: self.shot], x[self.shot :], y[self.shot :])
        height, width, channels = self.image

        def images(each: int) -> tuple[Tensor, Tensor]:
            n = self.way * each
            x = torch.rand(n, channels, height, width, generator=generator)
            return x.to(self.dtype), torch.arange(self.way).repeat_interleave(each)

        return Task(*images(self.shot), *images(self.targets))


def _omniglot(way: int, second_order: bool) -> Work:
    network = ConvNetwork(kind="conv", filters=64, downsampling="stride", output="mean")
    return Work(network, (28, 28, 1), 16, way, 1, 15, 5, 0.1, second_order)


def _colour(second_order: bool) -> Work:
    network = ConvNetwork(kind="conv", filters=48, downsampling="pool", output="flatten")
    return Work(network, (32, 32, 3), 4, 5, 1, 15, 5, 0.01, second_order)


SINE = Work(MLPNetwork(kind="mlp", hidden=[40, 40]), None, 25, 1, 10, 10, 5, 0.01, True)

META_ITERATIONS = {
    "Omniglot 5w1s, 16 tasks, T=5, second-order": _omniglot(5, True),
    "Omniglot 5w1s, 16 tasks, T=5, first-order": _omniglot(5, False),
    "Omniglot 20w1s, 16 tasks, T=5, second-order": _omniglot(20, True),
    "32x32x3, 48 filters, 4 tasks, T=5, second-order": _colour(True),
    "32x32x3, 48 filters, 4 tasks, T=5, first-order": _colour(False),
    "sine, 25 tasks, T=5, second-order": SINE,
}
# The support loss of one 5w1s task, at the solution after five steps.
HESSIAN = "Hessian norm, Omniglot 5w1s network, certified 1e-3"
HESSIAN_WORK = _omniglot(5, True)
