"""C12: MAML reaches its published accuracies on the standard settings.

    d = mean over seeds of 100 * A at the last epoch - the published percentage
        claimed: between -2 and 2 points

A test of equivalence: the whole Student's t interval over seeds must lie within two points, about
the half width of the published intervals on MiniImagenet. Only for MAML with T = 5, the paper's
setting, and datasets with a published number (`_published.ACCURACIES`); letters have none.
"""

from . import Claim, ClaimData, Region, Verdict
from ._estimates import count, over_seeds
from ._published import ACCURACIES, setting

ID = "C12"
SECTION = "B.1"
TEXT = "MAML reaches its published accuracies on the standard settings"
METRICS = ("accuracy",)
CLAIM = Claim(ID, SECTION, TEXT)

INNER_STEPS = 5
REGION: Region = (-2.0, 2.0)


def judge(data: ClaimData) -> list[Verdict]:
    """Judge every run of MAML in a setting with a published number."""
    runs = data.measured(
        ("target_accuracy",), lambda r: r.algorithm == "maml" and r.inner_steps == INNER_STEPS
    )
    found = []
    for name, run in runs.items():
        published = ACCURACIES.get(setting(run, data.datasets))
        if published is None:
            continue
        points = data.points(name, "target_accuracy")
        last = points[points["epoch"] == points["epoch"].max()]["target_accuracy"]
        estimate = over_seeds(100 * last - published, count(points)["n_checkpoints"])
        statistic = f"target_accuracy minus the published {published} %, points"
        found.append(CLAIM.verdict(name, statistic, estimate, REGION))
    return found
