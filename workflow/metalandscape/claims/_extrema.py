"""Where a curve has its maximum, and what lies before and after it.

After a maximum that was picked from the same noisy curve, values fall by selection alone. So the
maximum is located for every seed on the mean curve of the *other* seeds.
"""

import numpy as np
import pandas as pd

from ..results.statistics import by_seed

Epochs = dict[int, float]  # by seed


def maxima(points: pd.DataFrame, quantity: str) -> Epochs:
    """Return for every seed the epoch at which the mean of the other seeds is largest.

    Args:
        points: `seed`, `epoch` and the quantity.
        quantity: name of a column.

    Returns:
        Epochs by seed, of those that all seeds have; empty with fewer than two seeds.
    """
    curves = by_seed(points, ["epoch", quantity])
    epochs = sorted(set.intersection(*(set(c[:, 0]) for c in curves.values()))) if curves else []
    if not epochs or len(curves) < 2:
        return {}
    common = np.stack([curve[np.isin(curve[:, 0], epochs), 1] for curve in curves.values()])
    others = common.sum(0) - common
    return {seed: epochs[i] for seed, i in zip(curves, others.argmax(1), strict=True)}


def up_to(points: pd.DataFrame, peaks: Epochs) -> pd.DataFrame:
    """Return the checkpoints of each seed up to its peak."""
    return points[points["epoch"].to_numpy() <= _of(points, peaks)]


def from_on(points: pd.DataFrame, peaks: Epochs) -> pd.DataFrame:
    """Return the checkpoints of each seed from its peak on."""
    return points[points["epoch"].to_numpy() >= _of(points, peaks)]


def _of(points: pd.DataFrame, epochs: Epochs) -> np.ndarray:
    """Return the epoch that belongs to the seed of each row; NaN if none does."""
    return np.array([epochs.get(seed, np.nan) for seed in points["seed"].tolist()], float)
