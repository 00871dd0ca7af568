"""C6: the norm of trajectories grows with meta-training for MAML, not for finetuning.

    G = (last epoch - first) * mean over seeds of (Theil-Sen slope / mean norm)
        claimed: > 0.1 for MAML and First-Order MAML, < 0.1 for the Finetuning baseline
    R = Pearson's R of accuracy and norm over the checkpoints of all seeds
        claimed: between -0.5 and 0.5, "does not track generalization"

To grow is to gain more than a tenth of the mean norm over the whole training. Both must hold.
"""

from . import META_LEARNERS, Claim, ClaimData, Region, Verdict
from ._estimates import Parts, correlated, growth, resampled

ID = "C6"
SECTION = "B.4"
TEXT = (
    "the trajectory norm grows with meta-training for MAML, not for finetuning, "
    "and does not track generalization"
)
METRICS = ("accuracy", "trajectories")
CLAIM = Claim(ID, SECTION, TEXT)

QUANTITIES = ("target_accuracy", "displacement_norm")
GROWING: Region = (0.1, float("inf"))
NOT_GROWING: Region = (-float("inf"), 0.1)
UNRELATED: Region = (-0.5, 0.5)


def judge(data: ClaimData) -> list[Verdict]:
    """Judge every run on images."""
    runs = data.measured(
        QUANTITIES, lambda r: r.way and r.algorithm in (*META_LEARNERS, "finetuning")
    )
    found = []
    for name, run in runs.items():
        points = data.points(name, *QUANTITIES)
        region = GROWING if run.algorithm in META_LEARNERS else NOT_GROWING
        span = points["epoch"].max() - points["epoch"].min()

        def gain(parts: Parts, span=span) -> float:
            return span * growth(parts)

        estimate = resampled(points, ["epoch", "displacement_norm"], gain, data.resamples)
        statistic = "growth of displacement_norm over training, as a share of its mean"
        found.append(CLAIM.verdict(name, statistic, estimate, region))
        estimate = correlated(points, *QUANTITIES, data.resamples)
        statistic = "R of target_accuracy and displacement_norm over epochs"
        found.append(CLAIM.verdict(name, statistic, estimate, UNRELATED))
    return found
