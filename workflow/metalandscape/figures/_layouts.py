"""Arrangements of panels that several figures share."""

from collections.abc import Sequence

import pandas as pd
import seaborn as sns
from matplotlib.axes import Axes
from matplotlib.colors import Normalize
from matplotlib.figure import Figure

from ..results.statistics import correlation
from . import FigureData
from ._style import (
    BLUE,
    LABELS,
    ORANGE,
    SEQUENCE,
    colourbar,
    labels,
    legend,
    letter,
    palette,
    panels,
    performance,
    seeds,
    title,
)


def curves(shown: Sequence[tuple[FigureData, str]]) -> tuple[Figure, list[Axes]]:
    """Draw a panel for every (data, quantity): a curve over epochs for each run of the data.

    The same name has the same colour in all panels, and one legend explains them.
    """
    figure, axes = panels(len(shown))
    colours = palette(label for data, _ in shown for label in labels(data.runs).values())
    for ax, (data, quantity) in zip(axes, shown, strict=True):
        for name, label in labels(data.runs).items():
            seeds(ax, data.curve(name, quantity), colours[label])
        ax.set(title=title(*data.runs.values()), ylabel=LABELS[quantity])
        sns.despine(ax=ax)
    letter(axes)
    legend(figure, colours)
    return figure, axes


def by_setting(data: FigureData, quantity: str) -> Figure:
    """Draw a panel for every dataset, way and shot with a curve per algorithm."""
    return curves([(group, quantity) for group in data.by("dataset", "way", "shot")])[0]


def adapted_solutions(data: FigureData) -> Figure:
    """Draw accuracy, support loss and curvature; a dotted line marks each accuracy's maximum."""
    quantities = "target_accuracy", "support_loss", "hessian_norm"
    figure, axes = curves([(data, quantity) for quantity in quantities])
    colours = palette(labels(data.runs).values())
    for name, colour in zip(data.runs, colours.values(), strict=True):
        accuracy = data.curve(name, "target_accuracy").groupby("epoch")["value"].mean()
        for ax in axes:
            ax.axvline(accuracy.idxmax(), color=colour, linestyle=":", linewidth=1)
    return figure


def accuracy_against(
    data: FigureData, metric: str, individual: bool, scatters: bool = False
) -> Figure:
    """Draw a panel per run: accuracy (blue) and a metric (orange) over epochs, with their R.

    Args:
        data: the figure's data.
        metric: the quantity drawn in orange.
        individual: draw every seed by itself instead of their mean and range.
        scatters: put a panel beside each, with a point for every checkpoint.
    """
    step = 2 if scatters else 1
    count = step * len(data.runs)
    figure, axes = panels(count, columns=2 if count <= 4 else 4)
    if scatters:
        norm = colourbar(figure, axes, data.table["epoch"], "epoch")
    for index, (name, run) in enumerate(data.runs.items()):
        ax = axes[step * index]
        twin_curves(ax, data, name, metric, individual)
        points = data.joined(name, performance(run), metric)
        r = correlation(points, performance(run), metric)
        if scatters:
            ax.set_title(title(run))
            scatter(axes[step * index + 1], points, metric, performance(run), "epoch", norm)
        axes[step * (index + 1) - 1].set_title(f"{r}" if scatters else f"{title(run)}\n{r}")
    letter(axes[::step])
    return figure


def twin_curves(
    ax: Axes, data: FigureData, name: str, metric: str, individual: bool = False
) -> None:
    """Draw performance (blue) and a metric (orange) of one run over epochs, on twin axes."""
    twin = ax.twinx()
    quantities = performance(data.runs[name]), metric
    for side, quantity, colour in zip((ax, twin), quantities, (BLUE, ORANGE), strict=True):
        seeds(side, data.curve(name, quantity), colour, individual)
        side.set_ylabel(LABELS[quantity], color=colour)
        side.tick_params(axis="y", colors=colour)
        sns.despine(ax=side, right=False)


def scatter(ax: Axes, points: pd.DataFrame, x: str, y: str, shade: str, norm: Normalize) -> None:
    """Draw a point for every row, shaded by a column."""
    ax.scatter(x, y, c=shade, data=points, cmap=SEQUENCE, norm=norm, s=14, linewidths=0)
    ax.set(xlabel=LABELS[x], ylabel=LABELS[y])
    sns.despine(ax=ax)


def across_shots(axes: Sequence[Axes], data: FigureData, metric: str, norm: Normalize) -> None:
    """Draw two scatters of performance against a metric over runs of different k, with R.

    The first has every checkpoint of every training, the second the last one of each.
    """
    runs = list(data.runs.values())
    y = performance(runs[0])
    points = data.pooled(y, metric)
    last = points.sort_values("epoch", kind="stable").groupby("seed").tail(1)
    for ax, chosen, which in zip(axes, (points, last), ("all", "last"), strict=True):
        scatter(ax, chosen, metric, y, "shot", norm)
        ax.set_title(f"{title(*runs)}, {which} checkpoints\n{correlation(chosen, y, metric)}")
