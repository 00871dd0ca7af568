"""Statistics with intervals: over checkpoints by bootstrap, over seeds by Student's t.

Slopes and tau are computed thousands of times here, on short series; scipy.stats, which the tests
compare them with, spends ten times longer on p-values and confidence limits of its own.
"""

from collections.abc import Callable

import numpy as np
import pandas as pd

from ..results.statistics import bootstrap, correlation, mean_over_seeds, pearson
from . import Estimate

Parts = list[np.ndarray]  # an array [checkpoints, columns] for every seed


def count(points: pd.DataFrame) -> dict[str, int]:
    """Return `n`, `n_seeds` and `n_checkpoints` of points with a row per seed and checkpoint."""
    each = points.groupby("seed").size()
    return {
        "n": len(points),
        "n_seeds": len(each),
        "n_checkpoints": int(each.min()) if len(each) else 0,
    }


def resampled(
    points: pd.DataFrame, columns: list[str], statistic: Callable[[Parts], float], resamples: int
) -> Estimate:
    """Return a statistic over checkpoints, with the interval of `statistics.bootstrap`."""

    def each(values: np.ndarray, used: np.ndarray) -> np.ndarray:
        samples = zip(values, used, strict=True)
        return np.array([statistic([v[u] for v, u in zip(*s, strict=True)]) for s in samples])

    return Estimate(*bootstrap(points, columns, each, resamples), **count(points))


def counted_over(estimate: Estimate, points: pd.DataFrame) -> Estimate:
    """Return an estimate from a part of a training with the seeds and checkpoints of all of it."""
    counts = count(points)
    return estimate._replace(n_seeds=counts["n_seeds"], n_checkpoints=counts["n_checkpoints"])


def correlated(points: pd.DataFrame, x: str, y: str, resamples: int) -> Estimate:
    """Return Pearson's R over the checkpoints of all seeds, as figures print it."""
    return Estimate(*correlation(points, x, y, resamples)[:3], **count(points))


def over_seeds(values: pd.Series, n_checkpoints: int) -> Estimate:
    """Return the mean of one value per seed with Student's t interval.

    Three to five values are too few for a bootstrap: its percentile interval hardly ever leaves
    their range, which misses the true mean of three values one time in four.
    """
    mean, low, high, n = mean_over_seeds(values)
    return Estimate(mean, low, high, n, n, n_checkpoints)


def slope(parts: Parts) -> float:
    """Return the mean over seeds of the Theil-Sen slope; columns are epoch and value."""
    return _mean(theil_sen(part) for part in parts)


def growth(parts: Parts) -> float:
    """Return the mean over seeds of the Theil-Sen slope as a share of the seed's mean value."""
    return _mean(theil_sen(part) / m if (m := part[:, 1].mean()) else np.nan for part in parts)


def tau(parts: Parts) -> float:
    """Return the mean over seeds of Kendall's tau-b; columns are epoch and value."""
    return _mean(kendall(part) for part in parts)


def level_ratio(parts: Parts) -> float:
    """Return the ratio of the absolute means of the first and the second column."""
    first, second = np.abs(np.concatenate(parts).mean(0))
    return float(first / second) if second else float("nan")


def within_seeds(parts: Parts) -> float:
    """Return Pearson's R of two columns after each seed's own means are subtracted."""
    return float(pearson(np.concatenate([part - part.mean(0) for part in parts])))


def theil_sen(part: np.ndarray) -> float:
    """Return the median slope of all pairs of points [n, 2]; NaN if no two differ in x."""
    i, j = np.triu_indices(len(part), 1)
    dx, dy = (part[j] - part[i]).T
    differ = dx != 0
    return float(np.median(dy[differ] / dx[differ])) if differ.any() else float("nan")


def kendall(part: np.ndarray) -> float:
    """Return Kendall's tau-b of points [n, 2]; NaN if x or y does not vary."""
    x, y = (np.sign(column[:, None] - column) for column in part.T)
    scale = np.sqrt((x * x).sum() * (y * y).sum())
    return float((x * y).sum() / scale) if scale else float("nan")


def _mean(values) -> float:
    return float(np.mean(list(values)))
