"""Figure 12: accuracy on meta-train and on meta-test tasks, in all settings.

A color is an algorithm, a line style a setting (way and shot); lines are means over seeds, bands
their range. The grey dotted lines mark chance, 1/way. The accuracy on meta-train tasks is measured
where ``metrics.accuracy.train_tasks`` asks for it.
"""

from itertools import cycle

import seaborn as sns
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.lines import Line2D

from . import FigureData
from ._curves import chance, draw_curve, fit
from ._style import (
    GREY,
    STYLES,
    Look,
    algorithm,
    colour,
    dataset,
    label,
    legend,
    letter,
    line,
    panels,
    task,
)

SECTION = "B.1"
CLAIMS = ("c12", "c15", "c17")
METRICS = ("accuracy",)
OPTIONS = {"accuracy": ("train_tasks",)}
SPLITS = {"train": "meta-train tasks", "test": "meta-test tasks"}


def draw(data: FigureData) -> Figure:
    """Draw a row per dataset, meta-train tasks on the left and meta-test tasks on the right."""
    groups = data.by("dataset")
    figure, axes = panels(len(SPLITS) * len(groups), columns=len(SPLITS))
    tasks = dict.fromkeys(task(run) for run in data.runs.values())
    styles = dict(zip(tasks, cycle(STYLES), strict=False))
    handles: dict[str, Line2D] = {}
    for row, group in enumerate(groups):
        pair = axes[len(SPLITS) * row : len(SPLITS) * (row + 1)]
        handles |= {handle.get_label(): handle for handle in _row(pair, group, styles)}
    letter(axes)
    algorithms = {algorithm(run): run.algorithm for run in data.runs.values()}
    legend(
        figure,
        [
            *(line(colour(name), words) for words, name in algorithms.items()),
            *(line(Look(GREY, style), name) for name, style in styles.items()),
            *handles.values(),
        ],
    )
    return figure


def _row(axes: list[Axes], group: FigureData, styles: dict) -> list[Line2D]:
    """Draw the curves of one dataset on one scale; return what marks chance."""
    drawn = []
    for ax, (split, words) in zip(axes, SPLITS.items(), strict=True):
        for name, run in group.runs.items():
            drawn.append(group.curve(name, "target_accuracy", split))
            draw_curve(ax, drawn[-1], Look(colour(run.algorithm), styles[task(run)]))
        of = dataset(next(iter(group.runs.values())))
        ax.set(title=f"{of}, {words}", ylabel=label("target_accuracy"))
        sns.despine(ax=ax)
    fit(axes, drawn, initial=True)
    return [handle for ax in axes for handle in chance(ax, group.runs.values())]
