"""The level of a quantity for a baseline against that for MAML."""

from collections.abc import Callable, Iterator

from ..results.statistics import by_seed, count
from ..settings.config import Run
from . import Claim, ClaimData, Region, Verdict
from ._best import fewest
from ._estimates import over_seeds
from ._settings import is_baseline, is_meta_learner, same_tasks

BELOW_HALF: Region = (-0.5, 0.5)


def pairs(
    data: ClaimData, quantity: str, condition: Callable[[Run], bool] = lambda run: True
) -> Iterator[tuple[str, str]]:
    """Yield the names of each baseline and each meta-learner with the same tasks and network."""
    runs = data.measured((quantity,), condition)
    for first, baseline in runs.items():
        for second, learner in runs.items():
            kin = is_baseline(baseline) and is_meta_learner(learner)
            if kin and same_tasks(baseline, learner):
                yield first, second


def share_of_maml(
    claim: Claim, data: ClaimData, quantity: str, baseline: str, learner: str
) -> Verdict:
    """Return the verdict on -1/2 < baseline's mean / meta-learner's mean < 1/2.

    Means are over all epochs of each, and the ratio is taken for every seed that both have.
    """
    parts = [data.points(name, quantity) for name in (baseline, learner)]
    first, second = (by_seed(part, [quantity]) for part in parts)
    means = [(first[seed].mean(), second[seed].mean()) for seed in first if seed in second]
    ratios = [low / high if high else float("nan") for low, high in means]
    estimate = over_seeds(ratios, fewest(*map(count, parts)))
    statistic = f"level of {quantity} as a share of MAML's"
    return claim.verdict(f"{baseline} vs {learner}", statistic, estimate, BELOW_HALF)
