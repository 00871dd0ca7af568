"""C7: the inner product of meta-test gradients correlates with target accuracy, one inner step.

R = Pearson's R of accuracy and E[g_i . g_j] over the checkpoints of all seeds     claimed: > 0
"""

from . import META_LEARNERS, Claim, ClaimData, Verdict
from ._correlations import over_epochs

ID = "C7"
SECTION = "5.3"
TEXT = "E[g.g] correlates with target accuracy (T=1), in every setting"
METRICS = ("accuracy", "gradients")
CLAIM = Claim(ID, SECTION, TEXT)

QUANTITIES = ("target_accuracy", "gradient_product")


def judge(data: ClaimData) -> list[Verdict]:
    """Judge every run of MAML and First-Order MAML on images with T = 1."""
    runs = data.measured(QUANTITIES, lambda r: r.inner_steps == 1 and r.algorithm in META_LEARNERS)
    return over_epochs(CLAIM, data, runs, *QUANTITIES)
