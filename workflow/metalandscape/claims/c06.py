"""C6: the norm of trajectories grows with meta-training for MAML, not for finetuning.

    G = (last epoch - first) * mean over seeds of (Theil-Sen slope / mean norm)
        claimed: > 0.1 for meta-learners, < 0.1 for baselines
    R = Pearson's R of accuracy and norm from the accuracy's maximum on, within seeds
        claimed: < 0.3, "does not track generalization"

Growth means a gain of more than a tenth of the mean norm over the whole training. R is computed
from the accuracy's maximum on, because before it accuracy rises as the norm does. Both must hold.
"""

from . import DOES_NOT_TRACK, Claim, ClaimData, Region, Verdict
from ._correlations import with_companion
from ._estimates import growth, of_seeds
from ._extrema import from_on, maxima
from ._settings import family, is_baseline, is_meta_learner

ID = "C6"
SECTION = "B.4"
TEXT = (
    "the trajectory norm grows with meta-training for MAML, not for finetuning, "
    "and does not track generalization"
)
METRICS = ("accuracy", "trajectories")
CLAIM = Claim(ID, SECTION, TEXT)

QUANTITIES = ACCURACY, NORM = "target_accuracy", "displacement_norm"
GROWING: Region = (0.1, float("inf"))
NOT_GROWING: Region = (-float("inf"), 0.1)


def judge(data: ClaimData) -> list[Verdict]:
    """Judge every run of a meta-learner or a baseline on MiniImagenet or what stands for it."""
    runs = data.measured(
        QUANTITIES,
        lambda r: (
            family(r, data.datasets) == "miniimagenet" and (is_meta_learner(r) or is_baseline(r))
        ),
    )
    found = []
    for name, run in runs.items():
        points = data.points(name, *QUANTITIES)
        region = GROWING if is_meta_learner(run) else NOT_GROWING
        estimate = of_seeds(points, ["epoch", NORM], growth)
        statistic = "growth of displacement_norm over training, as a share of its mean"
        found.append(CLAIM.verdict(name, statistic, estimate, region))
        later = from_on(points, maxima(points, ACCURACY))
        statistic = "R of target_accuracy and displacement_norm after the accuracy's maximum"
        found += with_companion(CLAIM, name, statistic, later, QUANTITIES, DOES_NOT_TRACK)
    return found
