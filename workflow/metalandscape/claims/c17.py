"""C17: on Omniglot, First-Order and Second-Order MAML perform alike.

    d = mean over seeds of 100 * (best A of First-Order MAML - best A of MAML)
        claimed: between -1 and 1 point

A test of equivalence: the whole interval lies within one percentage point. Each seed has its own
best epoch (see `_best`).
"""

from . import Claim, ClaimData, Region, Verdict
from ._best import ACCURACY, best_accuracy, fewest
from ._estimates import over_seeds
from ._settings import family

ID = "C17"
SECTION = "5.2"
TEXT = "on Omniglot First-Order MAML performs very similarly to Second-Order MAML"
METRICS = ("accuracy",)
CLAIM = Claim(ID, SECTION, TEXT)

ALIKE: Region = (-1.0, 1.0)


def judge(data: ClaimData) -> list[Verdict]:
    """Judge First-Order against Second-Order where nothing else differs, on grey images."""
    runs = data.measured((ACCURACY,), lambda r: family(r, data.datasets) == "omniglot")
    found = []
    for first, run in runs.items():
        for second, other in runs.items():
            same = run.model_copy(update={"algorithm": "maml"}).settings() == other.settings()
            if run.algorithm == "first_order_maml" and same:
                found.append(_compare(data, first, second))
    return found


def _compare(data: ClaimData, first: str, second: str) -> Verdict:
    (a, one), (b, other) = (best_accuracy(data, name) for name in (first, second))
    estimate = over_seeds(100 * (a - b).dropna(), fewest(one, other))
    statistic = "difference of best target_accuracy, points"
    return CLAIM.verdict(f"{first} vs {second}", statistic, estimate, ALIKE)
