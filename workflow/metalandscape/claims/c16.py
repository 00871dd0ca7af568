"""C16: the Finetuning baseline generalizes much worse than MAML.

    d = mean over seeds of 100 * (best A of the baseline - best A of MAML)          claimed: < -5

in percentage points, "much" being five. Each seed has its own best epoch (see `_best`).
"""

from . import Claim, ClaimData, Region, Verdict
from ._best import ACCURACY, best_accuracy, fewest
from ._estimates import over_seeds
from ._levels import pairs

ID = "C16"
SECTION = "5.2"
TEXT = "the finetuning baseline generalizes much worse than MAML"
METRICS = ("accuracy",)
CLAIM = Claim(ID, SECTION, TEXT)

MUCH: Region = (-float("inf"), -5.0)


def judge(data: ClaimData) -> list[Verdict]:
    """Judge every run of a baseline against those of meta-learners with the same tasks and T."""
    found = []
    for baseline, learner in pairs(data, ACCURACY, lambda r: bool(r.way)):
        (low, one), (high, other) = (best_accuracy(data, name) for name in (baseline, learner))
        estimate = over_seeds(100 * (low - high).dropna(), fewest(one, other))
        statistic = "difference of best target_accuracy, points"
        found.append(CLAIM.verdict(f"{baseline} vs {learner}", statistic, estimate, MUCH))
    return found
