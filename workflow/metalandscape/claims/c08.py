"""C8: for the Finetuning baseline the inner product of meta-test gradients stays low.

    q = mean E[g_i . g_j] of the baseline / that of MAML                  claimed: -1/2 < q < 1/2

Means are over epochs, the ratio over seeds; "very low" is taken as less than half as large.
"""

from . import Claim, ClaimData, Verdict
from ._levels import pairs, share_of_maml
from ._settings import steps

ID = "C8"
SECTION = "5.3"
TEXT = "for the finetuning baseline E[g.g] stays low"
METRICS = ("gradients",)
CLAIM = Claim(ID, SECTION, TEXT)

PRODUCT = "gradient_product"


def judge(data: ClaimData) -> list[Verdict]:
    """Judge runs of a baseline against meta-learners with the same tasks, both with T = 1."""
    found = pairs(data, PRODUCT, lambda r: steps(r, 1))
    return [share_of_maml(CLAIM, data, PRODUCT, *pair) for pair in found]
