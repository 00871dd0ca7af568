"""C1: adapted solutions first get sharper up to a peak, then flatter.

    b_before = mean over seeds of median_{s < t <= peak} (H_t - H_s) / (t - s)      claimed: > 0
    b_after  = mean over seeds of median_{peak <= s < t} (H_t - H_s) / (t - s)      claimed: < 0

H_t is the mean spectral norm at epoch t, and the medians are Theil-Sen slopes. Both must hold. This
claim alone uses epoch 0: it is about where the curve starts from.
"""

from . import META_LEARNERS, NEGATIVE, POSITIVE, Claim, ClaimData, Verdict
from ._estimates import counted_over, resampled, slope
from ._extrema import from_on, maxima, up_to

ID = "C1"
SECTION = "5.1"
TEXT = "adapted solutions first get sharper up to a peak, then flatter"
METRICS = ("hessian",)
CLAIM = Claim(ID, SECTION, TEXT)

BEFORE, AFTER = 2, 4  # checkpoints on either side at least, the peak included


def judge(data: ClaimData) -> list[Verdict]:
    """Judge every run of MAML and First-Order MAML on images."""
    runs = data.measured(("hessian_norm",), lambda r: r.way and r.algorithm in META_LEARNERS)
    return [verdict for name in runs for verdict in _judge_run(data, name)]


def _judge_run(data: ClaimData, name: str) -> list[Verdict]:
    points = data.points(name, "hessian_norm", initial=True)
    peaks = maxima(points, "hessian_norm", BEFORE, AFTER)
    sides = (("before", up_to, POSITIVE), ("after", from_on, NEGATIVE))
    found = []
    for side, part, region in sides:
        columns = ["epoch", "hessian_norm"]
        estimate = resampled(part(points, peaks), columns, slope, data.resamples)
        statistic = f"slope of hessian_norm {side} its peak"
        found.append(CLAIM.verdict(name, statistic, counted_over(estimate, points), region))
    return found
