"""Curvature at the adapted solutions: the spectral norm of the support loss's Hessian, Eq. 3-4.

The paper equates the norm with lambda_max. A Hessian may be indefinite: the norm is
max(abs(lambda_max), abs(lambda_min)), and both ends are reported.
"""

from collections.abc import Iterator

import torch
from torch import Tensor
from torch.nn.functional import normalize

from ..engines import Engine
from ..ground import randomness
from . import Measurement, Options, Solution, mean
from ._lanczos import Extremes, extremes

TASKS = ("classification", "regression")
OPTIONS = {"tasks": 60, "tolerance": 0.001, "max_products": 200}
QUANTITIES = {
    "hessian_norm": {"label": r"$\mathbb{E}\,\|H\|_\sigma$", "unit": ""},
    "lambda_max": {"label": r"$\mathbb{E}\,\lambda_{\max}$", "unit": ""},
    "lambda_min": {"label": r"$\mathbb{E}\,\lambda_{\min}$", "unit": ""},
    "hessian_residual": {"label": "residual at the norm", "unit": ""},
    "other_residual": {"label": "residual at the other end", "unit": ""},
    "hessian_products": {"label": "Hessian-vector products per task", "unit": ""},
    "hessian_unconverged": {"label": "tasks whose spectrum did not converge", "unit": ""},
}


def measure(solution: Solution, options: Options) -> Iterator[Measurement]:
    """Yield norm, both ends of the spectrum, their residuals and number of products, over tasks."""
    rng = randomness.generator(solution.seed, "Lanczos start")
    noise = torch.from_numpy(rng.standard_normal(len(solution.theta))).to(solution.theta.dtype)
    limits = (options["tolerance"], int(options["max_products"]))
    results = [
        spectrum(
            solution.engine, solution.adapt(task), task.support_x, task.support_y, noise, *limits
        )
        for task in solution.tasks("test")
    ]
    columns = {
        "hessian_norm": "norm",
        "lambda_max": "largest",
        "lambda_min": "smallest",
        "hessian_residual": "residual",
        "other_residual": "other_residual",
        "hessian_products": "products",
    }
    for name, field in columns.items():
        yield mean(name, "test", [getattr(result, field) for result in results])


def spectrum(
    engine: Engine,
    theta: Tensor,
    x: Tensor,
    y: Tensor,
    noise: Tensor,
    tolerance: float,
    limit: int,
) -> Extremes:
    """Return the ends of the spectrum of the loss's Hessian at theta [P].

    Lanczos starts from the gradient, which lies mostly in the span of the Hessian's largest
    eigenvectors (Gur-Ari et al. 2018), with as much noise [P], which is orthogonal to none.
    """
    gradient = engine.gradient(theta, x, y).gradient
    start = normalize(gradient, dim=0) + normalize(noise, dim=0)
    return extremes(engine.hessian_product(theta, x, y), start, tolerance, limit)
