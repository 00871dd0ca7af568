"""Where a curve has its maximum, and what lies before and after it.

What follows a maximum that was picked from the same noisy curve falls by selection alone. So the
maximum is located for every seed on the mean curve of the *other* seeds.
"""

import pandas as pd


def maxima(points: pd.DataFrame, quantity: str, before: int, after: int) -> pd.Series:
    """Return for every seed the epoch at which the mean of the other seeds is largest.

    Args:
        points: `seed`, `epoch` and the quantity.
        quantity: name of a column.
        before: checkpoints that lie up to the maximum at least, itself included.
        after: checkpoints that lie from the maximum on at least, itself included.

    Returns:
        Epochs by seed; empty if there are fewer than two seeds or too few common checkpoints.
    """
    curves = points.pivot(index="epoch", columns="seed", values=quantity).dropna()
    inner = curves.iloc[before - 1 : max(0, len(curves) - after + 1)]
    if len(inner) == 0 or len(curves.columns) < 2:
        return pd.Series(dtype=float)
    return pd.Series({s: inner.drop(columns=s).mean(axis=1).idxmax() for s in inner})


def up_to(points: pd.DataFrame, peaks: pd.Series) -> pd.DataFrame:
    """Return the checkpoints of each seed up to its peak."""
    return points[points["epoch"] <= points["seed"].map(peaks)]


def from_on(points: pd.DataFrame, peaks: pd.Series) -> pd.DataFrame:
    """Return the checkpoints of each seed from its peak on."""
    return points[points["epoch"] >= points["seed"].map(peaks)]
