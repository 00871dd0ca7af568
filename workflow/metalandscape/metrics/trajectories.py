"""Coherence of adaptation trajectories: direction cosine (Eq. 5) and displacement norm."""

from collections.abc import Iterator
from math import isfinite, nan

from jaxtyping import Float
from torch import Tensor

from ..ground import options
from ..ground.options import TaskCount
from . import Learner, Measurement, Tasks, mean
from ._pairs import direction, pair_average

TASKS = ("classification", "regression")
QUANTITIES = {
    "direction_cosine": {"label": r"$\mathbb{E}\,[\vec{\theta}_i\cdot\vec{\theta}_j]$", "unit": ""},
    "displacement_norm": {"label": r"$\mathbb{E}\,\|\tilde\theta_i-\theta^s\|_2$", "unit": ""},
}


class Options(options.Options):
    """Configuration of the metric.

    Attributes:
        tasks: Meta-test tasks, all pairs of which are averaged.
    """

    tasks: TaskCount = 500


def measure(learner: Learner, tasks: Tasks, options: Options) -> Iterator[Measurement]:
    """Yield E_{i != j} of the cosine of theta~_i - theta^s, and E_i of its l2 norm."""
    norms: list[float] = []  # NaN where adaptation diverged

    def directions() -> Iterator[Float[Tensor, "P"]]:
        norms.clear()
        for several, solutions in learner.adapt_each(tasks.of("test")):
            for task, adapted in zip(several, solutions, strict=True):
                displacement = adapted - learner.start(task)
                norm = displacement.double().norm().item()
                norms.append(norm if isfinite(norm) else nan)
                yield direction(displacement)

    yield pair_average("direction_cosine", "test", directions)
    yield mean("displacement_norm", "test", norms)
