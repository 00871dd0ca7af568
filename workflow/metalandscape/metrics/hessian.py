"""Curvature at the adapted solutions: the spectral norm of the support loss's Hessian, Eq. 3-4.

The paper equates the norm with lambda_max. A Hessian may be indefinite: the norm is
max(abs(lambda_max), abs(lambda_min)), and both ends are reported.
"""

from collections.abc import Iterator, Sequence
from math import isnan, nan

import torch
from jaxtyping import Float, Num
from pydantic import PositiveFloat, PositiveInt
from torch import Tensor
from torch.nn.functional import normalize

from ..engines import Engine
from ..ground import options, randomness
from ..ground.options import TaskCount
from . import Learner, Measurement, Tasks, mean
from ._lanczos import Extremes, Limits, search, together

TASKS = ("classification", "regression")
QUANTITIES = {
    "hessian_norm": {"label": r"$\mathbb{E}\,\|H\|_\sigma$", "unit": ""},
    "lambda_max": {"label": r"$\mathbb{E}\,\lambda_{\max}$", "unit": ""},
    "lambda_min": {"label": r"$\mathbb{E}\,\lambda_{\min}$", "unit": ""},
    "hessian_residual": {"label": "residual at the norm", "unit": ""},
    "other_residual": {"label": "residual at the other end", "unit": ""},
    "hessian_products": {"label": "Hessian-vector products per task", "unit": ""},
    "hessian_unconverged": {"label": "tasks whose spectrum did not converge", "unit": ""},
}


class Options(options.Options):
    """Configuration of the metric.

    Attributes:
        tasks: Meta-test tasks.
        tolerance: Lanczos stops when the residual of the norm is at most this share of the norm.
        other_tolerance: The same for the other end of the spectrum, also as a share of the norm.
        min_products: The fewest Hessian-vector products spent on a task: early residuals may belong
            to another eigenvalue.
        max_products: The most Hessian-vector products per task; the table holds the residuals that
            were reached.
    """

    tasks: TaskCount = 60
    tolerance: PositiveFloat = 0.001
    other_tolerance: PositiveFloat = 0.01
    min_products: PositiveInt = 8
    max_products: PositiveInt = 200


def measure(learner: Learner, tasks: Tasks, options: Options) -> Iterator[Measurement]:
    """Yield norm, both ends of the spectrum, their residuals and number of products, over tasks.

    `hessian_unconverged` is the share of tasks that reached the limit of products.
    """
    rng = randomness.generator(tasks.seed, "Lanczos start")
    noise = torch.from_numpy(rng.standard_normal(len(learner.theta))).to(learner.theta.dtype)
    limits = Limits(
        options.tolerance, options.other_tolerance, options.min_products, options.max_products
    )
    results = []
    for several, adapted in learner.adapt_each(tasks.of("test")):
        xs, ys, _, _ = zip(*several, strict=True)
        results += spectra(learner.engine, adapted, xs, ys, noise, limits)
    columns = {
        "hessian_norm": "norm",
        "lambda_max": "largest",
        "lambda_min": "smallest",
        "hessian_residual": "residual",
        "other_residual": "other_residual",
        "hessian_products": "products",
    }
    unconverged = [nan if isnan(result.norm) else 1.0 - result.converged for result in results]
    yield mean("hessian_unconverged", "test", unconverged)
    for name, field in columns.items():
        yield mean(name, "test", [getattr(result, field) for result in results])


def spectra(
    engine: Engine,
    thetas: Float[Tensor, "tasks P"],
    xs: Sequence[Float[Tensor, "_ *input"]],
    ys: Sequence[Num[Tensor, "_ *output"]],
    noise: Float[Tensor, "P"],
    limits: Limits,
) -> list[Extremes]:
    """Return the ends of the spectrum of every task's Hessian at its theta; NaN if it diverged.

    Lanczos starts from the gradient, which lies mostly in the span of the Hessian's largest
    eigenvectors (Gur-Ari et al. 2018), plus as much noise, which is orthogonal to none.
    """
    found = [Extremes(nan, nan, nan, nan, nan, 0, False)] * len(xs)
    gradients = [each.gradient for each in engine.gradient_each(thetas, xs, ys)]
    finite = [index for index, g in enumerate(gradients) if torch.isfinite(g).all()]
    data = thetas[finite], [xs[index] for index in finite], [ys[index] for index in finite]
    for members, product in engine.hessian_products(*data):
        own = [finite[member] for member in members]
        starts = [normalize(gradients[index], dim=0) + normalize(noise, dim=0) for index in own]
        results = together(product, [search(start, limits) for start in starts])
        del product  # and what it holds, before the next is made
        for index, result in zip(own, results, strict=True):
            found[index] = result
    return found
