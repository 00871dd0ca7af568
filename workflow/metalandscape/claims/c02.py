"""C2: after meta-overfitting curvature keeps falling, so flatness does not track generalization.

    b_H = mean over seeds of the Theil-Sen slope of curvature from the accuracy's maximum on    < 0
    R   = Pearson's R of accuracy and curvature there, each seed's means subtracted             > 0

If flatness tracked generalization, curvature would rise as accuracy falls: R < 0. Both must hold.
Where accuracy does not fall after its maximum, its own slope's interval being wholly below zero,
there is no meta-overfitting, and nothing to conclude.
"""

from . import MINIMUM_CHECKPOINTS, MINIMUM_SEEDS, NEGATIVE, POSITIVE, Claim, ClaimData, Verdict
from ._estimates import counted_over, resampled, slope, within_seeds
from ._extrema import from_on, maxima

ID = "C2"
SECTION = "5.1"
TEXT = (
    "after meta-overfitting (accuracy past its maximum) curvature keeps falling: "
    "flatness does not track generalization"
)
METRICS = ("accuracy", "hessian")
CLAIM = Claim(ID, SECTION, TEXT)

QUANTITIES = ("target_accuracy", "hessian_norm")
AFTER = 4  # checkpoints from the maximum on at least
STATISTICS = {
    "slope of target_accuracy after its maximum": (["epoch", QUANTITIES[0]], slope, NEGATIVE),
    "slope of hessian_norm after it": (["epoch", QUANTITIES[1]], slope, NEGATIVE),
    "R of target_accuracy and hessian_norm after it": ([*QUANTITIES], within_seeds, POSITIVE),
}


def judge(data: ClaimData) -> list[Verdict]:
    """Judge every run on images, of the Finetuning baseline too."""
    runs = data.measured(QUANTITIES, lambda r: bool(r.way))
    return [verdict for name in runs for verdict in _judge_run(data, name)]


def _judge_run(data: ClaimData, name: str) -> list[Verdict]:
    points = data.points(name, *QUANTITIES)
    later = from_on(points, maxima(points, QUANTITIES[0], 1, AFTER))
    estimates = [
        counted_over(resampled(later, columns, statistic, data.resamples), points)
        for columns, statistic, _ in STATISTICS.values()
    ]
    fall = estimates[0]
    enough = fall.n_seeds >= MINIMUM_SEEDS and fall.n_checkpoints >= MINIMUM_CHECKPOINTS
    doubt = "no meta-overfitting seen" if enough and not fall.high < 0 else None
    return [
        CLAIM.verdict(name, statistic, estimate, region, doubt)
        for (statistic, (*_, region)), estimate in zip(STATISTICS.items(), estimates, strict=True)
    ]
