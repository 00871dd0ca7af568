"""What is timed: the settings of the paper's appendix A, on tensors of random numbers."""

from dataclasses import dataclass

import torch
from torch import Tensor

from metalandscape import networks
from metalandscape.ground import randomness
from metalandscape.ground.options import Part
from metalandscape.tasks.task import Task


@dataclass(frozen=True)
class Work:
    """One meta-iteration.

    Attributes:
        network: what is meta-trained, as a configuration chooses it.
        image: (channels, height, width); None for regression.
        tasks, way, shot, targets, steps, rate: as in the configuration of a run.
        second_order: MAML, or First-Order MAML.
        dtype: single precision is timed; results are compared in double, because in single a ReLU
            at its kink can change a meta-gradient by per cents, whoever computes it.
    """

    network: Part
    image: tuple[int, int, int] | None
    tasks: int
    way: int
    shot: int
    targets: int
    steps: int
    rate: float
    second_order: bool
    dtype: torch.dtype = torch.float32

    def built(self) -> networks.Network:
        """Return the project's own network, a function of theta."""
        tasks = "classification" if self.image else "regression"
        return networks.build(self.network, self.image or (1,), self.way, tasks)

    def theta(self) -> Tensor:
        """Return an initialization [P]."""
        weights = networks.initialize(self.built(), randomness.generator(0, "weights"))
        return weights.to(self.dtype)

    def batch(self) -> list[Task]:
        """Return the tasks."""
        generator = torch.Generator().manual_seed(0)
        return [self._task(generator) for _ in range(self.tasks)]

    def _task(self, generator: torch.Generator) -> Task:
        if self.image is None:
            x = torch.rand(self.shot + self.targets, 1, generator=generator).to(self.dtype) * 10 - 5
            y = torch.sin(x + torch.rand(1, generator=generator) * 3)
            return Task(x[: self.shot], y[: self.shot], x[self.shot :], y[self.shot :])
        shape = self.image

        def images(each: int) -> tuple[Tensor, Tensor]:
            n = self.way * each
            x = torch.rand(n, *shape, generator=generator)
            return x.to(self.dtype), torch.arange(self.way).repeat_interleave(each)

        return Task(*images(self.shot), *images(self.targets))


def _conv(**options: object) -> Part:
    return Part(name="conv", options=options)


def _omniglot(way: int, second_order: bool) -> Work:
    network = _conv(filters=64, downsampling="stride", output="mean")
    return Work(network, (1, 28, 28), 16, way, 1, 15, 5, 0.1, second_order)


def _color(second_order: bool, pixels: int = 32) -> Work:
    network = _conv(filters=48, downsampling="pool", output="flatten")
    return Work(network, (3, pixels, pixels), 4, 5, 1, 15, 5, 0.01, second_order)


SINE = Work(Part(name="mlp", options={"hidden": [40, 40]}), None, 25, 1, 10, 10, 5, 0.01, True)

META_ITERATIONS = {
    "Omniglot 5w1s, 16 tasks, T=5, second-order": _omniglot(5, True),
    "Omniglot 5w1s, 16 tasks, T=5, first-order": _omniglot(5, False),
    "Omniglot 20w1s, 16 tasks, T=5, second-order": _omniglot(20, True),
    "32x32x3, 48 filters, 4 tasks, T=5, second-order": _color(True),
    "32x32x3, 48 filters, 4 tasks, T=5, first-order": _color(False),
    "84x84x3, 48 filters, 4 tasks, T=5, second-order": _color(True, 84),
    "sine, 25 tasks, T=5, second-order": SINE,
}
# For threads.py: Oreshkin et al.'s network on images of CIFAR-FS's size.
RESNET12 = Work(Part(name="resnet12", options={}), (3, 32, 32), 4, 5, 1, 15, 2, 0.01, True)
# The support loss of one 5w1s task, at the solution after five steps.
HESSIAN = "Hessian norm, Omniglot 5w1s network, residual 1e-3"
HESSIAN_WORK = _omniglot(5, True)
