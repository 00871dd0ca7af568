"""C13: flatness goes with the level of the support loss, for MAML and for the baseline.

R = Pearson's R of curvature and support loss over checkpoints, within seeds       claimed: > 0.3

Flatter solutions, of less curvature, would have lower support losses.
"""

from . import Claim, ClaimData, Verdict
from ._correlations import over_epochs
from ._settings import is_baseline, is_meta_learner

ID = "C13"
SECTION = "5.1"
TEXT = "flatness of the adapted solutions goes with their support loss, for MAML and for finetuning"
METRICS = ("accuracy", "hessian")
CLAIM = Claim(ID, SECTION, TEXT)

QUANTITIES = ("support_loss", "hessian_norm")


def judge(data: ClaimData) -> list[Verdict]:
    """Judge every run of a meta-learner or a baseline on images."""
    runs = data.measured(
        QUANTITIES, lambda r: bool(r.way) and (is_meta_learner(r) or is_baseline(r))
    )
    return over_epochs(CLAIM, data, runs, *QUANTITIES)
