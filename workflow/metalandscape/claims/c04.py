"""C4: the cosine of trajectory directions correlates with target accuracy.

R = Pearson's R of accuracy and E[cosine] over the checkpoints of all seeds        claimed: > 0
"""

from . import META_LEARNERS, Claim, ClaimData, Verdict
from ._correlations import over_epochs

ID = "C4"
SECTION = "5.2"
TEXT = "direction cosine correlates with target accuracy"
METRICS = ("accuracy", "trajectories")
CLAIM = Claim(ID, SECTION, TEXT)

QUANTITIES = ("target_accuracy", "direction_cosine")


def judge(data: ClaimData) -> list[Verdict]:
    """Judge every run of MAML and First-Order MAML on images."""
    runs = data.measured(QUANTITIES, lambda r: r.algorithm in META_LEARNERS)
    return over_epochs(CLAIM, data, runs, *QUANTITIES)
