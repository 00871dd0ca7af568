"""C12: MAML reaches its published accuracies on the standard settings.

    d = mean over seeds of 100 * A at the best epoch - the published percentage
        claimed: between -2 and 2 points

A test of equivalence: the whole Student's t interval over seeds must lie within two points, about
the half width of the published intervals on MiniImagenet. The best epoch is that of the highest
accuracy on meta-validation tasks; where a table has none, each seed's last epoch is taken. Only for
MAML with T = 5 at the paper's scale, on datasets with a published number
(`_published.ACCURACIES`), and tested as it is trained.
"""

from ..results.statistics import count
from . import Claim, ClaimData, Region, Verdict
from ._best import ACCURACY, by_validation
from ._estimates import over_seeds
from ._published import ACCURACIES, setting
from ._settings import INNER_STEPS, other_scale

ID = "C12"
SECTION = "B.1"
TEXT = "MAML reaches its published accuracies on the standard settings"
METRICS = ("accuracy",)
CLAIM = Claim(ID, SECTION, TEXT)

REGION: Region = (-2.0, 2.0)
STATISTIC = "target_accuracy minus the published, points"


def judge(data: ClaimData) -> list[Verdict]:
    """Judge every run of MAML in a setting with a published number."""
    runs = data.measured(
        (ACCURACY,), lambda r: r.algorithm == "maml" and r.inner_steps == INNER_STEPS
    )
    found = []
    for name, run in runs.items():
        published = ACCURACIES.get(setting(run, data.datasets))
        if published is not None:
            points = data.points(name, ACCURACY)
            last = points.groupby("seed").tail(1)
            accuracy, counts = by_validation(data, name) or (last[ACCURACY], count(points))
            shortest = int(last["epoch"].min()) if len(last) else 0
            doubt = other_scale(run, data.datasets, shortest)
            estimate = over_seeds(100 * accuracy - published, counts)
            found.append(CLAIM.verdict(name, STATISTIC, estimate, REGION, doubt))
    return found
