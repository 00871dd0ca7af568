"""Correlations within seeds and means over seeds, with intervals over seeds.

Checkpoints of one training resemble their neighbors, so a hundred of them are not a hundred
observations. Seeds are independent. Every interval here is therefore Student's t over one number
per seed, which holds whatever the autocorrelation is; docs/claims.md shows how often it errs.
"""

from typing import NamedTuple

import numpy as np
import pandas as pd
from jaxtyping import Float, Num

MINIMUM_SEEDS, MINIMUM_CHECKPOINTS = 3, 10
TREND = 2  # terms that `trend_free` removes besides the mean
LARGEST_R = 1 - 1e-6  # Fisher's z of 1 is infinite


class Correlation(NamedTuple):
    """Pearson's R within seeds with its 95 % interval; NaN where it is not defined.

    Attributes:
        r: the coefficient.
        low, high: the interval.
        n: the number of points (checkpoints over all seeds).
        n_seeds: the number of seeds.
        n_checkpoints: the number of checkpoints of the seed that has the fewest.
    """

    r: float
    low: float
    high: float
    n: int
    n_seeds: int
    n_checkpoints: int

    def __str__(self) -> str:
        """Return the text printed on figures."""
        if np.isnan(self.r):
            return f"R not defined, n = {self.n}"
        few = too_few(self.n_seeds, self.n_checkpoints)
        if few or np.isnan(self.low):
            return f"R = {self.r:.2f}, {few or 'too few models'} for an interval"
        return f"R = {self.r:.2f} [{self.low:.2f}, {self.high:.2f}], n = {self.n}"


class Mean(NamedTuple):
    """A mean with its 95 % interval; NaN where it is not defined."""

    mean: float
    low: float
    high: float
    n: int


def too_few(n_seeds: int, n_checkpoints: int) -> str:
    """Return what is missing of the minimum for an interval, in words; "" if nothing is."""
    if n_seeds < MINIMUM_SEEDS:
        return "too few seeds"
    return "too few checkpoints" if n_checkpoints < MINIMUM_CHECKPOINTS else ""


def count(points: pd.DataFrame) -> dict[str, int]:
    """Return `n`, `n_seeds` and `n_checkpoints` of points with a row per seed and checkpoint."""
    each = np.unique(points["seed"].to_numpy(), return_counts=True)[1]
    return {
        "n": len(points),
        "n_seeds": len(each),
        "n_checkpoints": int(each.min()) if len(each) else 0,
    }


def by_seed(
    points: pd.DataFrame, columns: list[str]
) -> dict[int, Float[np.ndarray, "checkpoints columns"]]:
    """Return the columns of every seed, sorted by seed and epoch."""
    seeds, epochs = (points[key].to_numpy() for key in ("seed", "epoch"))
    order = np.lexsort((epochs, seeds))
    found, starts = np.unique(seeds[order], return_index=True)
    values = np.stack([points[column].to_numpy(float)[order] for column in columns], 1)
    parts = np.split(values, starts[1:])  # a single empty one where there is no seed
    return dict(zip(found.tolist(), parts, strict=False))


def mean_over_seeds(values: pd.Series | list[float] | Num[np.ndarray, "seeds"]) -> Mean:
    """Return the mean of one value per seed with Student's t interval.

    A bootstrap of three values hardly ever leaves their range, which misses the true mean one time
    in four.
    """
    from scipy import special

    values = np.asarray(values, float)
    n, mean = len(values), float(values.mean()) if len(values) else float("nan")
    if n < 2:
        return Mean(mean, float("nan"), float("nan"), n)
    half = special.stdtrit(n - 1, 0.975) * values.std(ddof=1) / np.sqrt(n)
    return Mean(mean, float(mean - half), float(mean + half), n)


def correlation(points: pd.DataFrame, x: str, y: str) -> Correlation:
    """Return R of two columns within seeds, over the checkpoints.

    R is computed for every seed on its own, so that each seed's means are removed. The mean over
    seeds and its t interval are taken of Fisher's z = artanh R.

    Args:
        points: columns `seed`, `epoch`, x and y; a row per seed and checkpoint.
        x: name of a column.
        y: name of a column.
    """
    points = points[points[x].notna() & points[y].notna()]
    return _over_seeds(each_seed(points, x, y), points)


def trend_free(points: pd.DataFrame, x: str, y: str) -> Correlation:
    """Return R of two columns beyond the trend that they share.

    As `correlation`, after epoch and log epoch are regressed out of both columns within each seed
    (a partial correlation). Any two curves that rise correlate; this R asks for more. Epoch 0 has
    no logarithm and is left out.
    """
    points = points[(points["epoch"] >= 1) & points[x].notna() & points[y].notna()]
    return _over_seeds(each_seed(points, x, y, trend="epoch"), points)


def over_models(
    points: pd.DataFrame, x: str, y: str, trend: str | None = None, kinds: str = "shot"
) -> Correlation:
    """Return R of two columns within seeds, over models of different kinds.

    What sets one kind apart, as its k, may do so in all seeds, so seeds are no independent
    repetitions here. The interval is the wider of two, both of Fisher's z: Student's t over seeds,
    and the normal one of a correlation of as many points as there are kinds.

    Args:
        points: columns `seed`, `epoch`, x, y, `kinds` and the trend; a row per model, or per
            checkpoint of each.
        x: name of a column.
        y: name of a column.
        trend: a column of positive values; it and its logarithm are regressed out first.
        kinds: the column that tells kinds of models apart; `shot` is k.

    Returns:
        R; `n_checkpoints` is the number of points.
    """
    points = points[points[x].notna() & points[y].notna()]
    mean, low, _, seeds = mean_over_seeds(fisher(each_seed(points, x, y, trend)))
    different = points.groupby("seed")[kinds].nunique().min() if len(points) else 0
    free = different - 3 - (TREND if trend == kinds else 0)
    half = np.maximum(mean - low, 1.96 / np.sqrt(free) if free > 0 else np.nan)
    r, low, high = map(float, np.tanh([mean, mean - half, mean + half]))
    return Correlation(r, low, high, len(points), seeds, len(points))


def ends(points: pd.DataFrame) -> pd.DataFrame:
    """Return the rows of the last epoch that all runs of a seed have, a row per run and seed.

    So models of different runs are compared after trainings of the same length.

    Args:
        points: columns `run`, `seed` and `epoch`, among others; a row per checkpoint.
    """
    runs = points.groupby("seed")["run"].transform("nunique")
    common = points[points.groupby(["seed", "epoch"])["run"].transform("nunique") == runs]
    return common[common["epoch"] == common.groupby("seed")["epoch"].transform("max")]


def each_seed(
    points: pd.DataFrame, x: str, y: str, trend: str | None = None
) -> Float[np.ndarray, "seeds"]:
    """Return R of two columns for every seed, in the order of seeds.

    Args:
        points: columns `seed`, `epoch`, x, y and the trend, without NaN.
        x: name of a column.
        y: name of a column.
        trend: a column of positive values; it and its logarithm are regressed out first.
    """
    found = []
    for part in by_seed(points, [x, y, *([trend] if trend else [])]).values():
        values = residuals(part[:, :2], part[:, 2]) if trend else part
        found.append(pearson(values))
    return np.array(found, float)


def fisher(r: Float[np.ndarray, "seeds"]) -> Float[np.ndarray, "seeds"]:
    """Return Fisher's z of correlations; values within 1e-6 of -1 or 1 are moved there."""
    return np.arctanh(np.clip(r, -LARGEST_R, LARGEST_R))


def residuals(
    values: Float[np.ndarray, "n columns"], trend: Float[np.ndarray, "n"]
) -> Float[np.ndarray, "n columns"]:
    """Return what is left of columns after least squares on 1, trend and log trend.

    NaN with fewer than five points: the residuals of four would have a single degree of freedom.
    A column that the trend explains up to rounding leaves zeros.
    """
    if len(values) < 3 + TREND:
        return np.full_like(values, np.nan)
    terms = np.stack([np.ones(len(trend)), trend, np.log(trend)], 1)
    left = values - terms @ np.linalg.lstsq(terms, values, rcond=None)[0]
    rounding = 1e-10 * np.abs(values).max(0)
    return np.where(np.abs(left).max(0) > rounding, left, 0.0)


def pearson(values: Float[np.ndarray, "n 2"]) -> float:
    """Return R of points; NaN with fewer than three points or without variation."""
    if len(values) < 3 or not (values.max(0) > values.min(0)).all():
        return float("nan")
    x, y = (values - values.mean(0)).T
    return float(x @ y / np.sqrt((x @ x) * (y @ y)))


def _over_seeds(r: Float[np.ndarray, "seeds"], points: pd.DataFrame) -> Correlation:
    mean, low, high = map(float, np.tanh(mean_over_seeds(fisher(r))[:3]))
    return Correlation(mean, low, high, **count(points))
