"""C7: the inner product of meta-test gradients correlates with target accuracy, one inner step.

R = Pearson's R of accuracy and E[g_i . g_j] over checkpoints, within seeds     claimed: > 0.3
"""

from . import Claim, ClaimData, Verdict
from ._correlations import over_epochs
from ._settings import is_meta_learner, steps

ID = "C7"
SECTION = "5.3"
TEXT = "E[g.g] correlates with target accuracy (T=1), in every setting"
METRICS = ("accuracy", "gradients")
CLAIM = Claim(ID, SECTION, TEXT)

QUANTITIES = ("target_accuracy", "gradient_product")


def judge(data: ClaimData) -> list[Verdict]:
    """Judge every run of a meta-learner on images with T = 1."""
    runs = data.measured(QUANTITIES, lambda r: steps(r, 1) and is_meta_learner(r))
    return over_epochs(CLAIM, data, runs, *QUANTITIES)
