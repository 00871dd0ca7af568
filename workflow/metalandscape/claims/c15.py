"""C15: before adaptation, at theta^s, target accuracy is chance.

    c = way * mean of the accuracy at theta^s                           claimed: 0.9 < c < 1.1

The mean is over epochs, then over seeds. A test of equivalence: within a tenth of chance, 1 / way,
with the way of meta-test.
"""

import numpy as np

from . import Claim, ClaimData, Region, Verdict
from ._estimates import of_seeds

ID = "C15"
SECTION = "4.1"
TEXT = "before adaptation the accuracy on meta-test tasks is chance"
METRICS = ("accuracy",)
CLAIM = Claim(ID, SECTION, TEXT)

INITIAL = "initial_accuracy"
REGION: Region = (0.9, 1.1)


def judge(data: ClaimData) -> list[Verdict]:
    """Judge every run on images."""
    found = []
    for name, run in data.measured((INITIAL,), lambda r: bool(r.way)).items():
        points = data.points(name, INITIAL)
        ratio = points.assign(ratio=run.at_test().way * points[INITIAL])
        estimate = of_seeds(ratio, ["ratio"], np.mean)
        statistic = "initial_accuracy as a multiple of chance"
        found.append(CLAIM.verdict(name, statistic, estimate, REGION))
    return found
