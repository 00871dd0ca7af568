"""Arrangements of panels that several figures share."""

from collections.abc import Sequence
from typing import Any

import numpy as np
import pandas as pd
import seaborn as sns
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.lines import Line2D

from ..results.statistics import (
    Correlation,
    correlation,
    ends,
    over_models,
    too_few,
    trend_free,
)
from . import FigureData
from ._curves import chance, decline, draw_curve, draw_mean, draw_seeds, fit
from ._style import (
    BLUE,
    GREY,
    ORANGE,
    SEQUENCE,
    Look,
    colourbar,
    dot,
    label,
    legend,
    letter,
    line,
    looks,
    panels,
    performance,
    shades,
    shared_labels,
    ticks,
    title,
)

Panels = Sequence[tuple[FigureData, str]]  # what each panel shows, and the quantity

THIN = 0.6  # points, a seed's line beside the mean


def named(shown: Panels) -> tuple[list[dict[str, str]], dict[str, Look]]:
    """Return the labels of the runs of each panel, and the look of every label in all of them."""
    texts = shared_labels([data.runs for data, _ in shown])
    runs = {
        text: data.runs[name]
        for (data, _), own in zip(shown, texts, strict=True)
        for name, text in own.items()
    }
    return texts, looks(runs)


def over_time(data: FigureData, quantity: str) -> tuple[str, dict[str, pd.DataFrame]]:
    """Return what the x axis counts, and the curve of every run over that, as its `epoch`.

    It counts epochs; meta-iterations where runs differ in the length of their epochs, but not in
    their batches.
    """
    found = {name: data.curve(name, quantity) for name in data.runs}
    batches = {run.batch_size for run in data.runs.values()}
    if len(batches) > 1 or len({run.iterations for run in data.runs.values()}) < 2:
        return "epoch", found
    return "meta-iterations", {
        name: curve.assign(epoch=curve["epoch"] * data.runs[name].iterations)
        for name, curve in found.items()
    }


def curves(shown: Panels, individual: bool = False) -> tuple[Figure, list[Axes], list[Line2D]]:
    """Draw a panel for every (data, quantity): a curve over epochs for each run of the data.

    A label has the same look in all panels. With `individual`, thin lines show the seeds instead of
    a band. The x axis is that of `over_time`.

    Returns:
        The figure, its panels, and what its legend should show.
    """
    figure, axes = panels(len(shown))
    texts, used = named(shown)
    everything = [run for data, _ in shown for run in data.runs.values()]
    handles = [line(look, text) for text, look in used.items()]
    for ax, (data, quantity), own in zip(axes, shown, texts, strict=True):
        counted, found = over_time(data, quantity)
        drawn = {text: found[name] for name, text in own.items()}
        for text, curve in drawn.items():
            if individual:
                draw_mean(ax, curve, used[text])
                draw_seeds(ax, curve, used[text], THIN)
            else:
                draw_curve(ax, curve, used[text])
        heading = title(*data.runs.values(), among=everything)
        fit([ax], drawn.values(), initial=quantity == "target_accuracy" and not individual)
        ax.set(title=heading, xlabel=counted, ylabel=label(quantity))
        sns.despine(ax=ax)
    letter(axes)
    return figure, axes, handles


def by_setting(data: FigureData, quantity: str) -> Figure:
    """Draw a panel for every dataset, way and shot with a curve per algorithm."""
    shown = [(group, quantity) for group in data.by("dataset", "way", "shot")]
    figure, _, handles = curves(shown)
    legend(figure, handles)
    return figure


def adapted_solutions(data: FigureData) -> Figure:
    """Draw accuracy, support loss and curvature; a vertical line marks where accuracy declines."""
    quantities = "target_accuracy", "support_loss", "hessian_norm"
    figure, axes, handles = curves([(data, quantity) for quantity in quantities])
    handles += chance(axes[0], data.runs.values())
    (texts, *_), used = named([(data, quantities[0])])
    _, accuracies = over_time(data, quantities[0])
    declines = {text: decline(accuracies[name]) for name, text in texts.items()}
    marked = {text: at for text, at in declines.items() if at is not None}
    for index, (text, at) in enumerate(marked.items()):
        # Lines at the same epoch fill each other's gaps.
        dashes = (3 * index, (3, 3 * max(1, len(marked) - 1)))
        for ax in axes:
            ax.axvline(at, color=used[text].colour, linestyle=dashes, linewidth=1, zorder=0.6)
    if marked:
        mark = {"marker": "|", "linestyle": "", "markersize": 9}
        handles.append(
            line(GREY, "maximum of accuracy (over three epochs), after which it falls", **mark)
        )
    legend(figure, handles)
    return figure


def accuracy_against(
    data: FigureData, metric: str, individual: bool, scatters: bool = False
) -> Figure:
    """Draw a panel per run: performance (blue) and a metric (orange) over epochs, with their R.

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
    handles: dict[str, Line2D] = {}
    for index, (name, run) in enumerate(data.runs.items()):
        ax, last = axes[step * index], axes[step * (index + 1) - 1]
        drawn = twin_curves(ax, data, name, metric, individual)
        handles |= {handle.get_label(): handle for handle in drawn}
        points = data.joined(name, performance(run), metric)
        heading = title(run, among=data.runs.values())
        if scatters:
            ax.set_title(heading)
            colours = {"c": "epoch", "cmap": SEQUENCE, "norm": norm}
            scatter(last, points, metric, performance(run), **colours)
        r = related(points, performance(run), metric)
        last.set_title(r if scatters else f"{heading}\n{r}")
    letter(axes)
    legend(figure, list(handles.values()))
    return figure


def related(points: pd.DataFrame, x: str, y: str) -> str:
    """Return in words R of two columns within seeds, and below it R beyond their common trend."""
    return f"{correlation(points, x, y)}\n{beyond_trend(trend_free(points, x, y))}"


def beyond_trend(found: Correlation) -> str:
    """Return R beyond the common trend in words, for the line below the plain R."""
    few = too_few(found.n_seeds, found.n_checkpoints) or np.isnan(found.low)
    value = "not defined" if np.isnan(found.r) else f"{found.r:.2f}"
    return f"beyond trend: {value}" + ("" if few else f" [{found.low:.2f}, {found.high:.2f}]")


def twin_curves(
    ax: Axes, data: FigureData, name: str, metric: str, individual: bool = False
) -> list[Line2D]:
    """Draw performance (blue) and a metric (orange) of one run over epochs, on twin axes.

    Returns:
        What a legend should show.
    """
    twin, run = ax.twinx(), data.runs[name]
    handles = []
    for side, quantity, colour in ((ax, performance(run), BLUE), (twin, metric, ORANGE)):
        curve = data.curve(name, quantity)
        if individual:
            draw_seeds(side, curve, Look(colour))
        else:
            draw_curve(side, curve, Look(colour), ax if side is twin else None)
        fit([side], [curve], quantity == "target_accuracy")
        side.set_ylabel(label(quantity), color=colour)
        side.tick_params(axis="y", colors=colour)
        sns.despine(ax=side, right=False)
        handles.append(line(colour, label(quantity)))
    return handles + chance(ax, [run])


def scatter(ax: Axes, points: pd.DataFrame, x: str, y: str, **colours: Any) -> None:
    """Draw a point for every row."""
    ax.scatter(x, y, data=points, s=14, linewidths=0, **colours)
    ax.set(xlabel=label(x), ylabel=label(y))
    ticks(ax)
    sns.despine(ax=ax)


def across_shots(axes: Sequence[Axes], data: FigureData, metric: str) -> None:
    """Draw two scatters of performance against a metric over runs of different k, with R.

    The first has every checkpoint of every training, the second those of `ends`.
    """
    runs = list(data.runs.values())
    y = performance(runs[0])
    points = data.pooled(y, metric)
    last = ends(points)
    colours = shades(points["shot"])
    for ax, chosen, which in zip(axes, (points, last), ("all", "last"), strict=True):
        scatter(ax, chosen, metric, y, c=chosen["shot"].map(colours).tolist())
        r = str(over_models(chosen, y, metric))
        if which == "all":  # the last ones have no trend over epochs
            r += f"\n{beyond_trend(over_models(chosen, y, metric, trend='epoch'))}"
        ax.set_title(f"{title(*runs)}, {which} checkpoints\n{r}")


def shot_legend(figure: Figure, data: FigureData) -> None:
    """Put a legend above all panels with the colour of every k."""
    colours = shades(run.shot for run in data.runs.values())
    legend(figure, [dot(colour, f"k = {shot}") for shot, colour in colours.items()])
