"""Symmetry of the classes: what is left of coherence if theta^s prefers no class to another.

A row is a run. Left: the cosine of adaptation directions (Eq. 5), from theta^s, the last layer's
part of it (dashed), and from the symmetric theta^s, in which every row of the last layer is the
mean of its rows, so that before adaptation all classes are equally probable. Middle: the share of
target inputs that theta^s assigns, before adaptation, to the class it predicts most often; the
dotted line is chance, 1/way. Right: target accuracy after adaptation from both, on the same tasks.
Lines are means over seeds, bands their range.
"""

import pandas as pd
import seaborn as sns
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from . import FigureData
from ._curves import chance, draw_curve, fit
from ._style import BLUE, ORANGE, STYLES, Look, label, legend, letter, line, panels, title

SECTION = "Beyond the paper"
METRICS = ("trajectories", "symmetry")
PLAIN, HEAD, SYMMETRIC = Look(BLUE), Look(BLUE, STYLES[1]), Look(ORANGE)
COSINE = "direction_cosine"
PREDICTION = "most frequent prediction"  # the whole label is too long for a panel


def draw(data: FigureData) -> Figure:
    """Draw a row of three panels for every run."""
    figure, axes = panels(3 * len(data.runs))
    handles = [
        line(PLAIN, r"from $\theta^s$"),
        line(HEAD, "the last layer's part"),
        line(SYMMETRIC, r"from the symmetric $\theta^s$"),
    ]
    waiting = iter(axes)
    for name, run in data.runs.items():
        cosines, predictions, accuracies = (next(waiting) for _ in range(3))
        _panel(cosines, data.curve(name, "symmetric_direction_cosine"), data.curve(name, COSINE))
        draw_curve(cosines, data.curve(name, "head_direction_cosine"), HEAD)
        _panel(predictions, None, data.curve(name, "top_class"))
        predictions.set_ylim(0, 1.03)
        _panel(accuracies, *accuracy(data, name))
        for ax, words in zip(
            (cosines, predictions, accuracies),
            (label(COSINE), PREDICTION, label("target_accuracy")),
            strict=True,
        ):
            ax.set(title=title(run, among=data.runs.values()), ylabel=words)
    at_chance = [chance(ax, data.runs.values()) for ax in axes[1::3]]
    letter(axes)
    legend(figure, [*handles, *at_chance[0]])
    return figure


def accuracy(data: FigureData, name: str) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Return the curves of target accuracy from the symmetric theta^s, and from theta^s."""
    new, gain = data.curve(name, "symmetric_accuracy"), data.curve(name, "symmetric_gain")
    both = new.merge(gain[["seed", "epoch", "value"]], on=["seed", "epoch"], suffixes=("", "_gain"))
    return new, both.assign(value=both["value"] - both["value_gain"])


def _panel(ax: Axes, symmetric: pd.DataFrame | None, plain: pd.DataFrame) -> None:
    """Draw a quantity over epochs from theta^s and, where given, from the symmetric one."""
    if symmetric is not None:
        draw_curve(ax, symmetric, SYMMETRIC)
    draw_curve(ax, plain, PLAIN)
    fit([ax], [plain] if symmetric is None else [plain, symmetric], initial=True)
    sns.despine(ax=ax)
