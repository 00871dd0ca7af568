"""C8: for the Finetuning baseline the inner product of meta-test gradients stays low.

    q = |mean E[g_i . g_j] of the baseline| / |that of MAML|                         claimed: < 1/2

Means are over the epochs and seeds that both have; "very low" is taken as less than half as large.
"""

from . import Claim, ClaimData, Verdict
from ._levels import against_maml

ID = "C8"
SECTION = "5.3"
TEXT = "for the finetuning baseline E[g.g] stays low"
METRICS = ("gradients",)
CLAIM = Claim(ID, SECTION, TEXT)


def judge(data: ClaimData) -> list[Verdict]:
    """Judge runs of the baseline against those of MAML with the same tasks, both with T = 1."""
    return against_maml(
        CLAIM, data, "gradient_product", lambda a, b: a.inner_steps == b.inner_steps == 1
    )
