"""Figure 8: sine regression, negative target MSE and E[g_i . g_j], for different shots k.

(a), (b) over epochs for the smallest and the largest k; (c) the two at all checkpoints of all k,
(d) at the last checkpoint of each training; (e) for each k, their correlation over checkpoints with
its interval. The paper doesn't say which points its (c) and (d) show.
"""

import seaborn as sns
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.ticker import MaxNLocator

from ..results.statistics import Correlation, correlation
from . import FigureData
from ._layouts import across_shots, twin_curves
from ._style import BLUE, GREY, colourbar, letter, panels, performance, title

SECTION = "5.3.1"
CLAIMS = ("c09",)
METRICS = ("accuracy", "gradients")


def draw(data: FigureData) -> Figure:
    """Draw the five panels from runs that differ in their shot."""
    runs = sorted(data.runs, key=lambda name: data.runs[name].shot)
    figure, axes = panels(5, columns=2)
    axes[4].set_subplotspec(axes[4].get_gridspec()[2, :])
    found = {name: _correlation(data, name) for name in runs}
    for ax, name in zip(axes, (runs[0], runs[-1]), strict=False):
        twin_curves(ax, data, name, "gradient_product")
        ax.set_title(f"{title(data.runs[name])}\n{found[name]}")
    shots = [run.shot for run in data.runs.values()]
    norm = colourbar(figure, axes[2:4], shots, "k")
    across_shots(axes[2:4], data, "gradient_product", norm)
    _correlations(axes[4], data, found)
    letter(axes)
    return figure


def _correlation(data: FigureData, name: str) -> Correlation:
    quantities = performance(data.runs[name]), "gradient_product"
    return correlation(data.joined(name, *quantities), *quantities)


def _correlations(ax: Axes, data: FigureData, found: dict[str, Correlation]) -> None:
    """Draw R over checkpoints against k, with intervals."""
    shots, values = [data.runs[name].shot for name in found], found.values()
    ax.vlines(shots, [c.low for c in values], [c.high for c in values], color=BLUE, linewidth=1)
    ax.plot(shots, [c.r for c in values], "o-", color=BLUE, markersize=4)
    ax.axhline(0, color=GREY, linewidth=0.8, zorder=0)
    counts = " to ".join(
        str(n) for n in sorted({min(c.n for c in values), max(c.n for c in values)})
    )
    common = title(*data.runs.values())
    ax.set(title=f"{common}, all checkpoints\nn = {counts} for each k", xlabel="k", ylabel="R")
    ax.set_ylim(-1.1, 1.1)
    ax.xaxis.set_major_locator(MaxNLocator(integer=True))
    sns.despine(ax=ax)
