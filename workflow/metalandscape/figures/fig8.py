"""Figure 8: sine regression, negative target loss (MSE) and E[g_i . g_j], for different shots k.

(a), (b): the two over epochs for the smallest and the largest k, mean and range over seeds. (c):
the two at all checkpoints of all k, a point each; (d): after the last epoch that all trainings
of a seed have. The intervals of (c), (d) and (f) count no more models than there are values of k.
The paper doesn't say which points its (c) and (d) show. (e), (f): the two readings of its (e).
(e): for each k the correlation R over epochs, and R beyond the common trend (open), with intervals
as vertical lines. (f): for each epoch s the correlation R across the models of different k,
between E[g_i . g_j] at epoch s and the negative loss at the end of training, with its interval as
a band. Thin grey lines mark R = 0.
"""

from collections.abc import Iterable

import numpy as np
import pandas as pd
import seaborn as sns
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from ..results.statistics import Correlation, correlation, ends, over_models, trend_free
from . import FigureData
from ._layouts import across_shots, related, shot_legend, twin_curves
from ._style import GREY, INTERVAL, label, letter, panels, performance, ticks, title

SECTION = "5.3.1"
CLAIMS = ("c09",)
METRICS = ("accuracy", "gradients")
INK = "0.15"  # of R, which belongs to no quantity and no algorithm
PRODUCT = "gradient_product"
STATISTICS = {correlation: INK, trend_free: "white"}  # and what fills its marks


def draw(data: FigureData) -> Figure:
    """Draw the six panels from runs that differ in their shot."""
    runs = sorted(data.runs, key=lambda name: data.runs[name].shot)
    y = performance(data.runs[runs[0]])
    figure, axes = panels(6, columns=2)
    points = {name: data.joined(name, y, PRODUCT) for name in runs}
    for ax, name in zip(axes, (runs[0], runs[-1]), strict=False):
        twin_curves(ax, data, name, PRODUCT)
        ax.set_title(f"{title(data.runs[name])}\n{related(points[name], y, PRODUCT)}")
    across_shots(axes[2:4], data, PRODUCT)
    _against_shot(axes[4], data, points)
    _against_epoch(axes[5], data)
    letter(axes)
    shot_legend(figure, data)
    return figure


def across_models(data: FigureData) -> dict[int, Correlation]:
    """Return, by epoch s, R across runs of E[g.g] at s and performance after the last epoch."""
    y = performance(next(iter(data.runs.values())))
    points = data.pooled(y, PRODUCT)
    last = ends(points)
    points = points[["run", "seed", "shot", "epoch", PRODUCT]].merge(last[["run", "seed", y]])
    return {int(epoch): over_models(part, y, PRODUCT) for epoch, part in points.groupby("epoch")}


def _against_shot(ax: Axes, data: FigureData, points: dict[str, pd.DataFrame]) -> None:
    """Draw R over epochs against k, and R beyond the common trend, with intervals."""
    shots = np.array([data.runs[name].shot for name in points])
    y = performance(next(iter(data.runs.values())))
    for number, (statistic, fill) in enumerate(STATISTICS.items()):
        found = [statistic(part, y, PRODUCT) for part in points.values()]
        x = shots + 0.25 * number
        ax.vlines(x, [c.low for c in found], [c.high for c in found], color=INK, linewidth=1)
        ax.plot(x, [c.r for c in found], "o", color=INK, markersize=4, mfc=fill)
    words = f"R over epochs (open: beyond trend)\nn = {_numbers(found)} for each k"
    _finish(ax, data, words, "k")


def _numbers(values: Iterable[Correlation]) -> str:
    """Return the smallest and the largest number of points in words; 0 without a correlation."""
    counts = sorted(c.n for c in values)
    return " to ".join(dict.fromkeys(map(str, counts[:1] + counts[-1:]))) or "0"


def _against_epoch(ax: Axes, data: FigureData) -> None:
    """Draw R across the models of different k against the epoch s, with intervals."""
    found = across_models(data)
    values = list(found.values())
    edges = [c.low for c in values], [c.high for c in values]
    ax.fill_between(list(found), *edges, color=INK, alpha=0.2, lw=0, gid=INTERVAL)
    ax.plot(list(found), [c.r for c in values], "-", color=INK)
    y = label(performance(next(iter(data.runs.values()))))
    words = f"R across k: {label(PRODUCT)} at epoch s, final {y}\nn = {_numbers(values)} models"
    _finish(ax, data, words, "epoch s")


def _finish(ax: Axes, data: FigureData, words: str, x: str) -> None:
    ax.axhline(0, color=GREY, linewidth=0.8, zorder=0)
    ax.set(title=f"{title(*data.runs.values())}\n{words}", xlabel=x, ylabel="R", ylim=(-1.1, 1.1))
    ticks(ax, "x")
    sns.despine(ax=ax)
