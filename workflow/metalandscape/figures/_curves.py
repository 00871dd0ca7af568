"""Curves over epochs: means and bands, gaps, scales, and the lines that mark something."""

from collections.abc import Iterable, Sequence

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.lines import Line2D

from ..results.statistics import mean_over_seeds
from ..settings.config import Run
from ._style import COLLAPSED, GREY, RANGE, Look, line, ticks

DOTS = (0, (1, 1.5))
CHANCE = Look(GREY, DOTS)
LAST = 3  # checkpoints whose mean stands for a curve's end or maximum
WIDER = 1.5  # the factor by which epoch 0 may widen a scale
BAND, LINE = 1, 2  # bands lie below all lines


def over_seeds(curve: pd.DataFrame) -> pd.DataFrame:
    """Return mean, lowest and highest value over seeds by epoch; NaN where a seed's is NaN."""
    values = curve.groupby("epoch")["value"]
    found = values.agg(["mean", "min", "max"])
    return found.where(values.count() == values.size())


def draw_curve(ax: Axes, curve: pd.DataFrame, look: Look, below: Axes | None = None) -> None:
    """Draw a quantity over epochs: the mean over seeds and their range; a NaN is a gap.

    Args:
        ax: where the line is drawn.
        curve: `seed`, `epoch` and `value`.
        look: of the line.
        below: the other axes, if `ax` is the second of twin axes: the band is drawn there, so that
            it lies below the lines of both.
    """
    draw_mean(ax, curve, look)
    found = over_seeds(curve)
    looks = {"color": look.colour, "alpha": 0.2, "linewidth": 0, "zorder": BAND, "gid": RANGE}
    place = {"transform": ax.transData} if below else {}
    (below or ax).fill_between(found.index, found["min"], found["max"], **looks, **place)


def draw_mean(ax: Axes, curve: pd.DataFrame, look: Look) -> None:
    """Draw the mean over seeds of a quantity over epochs, without a band."""
    mean = over_seeds(curve)["mean"]
    _line(ax, mean.index, mean, look, 1.6)
    collapsed = curve.groupby("epoch")["collapsed"].max()
    _mark_collapsed(ax, mean[collapsed > 0], look)


def draw_seeds(ax: Axes, curve: pd.DataFrame, look: Look, width: float = 1.0) -> None:
    """Draw a quantity over epochs, a thin line for every seed."""
    for _, own in curve.sort_values("epoch").groupby("seed"):
        _line(ax, own["epoch"], own["value"], look, width)
        _mark_collapsed(ax, own[own["collapsed"] > 0].set_index("epoch")["value"], look)


def _mark_collapsed(ax: Axes, values: pd.Series, look: Look) -> None:
    """Mark the epochs in which meta-training collapsed; the index of the values are epochs."""
    if len(values):
        ax.plot(values.index, values, "x", color=look.colour, markersize=6, gid=COLLAPSED)


def _line(ax: Axes, x: Iterable, y: Iterable, look: Look, width: float) -> None:
    """Draw a line; a point between two gaps is a dot."""
    x, y = np.asarray(x), np.asarray(y, float)
    missing = np.isnan(np.concatenate([[np.nan], y, [np.nan]]))
    alone = missing[:-2] & missing[2:] & ~missing[1:-1]
    ax.plot(
        x,
        y,
        color=look.colour,
        linestyle=look.style,
        linewidth=width,
        zorder=LINE,
        marker="o",
        markersize=2 * width,
        markevery=alone,
    )
    ax.set_xlabel("epoch")


def fit(
    axes: Sequence[Axes], curves: Iterable[pd.DataFrame], initial: bool = False, *also: float
) -> None:
    """Scale the y axes on some curves and values.

    Args:
        axes: all get the same scale.
        curves: `epoch` and `value`.
        initial: whether epoch 0 counts in any case. Otherwise it does if that widens the scale by
            no more than half: the initialization is no meta-train solution, and its gradients may
            be a hundred times those of all others.
        *also: values that should be seen.
    """
    points = pd.concat(list(curves))
    points = points[np.isfinite(points["value"])]
    every = np.concatenate([points["value"], also])
    values = np.concatenate([points.loc[points["epoch"] >= 1, "value"], also])
    if initial or not len(values) or np.ptp(every) <= WIDER * np.ptp(values):
        values = every
    for ax in axes:
        if len(values):
            margin = 0.06 * np.ptp(values) or 0.06 * abs(values[0]) or 1.0
            ax.set_ylim(values.min() - margin, values.max() + margin)
        ticks(ax, "x")


def chance(ax: Axes, runs: Iterable[Run]) -> list[Line2D]:
    """Draw a line at 1/way for every way at meta-test, where accuracy comes down to it.

    Returns:
        What a legend should show of it.
    """
    low, high = ax.get_ylim()
    every = {run.at_test().way for run in runs}
    ways = sorted(way for way in every if way and low <= 1 / way <= high)
    for way in ways:
        ax.axhline(1 / way, color=CHANCE.colour, linestyle=CHANCE.style, linewidth=1, zorder=0.5)
    return [line(CHANCE, "chance, 1/way")] if ways else []


def decline(curve: pd.DataFrame) -> int | None:
    """Return the epoch of a curve's maximum, if it falls after that beyond noise; otherwise None.

    For every seed the maximum is located on the mean of the other seeds, for a maximum picked from
    the same noise is followed by a fall anyway. The fall is the mean of three checkpoints around it
    minus that of the last three; its 95 % t interval over seeds has to lie above zero.
    """
    table = curve[curve["epoch"] >= 1].pivot(index="epoch", columns="seed", values="value").dropna()
    smooth = table.rolling(LAST, center=True).mean().dropna()
    if len(smooth) <= LAST or len(table.columns) < 2:
        return None
    falls = [
        own[smooth.drop(columns=seed).mean(axis=1).idxmax()] - own.iloc[-1]
        for seed, own in smooth.items()
    ]
    return int(smooth.mean(axis=1).idxmax()) if mean_over_seeds(pd.Series(falls)).low > 0 else None
