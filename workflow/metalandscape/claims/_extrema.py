"""Where a curve has its maximum, and what lies before and after it.

What follows a maximum that was picked from the same noisy curve falls by selection alone. So the
maximum is located for every seed on the mean curve of the *other* seeds.
"""

import pandas as pd


def maxima(points: pd.DataFrame, quantity: str) -> pd.Series:
    """Return for every seed the epoch at which the mean of the other seeds is largest.

    Args:
        points: `seed`, `epoch` and the quantity.
        quantity: name of a column.

    Returns:
        Epochs by seed, of those that all seeds have; empty with fewer than two seeds.
    """
    curves = points.pivot(index="epoch", columns="seed", values=quantity).dropna()
    if len(curves) == 0 or len(curves.columns) < 2:
        return pd.Series(dtype=float)
    return pd.Series({s: curves.drop(columns=s).mean(axis=1).idxmax() for s in curves})


def up_to(points: pd.DataFrame, peaks: pd.Series) -> pd.DataFrame:
    """Return the checkpoints of each seed up to its peak."""
    return points[points["epoch"] <= points["seed"].map(peaks)]


def from_on(points: pd.DataFrame, peaks: pd.Series) -> pd.DataFrame:
    """Return the checkpoints of each seed from its peak on."""
    return points[points["epoch"] >= points["seed"].map(peaks)]


def at(points: pd.DataFrame, epochs: pd.Series, quantity: str) -> pd.Series:
    """Return the quantity of each seed at its own epoch, by seed."""
    chosen = points[points["epoch"] == points["seed"].map(epochs)]
    return chosen.set_index("seed")[quantity]
