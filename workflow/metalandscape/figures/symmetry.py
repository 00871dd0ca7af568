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
    waiting, at_chance = iter(axes), []
    for name, run in data.runs.items():
        for words, curves in _panels(data, name).items():
            ax = next(waiting)
            for curve, look in curves:
                draw_curve(ax, curve, look)
            fit([ax], [curve for curve, _ in curves], initial=True)
            ax.set(title=title(run, among=data.runs.values()), ylabel=words)
            sns.despine(ax=ax)
            if words == PREDICTION:
                ax.set_ylim(0, 1.03)
                at_chance = chance(ax, [run])
    letter(axes)
    legend(figure, [*handles, *at_chance])
    return figure


def _panels(data: FigureData, name: str) -> dict[str, list[tuple[pd.DataFrame, Look]]]:
    """Return the curves of a run's panels by what their y axis shows, the lowest first."""
    return {
        label(COSINE): [
            (data.curve(name, f"symmetric_{COSINE}"), SYMMETRIC),
            (data.curve(name, COSINE), PLAIN),
            (data.curve(name, f"head_{COSINE}"), HEAD),
        ],
        PREDICTION: [(data.curve(name, "top_class"), PLAIN)],
        label("target_accuracy"): list(zip(accuracy(data, name), (SYMMETRIC, PLAIN), strict=True)),
    }


def accuracy(data: FigureData, name: str) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Return the curves of target accuracy from the symmetric theta^s, and from theta^s."""
    new, gain = data.curve(name, "symmetric_accuracy"), data.curve(name, "symmetric_gain")
    both = new.merge(gain[["seed", "epoch", "value"]], on=["seed", "epoch"], suffixes=("", "_gain"))
    return new, both.assign(value=both["value"] - both["value_gain"])
