"""Correlations over epochs and means over seeds, with intervals."""

from collections.abc import Callable
from typing import NamedTuple

import numpy as np
import pandas as pd

from ..ground import randomness

RESAMPLES = 2000
AT_ONCE = 100  # of them, which bounds memory


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

    def statistic(values: np.ndarray, used: np.ndarray) -> np.ndarray:
        return pearson(values.reshape(len(values), -1, 2), used.reshape(len(used), -1))

    return Correlation(*bootstrap(points, [x, y], statistic, resamples), len(points))


def bootstrap(
    points: pd.DataFrame,
    columns: list[str],
    statistic: Callable[[np.ndarray, np.ndarray], np.ndarray],
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
        statistic: takes the values of several samples [samples, seeds, epochs, columns] and a mask
            of those that there are [samples, seeds, epochs]; returns [samples].
        resamples: the number of bootstrap samples.
    """
    ordered = points.sort_values(["seed", "epoch"])
    sizes = ordered.groupby("seed").size().to_numpy()
    if not len(sizes):
        return float("nan"), float("nan"), float("nan")
    values = ordered[columns].to_numpy(float)
    rng = randomness.generator(0, "bootstrap", *columns, len(points))

    def drawn(samples: int) -> np.ndarray:
        rows, used = _resample(sizes, samples, rng)
        return statistic(values[rows], used)

    found = np.concatenate([drawn(AT_ONCE) for _ in range(0, resamples, AT_ONCE)])[:resamples]
    defined = found[np.isfinite(found)]
    enough = len(defined) >= 0.95 * resamples
    low, high = np.percentile(defined, [2.5, 97.5]) if enough else (np.nan, np.nan)
    rows, used = _rows(np.arange(len(sizes))[None], np.zeros((1, len(sizes), 1), int), sizes, sizes)
    return float(statistic(values[rows], used)[0]), float(low), float(high)


def pearson(points: np.ndarray, used: np.ndarray | None = None) -> np.ndarray:
    """Return R of points [..., n, 2]; NaN with fewer than three points or without variation.

    Args:
        points: the points.
        used: [..., n], which of them count; all of them if None.
    """
    used = np.ones(points.shape[:-1], bool) if used is None else used
    n = used.sum(-1)
    kept = used[..., None]
    mean = points.sum(-2, where=kept) / np.maximum(n, 1)[..., None]
    x, y = np.moveaxis(np.where(kept, points - mean[..., None, :], 0.0), -1, 0)
    highest = points.max(-2, where=kept, initial=-np.inf)
    lowest = points.min(-2, where=kept, initial=np.inf)
    defined = (n >= 3) & (highest > lowest).all(-1)
    scale = np.sqrt((x * x).sum(-1) * (y * y).sum(-1))
    return np.where(defined, (x * y).sum(-1) / np.where(defined, scale, 1.0), np.nan)


def _resample(
    sizes: np.ndarray, samples: int, rng: np.random.Generator
) -> tuple[np.ndarray, np.ndarray]:
    """Return bootstrap samples: seeds with replacement, circular blocks of rows within each."""
    chosen = rng.integers(len(sizes), size=(samples, len(sizes)))
    n = sizes[chosen][..., None]
    starts = (rng.random((*chosen.shape, sizes.max())) * n).astype(int)
    return _rows(chosen, starts, np.ceil(np.sqrt(sizes)).astype(int), sizes)


def _rows(
    chosen: np.ndarray, starts: np.ndarray, blocks: np.ndarray, sizes: np.ndarray
) -> tuple[np.ndarray, np.ndarray]:
    """Return rows of all seeds' checkpoints, one seed's after the other's.

    Args:
        chosen: [samples, seeds], which seeds.
        starts: [samples, seeds, blocks], where each block of a seed starts in it.
        blocks: the length of a block, by seed.
        sizes: the number of checkpoints, by seed.

    Returns:
        Rows, and which of them count, both [samples, seeds, most checkpoints of a seed].
    """
    n, block = sizes[chosen][..., None], blocks[chosen][..., None]
    first = (np.cumsum(sizes) - sizes)[chosen][..., None]
    position = np.arange(sizes.max())
    start = np.take_along_axis(starts, np.minimum(position // block, starts.shape[-1] - 1), -1)
    return first + (start + position % block) % n, np.broadcast_to(position < n, start.shape)
