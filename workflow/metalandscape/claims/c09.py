"""C9: for sine regression the inner product of gradients correlates with the negative target MSE.

    R = Pearson's R of -MSE and E[g_i . g_j]                                         claimed: > 0.3

within seeds: over checkpoints for each k, and over the last checkpoints of trainings of different
k.
"""

from . import Claim, ClaimData, Verdict
from ._correlations import over_epochs, over_shots
from ._settings import is_meta_learner, steps

ID = "C9"
SECTION = "5.3.1"
TEXT = "for sine regression E[g.g] correlates with -MSE, over epochs and over k"
METRICS = ("accuracy", "gradients")
CLAIM = Claim(ID, SECTION, TEXT)

QUANTITIES = ("-target_loss", "gradient_product")


def judge(data: ClaimData) -> list[Verdict]:
    """Judge every regression run of a meta-learner with T = 1, and those across k."""
    runs = data.measured(
        QUANTITIES,
        lambda r: r.way is None and steps(r, 1) and is_meta_learner(r),
    )
    found = over_epochs(CLAIM, data, runs, *QUANTITIES)
    return found + over_shots(CLAIM, data, runs, *QUANTITIES)
