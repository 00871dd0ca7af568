"""C3: the mean support loss at adapted solutions falls monotonically with meta-training.

    tau = mean over seeds of Kendall's tau-b of epoch and support loss              claimed: < -0.5

tau = (pairs of epochs in which the later has the larger loss - those with the smaller) / all pairs;
-1 is strictly monotone. At -0.5 three of four pairs are in order: a mere tendency to fall is not
what "monotonically" says, and measured on a sample of tasks no curve is strict.
"""

from . import META_LEARNERS, Claim, ClaimData, Verdict
from ._estimates import resampled, tau

ID = "C3"
SECTION = "5.1"
TEXT = "mean support loss at the adapted solutions falls monotonically with meta-training"
METRICS = ("accuracy",)
CLAIM = Claim(ID, SECTION, TEXT)

REGION = (-float("inf"), -0.5)


def judge(data: ClaimData) -> list[Verdict]:
    """Judge every run of MAML and First-Order MAML on images."""
    runs = data.measured(("support_loss",), lambda r: r.way and r.algorithm in META_LEARNERS)
    found = []
    for name in runs:
        points = data.points(name, "support_loss")
        estimate = resampled(points, ["epoch", "support_loss"], tau, data.resamples)
        statistic = "Kendall's tau of epoch and support_loss"
        found.append(CLAIM.verdict(name, statistic, estimate, REGION))
    return found
