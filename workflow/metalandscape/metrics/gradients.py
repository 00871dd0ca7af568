"""Coherence of meta-test gradients at theta^s: E_{i != j}[g_i . g_j], Eq. 6."""

from collections.abc import Iterator

from torch import Tensor

from . import Measurement, Options, Solution
from ._pairs import pair_average

TASKS = ("classification", "regression")
OPTIONS = {"tasks": 500}
QUANTITIES = {
    "gradient_product": {"label": r"$\mathbb{E}\,[g_i\cdot g_j]$", "unit": ""},
    "gradient_cosine": {"label": r"$\mathbb{E}\,[\cos(g_i, g_j)]$", "unit": ""},
    "gradient_norm": {"label": r"$\mathbb{E}\,\|g_i\|_2$", "unit": ""},
    "noise_scale": {"label": "gradient noise scale", "unit": ""},
}


def measure(solution: Solution, options: Options) -> Iterator[Measurement]:
    """Yield the average inner product of g_i = -grad of the support loss at theta^s."""

    def gradients() -> Iterator[Tensor]:
        for task in solution.tasks("test"):
            at = solution.engine.gradient(solution.theta, task.support_x, task.support_y)
            yield -at.gradient

    yield pair_average("gradient_product", "test", gradients)
