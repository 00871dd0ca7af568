"""C4: the cosine of trajectory directions correlates with target accuracy.

R = Pearson's R of accuracy and E[cosine] over checkpoints, within seeds        claimed: > 0.3
"""

from . import Claim, ClaimData, Verdict
from ._correlations import over_epochs
from ._settings import is_meta_learner

ID = "C4"
SECTION = "5.2"
TEXT = "direction cosine correlates with target accuracy"
METRICS = ("accuracy", "trajectories")
CLAIM = Claim(ID, SECTION, TEXT)

QUANTITIES = ("target_accuracy", "direction_cosine")


def judge(data: ClaimData) -> list[Verdict]:
    """Judge every run of a meta-learner on images."""
    runs = data.measured(QUANTITIES, lambda r: is_meta_learner(r))
    return over_epochs(CLAIM, data, runs, *QUANTITIES)
