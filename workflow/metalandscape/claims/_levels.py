"""The level of a quantity for the Finetuning baseline against that for MAML."""

from collections.abc import Callable

from ..settings.config import Run
from . import META_LEARNERS, Claim, ClaimData, Region, Verdict
from ._estimates import level_ratio, resampled

BELOW_HALF: Region = (-float("inf"), 0.5)


def against_maml(
    claim: Claim, data: ClaimData, quantity: str, comparable: Callable[[Run, Run], bool]
) -> list[Verdict]:
    """Return the verdicts on |baseline's mean| / |MAML's mean| < 1/2 for all comparable runs.

    Args:
        claim: the claim.
        data: the tables.
        quantity: name in the `metric` column.
        comparable: takes a run of the baseline and one of MAML with the same dataset, way and shot.
    """
    baselines = data.measured((quantity,), lambda r: r.algorithm == "finetuning")
    learners = data.measured((quantity,), lambda r: r.algorithm in META_LEARNERS)
    return [
        _compare(claim, data, quantity, baseline, learner)
        for baseline, a in baselines.items()
        for learner, b in learners.items()
        if (a.dataset, a.way, a.shot) == (b.dataset, b.way, b.shot) and comparable(a, b)
    ]


def _compare(claim: Claim, data: ClaimData, quantity: str, first: str, second: str) -> Verdict:
    points = data.points(first, quantity).merge(
        data.points(second, quantity), on=["seed", "epoch"], suffixes=("_finetuning", "_maml")
    )
    columns = [f"{quantity}_finetuning", f"{quantity}_maml"]
    estimate = resampled(points, columns, level_ratio, data.resamples)
    statistic = f"level of {quantity} as a share of MAML's"
    return claim.verdict(f"{first} vs {second}", statistic, estimate, BELOW_HALF)
