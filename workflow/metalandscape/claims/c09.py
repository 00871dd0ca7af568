"""C9: for sine regression the inner product of gradients correlates with the negative target MSE.

    R = Pearson's R of -MSE and E[g_i . g_j]                                           claimed: > 0

over the checkpoints of all seeds for each k, and over the last checkpoints of all trainings of
different k.
"""

from . import META_LEARNERS, Claim, ClaimData, Verdict
from ._correlations import over_epochs, over_shots

ID = "C9"
SECTION = "5.3.1"
TEXT = "for sine regression E[g.g] correlates with -MSE, over epochs and over k"
METRICS = ("accuracy", "gradients")
CLAIM = Claim(ID, SECTION, TEXT)

QUANTITIES = ("-target_loss", "gradient_product")


def judge(data: ClaimData) -> list[Verdict]:
    """Judge every regression run of MAML and First-Order MAML with T = 1, and those across k."""
    runs = data.measured(
        QUANTITIES,
        lambda r: r.way is None and r.inner_steps == 1 and r.algorithm in META_LEARNERS,
    )
    found = over_epochs(CLAIM, data, runs, *QUANTITIES)
    return found + over_shots(CLAIM, data, runs, *QUANTITIES)
