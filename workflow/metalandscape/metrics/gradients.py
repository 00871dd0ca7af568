"""Coherence of meta-test gradients at theta^s: E_{i != j}[g_i . g_j], Eq. 6, and its parts.

From the same pass, with g_i = -grad of the support loss at theta^s: the mean cosine of g_i and g_j,
which is the direction alone, the mean norm of g_i, and the noise scale E|g|^2 / E[g.g] - 1, the
variance of the tasks' gradients against their common part (cf. McCandlish et al. 2018).
"""

from collections.abc import Iterator

import numpy as np
from jaxtyping import Float
from torch import Tensor

from ..ground import options
from ..ground.options import TaskCount
from . import Learner, Measurement, Tasks, mean
from ._pairs import direction, jackknife_error, pair_averages

TASKS = ("classification", "regression")
QUANTITIES = {
    "gradient_product": {"label": r"$\mathbb{E}\,[g_i\cdot g_j]$", "unit": ""},
    "gradient_cosine": {"label": r"$\mathbb{E}\,[\cos(g_i, g_j)]$", "unit": ""},
    "gradient_norm": {"label": r"$\mathbb{E}\,\|g_i\|_2$", "unit": ""},
    "noise_scale": {"label": "gradient noise scale", "unit": ""},
}


class Options(options.Options):
    """Configuration of the metric.

    Attributes:
        tasks: Meta-test tasks, all pairs of which are averaged.
    """

    tasks: TaskCount = 500


def measure(learner: Learner, tasks: Tasks, options: Options) -> Iterator[Measurement]:
    """Yield the four quantities."""
    norms: list[float] = []

    def gradients() -> Iterator[tuple[Float[Tensor, "P"], Float[Tensor, "P"]]]:
        norms.clear()
        for several, starts in learner.start_each(tasks.of("test")):
            xs, ys, _, _ = zip(*several, strict=True)
            for found in learner.engine.gradient_each(starts, xs, ys):
                g = -found.gradient
                norms.append(g.double().norm().item())
                yield g, direction(g)

    product, cosine = pair_averages(["gradient_product", "gradient_cosine"], "test", gradients)
    yield from (product, cosine)
    yield mean("gradient_norm", "test", norms)
    yield noise_scale(np.square(norms), product)


def noise_scale(squares: Float[np.ndarray, "n"], product: Measurement) -> Measurement:
    """Return E|g|^2 / E[g.g] - 1 with a jackknife standard error over tasks.

    Args:
        squares: |g_i|^2 of the n tasks.
        product: E[g.g], whose values of the tasks are g_i . (sum_j g_j - g_i) / (n - 1).
    """
    n, shares = len(squares), product.per_task * (len(squares) - 1)
    pairs = (shares.sum() - 2 * shares) / ((n - 1) * (n - 2))
    with np.errstate(divide="ignore", invalid="ignore"):
        left_out = (squares.sum() - squares) / (n - 1) / pairs - 1
        per_task = squares / product.value - 1
    value = float(per_task.mean())
    return Measurement("noise_scale", "test", value, jackknife_error(left_out), per_task)
