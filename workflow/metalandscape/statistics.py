"""Correlations over epochs and means over seeds, with intervals."""

from collections.abc import Callable
from typing import NamedTuple

import numpy as np
import pandas as pd

from . import randomness

RESAMPLES = 2000


class Correlation(NamedTuple):
    """Pearson's R with a 95 % bootstrap interval; NaN where it is not defined.

    Attributes:
        r: the coefficient.
        low, high: the interval.
        n: the number of points (checkpoints over all seeds).
    """

    r: float
    low: float
    high: float
    n: int

    def __str__(self) -> str:
        """Return the text printed on figures."""
        return f"R = {self.r:.2f} [{self.low:.2f}, {self.high:.2f}], n = {self.n}"


class Mean(NamedTuple):
    """A mean with its 95 % interval; NaN where it is not defined."""

    mean: float
    low: float
    high: float
    n: int


def mean_over_seeds(values: pd.Series) -> Mean:
    """Return the mean of one value per seed with Student's t interval."""
    from scipy import stats

    values = np.asarray(values, float)
    n, mean = len(values), float(values.mean()) if len(values) else float("nan")
    if n < 2:
        return Mean(mean, float("nan"), float("nan"), n)
    half = stats.t.ppf(0.975, n - 1) * values.std(ddof=1) / np.sqrt(n)
    return Mean(mean, float(mean - half), float(mean + half), n)


def correlation(points: pd.DataFrame, x: str, y: str, resamples: int = RESAMPLES) -> Correlation:
    """Return R between two columns over checkpoints of all seeds, with its `bootstrap` interval.

    Args:
        points: columns `seed`, `epoch`, x and y; a row per checkpoint.
        x: name of a column.
        y: name of a column.
        resamples: the number of bootstrap samples.
    """
    points = points.dropna(subset=[x, y])
    interval = bootstrap(points, [x, y], lambda parts: pearson(np.concatenate(parts)), resamples)
    return Correlation(*interval, len(points))


def bootstrap(
    points: pd.DataFrame,
    columns: list[str],
    statistic: Callable[[list[np.ndarray]], float],
    resamples: int = RESAMPLES,
) -> tuple[float, float, float]:
    """Return a statistic over checkpoints with the ends of its 95 % bootstrap interval.

    Neighbouring epochs resemble each other, so the bootstrap draws whole stretches of epochs: seeds
    are drawn with replacement, and within each drawn seed circular blocks of ceil(sqrt(epochs))
    consecutive checkpoints (Politis & Romano 1992). The percentiles 2.5 and 97.5 are the interval.
    It is NaN where the statistic is undefined in more than a twentieth of the resamples, for a
    percentile of the others would be one of a selection.

    Args:
        points: columns `seed`, `epoch` and those named; a row per checkpoint, without NaN.
        columns: what the statistic is computed from.
        statistic: takes a list of arrays [checkpoints, columns], one for each seed drawn.
        resamples: the number of bootstrap samples.
    """
    ordered = points.sort_values(["seed", "epoch"])
    seeds = [group[columns].to_numpy(float) for _, group in ordered.groupby("seed")]
    if not seeds:
        return float("nan"), float("nan"), float("nan")
    rng = randomness.generator(0, "bootstrap", *columns, len(points))
    values = np.array([statistic(_resample(seeds, rng)) for _ in range(resamples)])
    defined = values[np.isfinite(values)]
    enough = len(defined) >= 0.95 * resamples
    low, high = np.percentile(defined, [2.5, 97.5]) if enough else (np.nan, np.nan)
    return float(statistic(seeds)), float(low), float(high)


def pearson(points: np.ndarray) -> float:
    """Return R of points [n, 2]; NaN with fewer than three points or without variation."""
    if len(points) < 3 or np.any(np.ptp(points, axis=0) == 0):
        return float("nan")
    return float(np.corrcoef(points.T)[0, 1])


def _resample(seeds: list[np.ndarray], rng: np.random.Generator) -> list[np.ndarray]:
    """Return one bootstrap sample: seeds with replacement, circular blocks of rows within each."""
    parts = []
    for chosen in rng.integers(len(seeds), size=len(seeds)):
        rows = seeds[chosen]
        n = len(rows)
        block = int(np.ceil(np.sqrt(n)))
        starts = rng.integers(n, size=-(-n // block))
        index = (starts[:, None] + np.arange(block)).ravel()[:n] % n
        parts.append(rows[index])
    return parts
