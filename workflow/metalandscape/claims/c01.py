"""C1: adapted solutions first get sharper up to a peak, then flatter.

    b_before = mean over seeds of median_{s < t <= peak} (H_t - H_s) / (t - s)      claimed: > 0
    b_after  = mean over seeds of median_{peak <= s < t} (H_t - H_s) / (t - s)      claimed: < 0

H_t is the mean spectral norm at epoch t, and the medians are Theil-Sen slopes. Both must hold.
Epoch 0 is no part of the paper's curves. The part that is judged is the curve with both its sides:
it needs the minimum of checkpoints, and each side four of them, the peak included.
"""

from ..results.statistics import count
from . import NEGATIVE, POSITIVE, Claim, ClaimData, Verdict, missing
from ._estimates import of_seeds, theil_sen
from ._extrema import from_on, maxima, up_to
from ._settings import is_meta_learner

ID = "C1"
SECTION = "5.1"
TEXT = "adapted solutions first get sharper up to a peak, then flatter"
METRICS = ("hessian",)
CLAIM = Claim(ID, SECTION, TEXT)

SIDE = 4  # checkpoints of a side at least, the peak included
SIDES = (("before", up_to, POSITIVE), ("after", from_on, NEGATIVE))


def judge(data: ClaimData) -> list[Verdict]:
    """Judge every run of a meta-learner on images."""
    runs = data.measured(("hessian_norm",), lambda r: bool(r.way) and is_meta_learner(r))
    return [verdict for name in runs for verdict in _judge_run(data, name)]


def _judge_run(data: ClaimData, name: str) -> list[Verdict]:
    points = data.points(name, "hessian_norm")
    peaks = maxima(points, "hessian_norm")
    whole = count(points)
    lacking = missing(whole["n_seeds"], whole["n_checkpoints"])
    found = []
    for side, part, region in SIDES:
        estimate = of_seeds(part(points, peaks), ["epoch", "hessian_norm"], theil_sen)
        statistic = f"slope of hessian_norm {side} its peak"
        found.append(
            CLAIM.verdict(name, statistic, estimate, region, lacking or None, checkpoints=SIDE)
        )
    return found
