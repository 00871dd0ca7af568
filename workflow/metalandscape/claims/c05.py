"""C5: for the Finetuning baseline the cosine of trajectory directions stays near zero.

    c = mean cosine of the baseline                                     claimed: -0.05 < c < 0.05
    q = mean cosine of the baseline / mean cosine of MAML               claimed: -1/2 < q < 1/2

Means are over epochs, then over seeds. A cosine has a zero, so "near zero" is a statement about its
own size: at 0.05 directions are 87 degrees apart. The paper also calls the baseline's "much closer
to zero" than MAML's; we take that as less than half as large. Both must hold.
"""

import numpy as np

from . import Claim, ClaimData, Region, Verdict
from ._estimates import of_seeds
from ._levels import pairs, share_of_maml

ID = "C5"
SECTION = "5.2"
TEXT = "for the finetuning baseline direction cosines stay near zero"
METRICS = ("trajectories",)
CLAIM = Claim(ID, SECTION, TEXT)

COSINE = "direction_cosine"
NEAR_ZERO: Region = (-0.05, 0.05)


def judge(data: ClaimData) -> list[Verdict]:
    """Judge every run of a baseline against those of meta-learners with the same tasks and T."""
    return [v for pair in pairs(data, COSINE) for v in _judge_pair(data, *pair)]


def _judge_pair(data: ClaimData, baseline: str, learner: str) -> list[Verdict]:
    level = of_seeds(data.points(baseline, COSINE), [COSINE], np.mean)
    setting = f"{baseline} vs {learner}"
    return [
        CLAIM.verdict(setting, "mean direction_cosine of the baseline", level, NEAR_ZERO),
        share_of_maml(CLAIM, data, COSINE, baseline, learner),
    ]
