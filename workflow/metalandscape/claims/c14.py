"""C14: the inner product of gradients is more correlated with generalization than their direction.

    D = mean over seeds of R(accuracy, E[g_i . g_j]) - R(accuracy, E[cos(g_i, g_j)])   claimed: > 0

over checkpoints. Both R of a seed come from the same checkpoints, so their difference is paired.
"""

from ..results.answers import COMPANION, PART
from . import POSITIVE, Claim, ClaimData, Verdict
from ._correlations import BEYOND
from ._estimates import difference_of_correlations
from ._settings import is_meta_learner, steps

ID = "C14"
SECTION = "4.3"
TEXT = "the inner product of gradients correlates more with accuracy than their direction alone"
METRICS = ("accuracy", "gradients")
CLAIM = Claim(ID, SECTION, TEXT)

QUANTITIES = ("target_accuracy", "gradient_product", "gradient_cosine")
STATISTIC = "R of target_accuracy and gradient_product minus R with gradient_cosine"


def judge(data: ClaimData) -> list[Verdict]:
    """Judge every run of a meta-learner on images with T = 1."""
    runs = data.measured(QUANTITIES, lambda r: steps(r, 1) and is_meta_learner(r))
    found = []
    for name in runs:
        points = data.points(name, *QUANTITIES)
        for words, trend, role in (("", None, PART), (f", {BEYOND}", "epoch", COMPANION)):
            estimate = difference_of_correlations(points, *QUANTITIES, trend)
            found.append(CLAIM.verdict(name, STATISTIC + words, estimate, POSITIVE, role=role))
    return found
