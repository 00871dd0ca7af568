"""Coherence of adaptation trajectories: direction cosine (Eq. 5) and displacement norm."""

from collections.abc import Iterator

from torch import Tensor

from . import Measurement, Options, Solution, mean
from ._pairs import pair_average

TASKS = ("classification", "regression")
OPTIONS = {"tasks": 500}
QUANTITIES = {
    "direction_cosine": {"label": r"$\mathbb{E}\,[\vec{\theta}_i\cdot\vec{\theta}_j]$", "unit": ""},
    "displacement_norm": {"label": r"$\mathbb{E}\,\|\tilde\theta_i-\theta^s\|_2$", "unit": ""},
}


def measure(solution: Solution, options: Options) -> Iterator[Measurement]:
    """Yield E_{i != j} of the cosine of theta~_i - theta^s, and E_i of its l2 norm."""
    norms: list[float] = []

    def directions() -> Iterator[Tensor]:
        norms.clear()
        for task in solution.tasks("test"):
            displacement = solution.adapt(task) - solution.theta
            norms.append(displacement.double().norm().item())
            yield direction(displacement)

    yield pair_average("direction_cosine", "test", directions)
    yield mean("displacement_norm", "test", norms)


def direction(displacement: Tensor) -> Tensor:
    """Return the unit vector [P] in float64; no displacement has no direction: the zero vector."""
    displacement = displacement.double()
    norm = displacement.norm()
    return displacement / norm if norm > 0 else displacement
