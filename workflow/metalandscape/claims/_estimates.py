"""Statistics of one seed's curve, and their means over seeds with Student's t interval.

Slopes and tau are computed for every seed, on short series; scipy.stats, which the tests compare
them with, spends ten times longer on p-values and confidence limits of its own.
"""

import functools
from collections.abc import Callable

import numpy as np
import pandas as pd

from ..results.statistics import by_seed, correlation, count, each_seed, mean_over_seeds, trend_free
from . import Estimate


def of_seeds(
    points: pd.DataFrame, columns: list[str], statistic: Callable[[np.ndarray], float]
) -> Estimate:
    """Return the mean over seeds of a statistic of each seed's columns [checkpoints, columns]."""
    values = [statistic(part) for part in by_seed(points, columns).values()]
    return over_seeds(values, count(points))


def over_seeds(values: pd.Series | list[float], counts: dict[str, int]) -> Estimate:
    """Return the mean of one value per seed with Student's t interval.

    Args:
        values: one per seed.
        counts: `count` of the points that they come from.
    """
    return Estimate(*mean_over_seeds(values)[:3], **counts | {"n_seeds": len(values)})


def correlated(points: pd.DataFrame, x: str, y: str) -> Estimate:
    """Return Pearson's R within seeds, as figures print it."""
    return Estimate(*correlation(points, x, y))


def correlated_beyond_trend(points: pd.DataFrame, x: str, y: str) -> Estimate:
    """Return Pearson's R within seeds after epoch and log epoch are regressed out."""
    return Estimate(*trend_free(points, x, y))


def difference_of_correlations(
    points: pd.DataFrame, x: str, first: str, second: str, trend: str | None = None
) -> Estimate:
    """Return R of x and `first` minus R of x and `second`, paired within each seed."""
    r, other = (each_seed(points, x, y, trend) for y in (first, second))
    return over_seeds(r - other, count(points))


def theil_sen(part: np.ndarray) -> float:
    """Return the median slope of all pairs of points [n, 2]; NaN if no two differ in x."""
    i, j = _pairs(len(part))
    dx, dy = (part[j] - part[i]).T
    differ = dx != 0
    return float(np.median(dy[differ] / dx[differ])) if differ.any() else float("nan")


@functools.cache
def _pairs(n: int) -> tuple[np.ndarray, np.ndarray]:
    return np.triu_indices(n, 1)


def growth(part: np.ndarray) -> float:
    """Return the Theil-Sen slope of points [n, 2] times their span in x, as a share of mean y."""
    mean, span = part[:, 1].mean(), np.ptp(part[:, 0])
    return float(span * theil_sen(part) / mean) if mean else float("nan")


def kendall(part: np.ndarray) -> float:
    """Return Kendall's tau-b of points [n, 2]; NaN if x or y does not vary."""
    x, y = (np.sign(column[:, None] - column) for column in part.T)
    scale = np.sqrt((x * x).sum() * (y * y).sum())
    return float((x * y).sum() / scale) if scale else float("nan")
