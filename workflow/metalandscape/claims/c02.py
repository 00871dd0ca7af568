"""C2: after meta-overfitting curvature keeps falling, so flatness does not track generalization.

    b_H = mean over seeds of the Theil-Sen slope of curvature from the accuracy's maximum on    < 0
    R   = Pearson's R of accuracy and flatness (minus curvature) there, within seeds          < 0.3

Both must hold. Where accuracy does not fall after its maximum, its own slope's interval being
wholly below zero, there is no meta-overfitting, and nothing to conclude.
"""

from . import DOES_NOT_TRACK, NEGATIVE, Claim, ClaimData, Verdict, missing
from ._correlations import with_companion
from ._estimates import of_seeds, theil_sen
from ._extrema import from_on, maxima

ID = "C2"
SECTION = "5.1"
TEXT = (
    "after meta-overfitting (accuracy past its maximum) curvature keeps falling: "
    "flatness does not track generalization"
)
METRICS = ("accuracy", "hessian")
CLAIM = Claim(ID, SECTION, TEXT)

QUANTITIES = ACCURACY, FLATNESS = "target_accuracy", "-hessian_norm"
SLOPE = "slope of hessian_norm after the accuracy's maximum"
R = "R of target_accuracy and flatness after it"


def judge(data: ClaimData) -> list[Verdict]:
    """Judge every run on images, baselines included."""
    runs = data.measured(QUANTITIES, lambda r: bool(r.way))
    return [verdict for name in runs for verdict in _judge_run(data, name)]


def _judge_run(data: ClaimData, name: str) -> list[Verdict]:
    points = data.points(name, *QUANTITIES)
    later = from_on(points, maxima(points, ACCURACY))
    later = later.assign(hessian_norm=-later[FLATNESS])
    fall, slope = (
        of_seeds(later, ["epoch", column], theil_sen) for column in (ACCURACY, "hessian_norm")
    )
    enough = not missing(fall.n_seeds, fall.n_checkpoints)
    doubt = "no meta-overfitting seen" if enough and not fall.high < 0 else None
    return [
        CLAIM.verdict(name, SLOPE, slope, NEGATIVE, doubt),
        CLAIM.verdict(name, "slope of target_accuracy after it", fall, NEGATIVE, doubt),
        *with_companion(CLAIM, name, R, later, QUANTITIES, DOES_NOT_TRACK, doubt),
    ]
