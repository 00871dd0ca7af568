"""Correlations over epochs, with intervals that respect autocorrelation."""

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


def correlation(points: pd.DataFrame, x: str, y: str) -> Correlation:
    """Return R between two columns over checkpoints, with its bootstrap interval.

    Neighbouring epochs resemble each other, so the bootstrap draws whole stretches of epochs: seeds
    are drawn with replacement, and within each drawn seed circular blocks of ceil(sqrt(epochs))
    consecutive checkpoints (Politis & Romano 1992). The percentiles 2.5 and 97.5 are the interval.

    Args:
        points: columns `seed`, `epoch`, x and y; a row per checkpoint.
        x: name of a column.
        y: name of a column.
    """
    points = points.dropna(subset=[x, y]).sort_values(["seed", "epoch"])
    seeds = [group[[x, y]].to_numpy() for _, group in points.groupby("seed")]
    rng = randomness.generator(0, "bootstrap", x, y, len(points))
    values = [pearson(_resample(seeds, rng)) for _ in range(RESAMPLES if seeds else 0)]
    defined = np.array(values)[np.isfinite(values)] if values else np.array([])
    low, high = np.percentile(defined, [2.5, 97.5]) if len(defined) else (np.nan, np.nan)
    r = pearson(points[[x, y]].to_numpy())
    return Correlation(r, float(low), float(high), len(points))


def pearson(points: np.ndarray) -> float:
    """Return R of points [n, 2]; NaN with fewer than three points or without variation."""
    if len(points) < 3 or np.any(np.ptp(points, axis=0) == 0):
        return float("nan")
    return float(np.corrcoef(points.T)[0, 1])


def _resample(seeds: list[np.ndarray], rng: np.random.Generator) -> np.ndarray:
    """Return one bootstrap sample: seeds with replacement, circular blocks of rows within each."""
    parts = []
    for chosen in rng.integers(len(seeds), size=len(seeds)):
        rows = seeds[chosen]
        n = len(rows)
        block = int(np.ceil(np.sqrt(n)))
        starts = rng.integers(n, size=-(-n // block))
        index = (starts[:, None] + np.arange(block)).ravel()[:n] % n
        parts.append(rows[index])
    return np.concatenate(parts)
