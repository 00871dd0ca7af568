"""The spectrum of the support loss's Hessian at the adapted solutions.

Stochastic Lanczos quadrature (Ubaru et al. 2017, Ghorbani et al. 2019): averaged over random
vectors v of entries -1 and 1, the spectral measure of v / |v| has the mass 1 / P at each of the
Hessian's P eigenvalues; m Lanczos steps from v give its Gauss quadrature.

The density is one over x = asinh(lambda / (2 unit)) / ln 10, which counts decades on both sides of
zero: x is about log10(|lambda| / unit) with the sign of lambda where |lambda| is above `unit`, and
proportional to lambda below. Every mass is a Gaussian in x whose standard deviation is the grid's
step. A finer unit would show where the few nodes lie rather than the spectrum: docs/beyond.md.
"""

from collections.abc import Iterator

import numpy as np
from jaxtyping import Float64
from pydantic import PositiveInt, model_validator

from ..ground import options
from ..ground.options import TaskCount
from . import Learner, Measurement, Tasks
from ._quadrature import Quadrature, quadratures
from ._solutions import Rows, Solutions, over_solutions, signs

TASKS = ("classification", "regression")
GRID = {"unit": 0.1, "decades": 4, "points_per_decade": 5}
"""x = -decades to decades, that is |lambda| up to 1000, in steps of 1 / points_per_decade."""
QUANTITIES = {
    "spectral_density{t}": {"label": "density of eigenvalues at grid point {t}", "unit": ""},
    "eigenvalue{t}": {"label": r"$\mathbb{E}\,\lambda_{{t}}$", "unit": ""},
    "eigenvalue_residual": {"label": "largest residual of the top eigenvalues", "unit": ""},
    "negative_share": {"label": "share of negative curvature", "unit": ""},
}


class Options(options.Options):
    """Configuration of the metric.

    Attributes:
        tasks: Meta-test tasks.
        probes: Random vectors per task.
        steps: Lanczos steps per vector, each of which is a Hessian-vector product.
        top: How many of the largest eigenvalues are reported; at most `steps`.
    """

    tasks: TaskCount = 20
    probes: PositiveInt = 1
    steps: PositiveInt = 50
    top: PositiveInt = 5

    @model_validator(mode="after")
    def _enough_steps(self) -> "Options":
        if self.top > self.steps:
            raise ValueError("top is above steps, and each step finds one eigenvalue; lower it")
        return self


def measure(learner: Learner, tasks: Tasks, options: Options) -> Iterator[Measurement]:
    """Yield the density at every grid point, the largest eigenvalues, and the negative share."""
    densities = [f"spectral_density{j}" for j in range(len(grid()))]
    tops = [f"eigenvalue{i}" for i in range(1, options.top + 1)]
    names = [*densities, *tops, "eigenvalue_residual", "negative_share"]

    def quantities(at: Solutions) -> Rows:
        vectors = signs(tasks.seed, "spectrum probes", at.numbers, options.probes, at.thetas)
        found = [quadratures(at.product, each, options.steps) for each in vectors.unbind(1)]
        rows = []
        for own in zip(*found, strict=True):
            values, residual = largest(own, options.top)
            numbers = [*density(own), *values, residual, negative_share(own)]
            rows.append(dict(zip(names, map(float, numbers), strict=True)))
        return rows

    return over_solutions(learner, tasks, names, quantities)


def grid() -> Float64[np.ndarray, "points"]:
    """Return the points x."""
    ends, per_decade = GRID["decades"], GRID["points_per_decade"]
    return np.linspace(-ends, ends, int(2 * ends * per_decade) + 1)


def density(found: tuple[Quadrature, ...]) -> Float64[np.ndarray, "points"]:
    """Return the density of eigenvalues at the grid's points, per decade; its integral is 1."""
    nodes, weights = _pooled(found)
    x = np.arcsinh(nodes / (2 * GRID["unit"])) / np.log(10)
    apart = GRID["points_per_decade"] * (grid()[:, None] - x)
    bells = np.exp(-(apart**2) / 2) * GRID["points_per_decade"] / np.sqrt(2 * np.pi)
    return bells @ weights


def negative_share(found: tuple[Quadrature, ...]) -> float:
    """Return the sum of abs(lambda) over negative eigenvalues as a share of that over all.

    It is the negative part of the spectrum's l1 norm; without curvature it is 0. Counting negative
    eigenvalues instead would count the signs of rounding errors: most eigenvalues are nearly zero.
    """
    nodes, weights = _pooled(found)
    total = weights @ np.abs(nodes)
    return float(weights @ np.maximum(-nodes, 0) / total) if total > 0 else 0.0


def _pooled(
    found: tuple[Quadrature, ...],
) -> tuple[Float64[np.ndarray, "nodes"], Float64[np.ndarray, "nodes"]]:
    """Return nodes and weights of the mean of several quadratures."""
    nodes = np.concatenate([each.nodes for each in found])
    return nodes, np.concatenate([each.weights for each in found]) / len(found)


def largest(
    found: tuple[Quadrature, ...], count: int
) -> tuple[Float64[np.ndarray, "{count}"], float]:
    """Return the largest eigenvalues, from the top, and the largest of their residuals.

    The i-th node from the top is never above the i-th eigenvalue (Cauchy), so that the largest of
    several starts is the best. A Krylov space that is whole with fewer nodes lacks repeated
    eigenvalues only, and what repeats is zero.
    """
    ranked = [_padded(each, count) for each in found]
    values, residuals = (np.stack(part) for part in zip(*ranked, strict=True))
    best = values.argmax(0), np.arange(count)
    return values[best], float(residuals[best].max())


def _padded(
    found: Quadrature, count: int
) -> tuple[Float64[np.ndarray, "{count}"], Float64[np.ndarray, "{count}"]]:
    """Return so many of the largest nodes, and their residuals, with zeros where there are none."""
    spare = np.zeros(max(0, count - len(found.nodes)))
    values = np.concatenate([found.nodes, spare])
    order = np.argsort(-values, kind="stable")[:count]
    return values[order], np.concatenate([found.residuals, spare])[order]
