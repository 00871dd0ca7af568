"""Sharpness at the adapted solutions that answers Dinh et al. (2017): in scales of the weights.

Scaling a filter before batch norm by a, or the layers around a ReLU by a and 1 / a, leaves the
function as it is but scales parts of its Hessian H, so that the norm of H alone does not tell
a flat minimum. Measured in scales that grow along with the weights, sharpness stays the same:

- D H D, with D diagonal and D_kk the l2 norm of the filter that weight k belongs to (the filter
  normalization of Li et al. 2018): all weights that make one channel of a convolution, or one
  output of a linear layer. What belongs to no filter (a bias, a batch norm's scale or shift) stands
  for itself, D_kk = |theta_k|, as in Kwon et al. (2021). A unit vector u is the step D u: of every
  filter, so large a share of its norm as u has in it.
- Adaptive sharpness (Kwon et al. 2021): L(theta + e) - L(theta), with L the support loss and
  e = rho T^2 g / |T g| the ascent step of ASAM, g the gradient and T = diag(|theta_k|).

Traces of H and D H D are estimated by Hutch++. docs/beyond.md has limits and costs.
"""

from collections.abc import Iterator
from math import isfinite, nan

import torch
from jaxtyping import Float
from pydantic import Field, PositiveFloat, PositiveInt
from torch import Tensor
from torch.nn.functional import normalize

from ..engines import Products
from ..ground import options, randomness
from ..ground.options import TaskCount
from . import Learner, Measurement, Tasks
from ._directions import filter_norms
from ._lanczos import Extremes, Limits, search, together
from ._solutions import Rows, Solutions, over_solutions, signs
from ._trace import traces

TASKS = ("classification", "regression")
QUANTITIES = {
    "filter_norm": {"label": r"$\mathbb{E}\,\|DHD\|_\sigma$", "unit": ""},
    "filter_lambda_max": {"label": r"$\mathbb{E}\,\lambda_{\max}(DHD)$", "unit": ""},
    "filter_lambda_min": {"label": r"$\mathbb{E}\,\lambda_{\min}(DHD)$", "unit": ""},
    "filter_residual": {"label": "residual at the norm of $DHD$", "unit": ""},
    "filter_other_residual": {"label": "residual at the other end of $DHD$", "unit": ""},
    "filter_products": {"label": "products with $DHD$ per task, for its norm", "unit": ""},
    "filter_unconverged": {"label": "tasks whose $DHD$ did not converge", "unit": ""},
    "adaptive_sharpness": {"label": "adaptive sharpness", "unit": ""},
    "hessian_trace": {"label": r"$\mathbb{E}\,\mathrm{tr}\,H$", "unit": ""},
    "hessian_trace_error": {"label": r"standard error of a task's $\mathrm{tr}\,H$", "unit": ""},
    "filter_trace": {"label": r"$\mathbb{E}\,\mathrm{tr}\,DHD$", "unit": ""},
    "filter_trace_error": {"label": r"standard error of a task's $\mathrm{tr}\,DHD$", "unit": ""},
}


class Options(options.Options):
    """Configuration of the metric.

    Attributes:
        tasks: Meta-test tasks.
        rho: The size of ASAM's ascent step, as a share of the weights' sizes. The default is that
            of Kwon et al. on CIFAR-10.
        trace_probes: Random vectors per trace, an even number: half of them find the range of the
            large eigenvalues. A trace costs 3 products for every 2 of them.
        tolerance: The largest residual of the norm of D H D, as a share of it, at which Lanczos
            stops.
        other_tolerance: The same for the other end of the spectrum, as a share of the norm, too.
        min_products: The fewest products spent on the norm of a task's D H D.
        max_products: The most products spent on it; the table holds the residuals that were
            reached.
    """

    tasks: TaskCount = 60
    rho: PositiveFloat = 0.5
    trace_probes: int = Field(default=20, ge=4, le=10_000, multiple_of=2)
    tolerance: PositiveFloat = 0.001
    other_tolerance: PositiveFloat = 0.01
    min_products: PositiveInt = 8
    max_products: PositiveInt = 200


def measure(learner: Learner, tasks: Tasks, options: Options) -> Iterator[Measurement]:
    """Yield the quantities; `filter_unconverged` is the share that reached the most products."""

    def quantities(at: Solutions) -> Rows:
        scales = filter_norms(learner.network, at.thetas)

        def scaled(v: Float[Tensor, "tasks P"]) -> Float[Tensor, "tasks P"]:
            return scales * at.product(scales * v)

        rows = [_ends(found) for found in _extremes(scaled, scales, at, tasks.seed, options)]
        for name, product in (("hessian", at.product), ("filter", scaled)):
            probes = signs(tasks.seed, "trace probes", at.numbers, options.trace_probes, at.thetas)
            for row, trace in zip(rows, traces(product, probes), strict=True):
                row |= {f"{name}_trace": trace.value, f"{name}_trace_error": trace.error}
        for row, rise in zip(rows, adaptive_sharpness(learner, at, options.rho), strict=True):
            row["adaptive_sharpness"] = rise
        return rows

    return over_solutions(learner, tasks, list(QUANTITIES), quantities)


def _extremes(
    scaled: Products,
    scales: Float[Tensor, "tasks P"],
    at: Solutions,
    seed: int,
    options: Options,
) -> list[Extremes]:
    """Return the ends of the spectra of D H D, from where the metric `hessian` starts, scaled."""
    rng = randomness.generator(seed, "Lanczos start")
    noise = torch.from_numpy(rng.standard_normal(scales.shape[1])).to(scales.dtype)
    limits = Limits(
        options.tolerance, options.other_tolerance, options.min_products, options.max_products
    )
    starts = normalize(scales * at.gradients) + normalize(noise, dim=0)
    return together(scaled, [search(start, limits) for start in starts])


def _ends(found: Extremes) -> dict[str, float]:
    return {
        "filter_norm": found.norm,
        "filter_lambda_max": found.largest,
        "filter_lambda_min": found.smallest,
        "filter_residual": found.residual,
        "filter_other_residual": found.other_residual,
        "filter_products": found.products,
        "filter_unconverged": 1.0 - found.converged,
    }


def adaptive_sharpness(learner: Learner, at: Solutions, rho: float) -> list[float]:
    """Return by how much ASAM's ascent step raises every task's support loss; NaN if no number."""
    sizes = at.thetas.abs()
    steps = rho * sizes * normalize(sizes * at.gradients)  # zero where the gradient is
    raised = learner.engine.evaluate_each(at.thetas + steps, at.xs, at.ys)
    return [
        loss - before if isfinite(loss) else nan
        for (loss, _), before in zip(raised, at.losses, strict=True)
    ]
