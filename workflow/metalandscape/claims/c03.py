"""C3: the mean support loss at adapted solutions falls monotonically with meta-training.

    tau = mean over seeds of Kendall's tau-b of epoch and support loss              claimed: < -0.5

tau = (pairs of epochs in which the later has the larger loss - those with the smaller) / all pairs;
-1 is strictly monotone. At -0.5 three of four pairs are in order: a mere tendency to fall is not
what "monotonically" says, and measured on a sample of tasks no curve is strict.
"""

from . import Claim, ClaimData, Region, Verdict
from ._estimates import kendall, of_seeds
from ._settings import INNER_STEPS, is_meta_learner, steps

ID = "C3"
SECTION = "5.1"
TEXT = "mean support loss at the adapted solutions falls monotonically with meta-training"
METRICS = ("accuracy",)
CLAIM = Claim(ID, SECTION, TEXT)

REGION: Region = (-float("inf"), -0.5)


def judge(data: ClaimData) -> list[Verdict]:
    """Judge every run of a meta-learner on images with T = 5."""
    runs = data.measured(
        ("support_loss",),
        lambda r: bool(r.way) and steps(r, INNER_STEPS) and is_meta_learner(r),
    )
    found = []
    for name in runs:
        points = data.points(name, "support_loss")
        estimate = of_seeds(points, ["epoch", "support_loss"], kendall)
        statistic = "Kendall's tau of epoch and support_loss"
        found.append(CLAIM.verdict(name, statistic, estimate, REGION))
    return found
