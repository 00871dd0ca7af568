"""C5: for the Finetuning baseline the cosine of trajectory directions stays near zero.

    q = |mean cosine of the baseline| / |mean cosine of MAML|                        claimed: < 1/2

Means are over the epochs and seeds that both have. The paper calls the baseline's "much closer to
zero"; we take that as less than half as large.
"""

from . import Claim, ClaimData, Verdict
from ._levels import against_maml

ID = "C5"
SECTION = "5.2"
TEXT = "for the finetuning baseline direction cosines stay near zero"
METRICS = ("trajectories",)
CLAIM = Claim(ID, SECTION, TEXT)


def judge(data: ClaimData) -> list[Verdict]:
    """Judge every run of the baseline against those of MAML with the same tasks and T."""
    return against_maml(
        CLAIM, data, "direction_cosine", lambda a, b: a.inner_steps == b.inner_steps
    )
