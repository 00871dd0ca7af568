"""A run's accuracy at its best epoch."""

import pandas as pd

from ..results.statistics import count
from . import ClaimData

ACCURACY = "target_accuracy"


def best_accuracy(data: ClaimData, name: str) -> tuple[pd.Series, dict[str, int]]:
    """Return the accuracy of each seed at its best epoch, and the counts of checkpoints.

    The best epoch has the highest accuracy on the seed's meta-validation tasks; where the table has
    none, on its meta-test tasks, which favors all runs alike. (Located on the other seeds, values
    of seeds depend on each other, and intervals miss three times as often as they should.)
    """
    chosen = by_validation(data, name)
    if chosen is not None:
        return chosen
    points = data.points(name, ACCURACY)
    return points.groupby("seed")[ACCURACY].max(), count(points)


def by_validation(data: ClaimData, name: str) -> tuple[pd.Series, dict[str, int]] | None:
    """Return what `best_accuracy` does; None if the table has no meta-validation tasks."""
    if not data.has(name, ACCURACY, split="val"):
        return None
    both = data.points(name, ACCURACY).merge(
        data.points(name, ACCURACY, split="val"), on=["seed", "epoch"], suffixes=("", "_val")
    )
    best = both.loc[both.groupby("seed")[f"{ACCURACY}_val"].idxmax()]
    return best.set_index("seed")[ACCURACY], count(both)


def fewest(*counts: dict[str, int]) -> dict[str, int]:
    """Return the counts of a comparison: the fewest checkpoints and seeds, and all points."""
    least = {key: min(c[key] for c in counts) for key in ("n_seeds", "n_checkpoints")}
    return {"n": sum(c["n"] for c in counts), **least}
