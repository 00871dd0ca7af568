"""Curvature at the adapted solutions: the spectral norm of the support loss's Hessian, Eq. 3-4.

The paper equates the norm with lambda_max. A Hessian may be indefinite: the norm is
max(abs(lambda_max), abs(lambda_min)), and both ends are reported.
"""

from collections.abc import Iterator

import torch

from .. import randomness
from . import Measurement, Options, Solution, mean
from ._lanczos import extremes

TASKS = ("classification", "regression")
OPTIONS = {"tasks": 60, "tolerance": 0.001, "max_products": 200}


def measure(solution: Solution, options: Options) -> Iterator[Measurement]:
    """Yield norm, both ends of the spectrum, residual and number of products, over tasks."""
    rng = randomness.generator(solution.seed, "Lanczos start")
    start = torch.from_numpy(rng.standard_normal(len(solution.theta))).to(solution.theta.dtype)
    results = []
    for task in solution.tasks("test"):
        adapted = solution.adapt(task)
        product = solution.engine.hessian_product(adapted, task.support_x, task.support_y)
        results.append(extremes(product, start, options["tolerance"], int(options["max_products"])))
    norms, largest, smallest = (
        [getattr(r, name) for r in results] for name in ("norm", "largest", "smallest")
    )
    yield mean("hessian_norm", "test", norms)
    yield mean("lambda_max", "test", largest)
    yield mean("lambda_min", "test", smallest)
    yield mean("hessian_residual", "test", [r.residual for r in results])
    yield mean("hessian_products", "test", [r.products for r in results])
