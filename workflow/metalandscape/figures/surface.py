"""Loss on the plane of the paths of adaptation, at the first, best and last checkpoint.

Colors show the mean loss of several tasks. The plane goes through the meta-train solution (white
cross) along the first two principal directions of the displacements theta^(t) - theta^s; the share
of the squared displacements that it holds stands above each panel. Lines are the paths of single
tasks projected onto it, points their adapted solutions: a task descends its own loss, not the mean
of all tasks that the colors show. The upper row of a run has the support loss, the lower one the
target loss, on one logarithmic scale of colors in each row; lengths are distances in parameter
space. The columns are the first checkpoint, the one with the best target accuracy (in regression
the lowest target loss) and the last one, all of the run's first seed. Every checkpoint has a plane
of its own.
"""

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.colors import to_rgb
from matplotlib.figure import Figure
from matplotlib.patheffects import Stroke, withStroke

from . import FigureData
from ._style import dot, legend, line
from ._surfaces import draw_planes, value

SECTION = "Beyond the paper"
METRICS = ("accuracy", "surface")
PATH, OUTLINE = "black", withStroke(linewidth=2.4, foreground="white")


def draw(data: FigureData) -> Figure:
    """Draw two rows of three planes for every run, with the paths on them."""
    figure = draw_planes(data, "path", "{i} principal direction", _paths)
    legend(figure, [line(PATH, "path of a task"), dot(to_rgb(PATH), "its adapted solution")])
    return figure


def _paths(ax: Axes, rows: pd.DataFrame) -> str:
    """Draw the paths of one checkpoint; return in words what share of them the plane holds."""
    ends = []
    for path in paths(rows):
        ax.plot(*path.T, color=PATH, linewidth=1, path_effects=[OUTLINE, Stroke()])
        ends.append(path[-1])
    if ends:
        look = {"edgecolors": "white", "linewidths": 0.7, "zorder": 3}
        ax.scatter(*np.transpose(ends), s=22, color=PATH, **look)
    share = value(rows, "path_variance")
    return "" if np.isnan(share) else f"\nplane holds {100 * share:.0f} % of the paths"


def paths(rows: pd.DataFrame) -> list[np.ndarray]:
    """Return the paths [steps + 1, 2] of one checkpoint, which begin at 0."""
    found = rows["metric"].str.extract(r"^path(\d+)_([xy])(\d+)$").dropna()
    table = pd.DataFrame(
        {
            "task": found[0].astype(int),
            "axis": found[1],
            "step": found[2].astype(int),
            "value": rows.loc[found.index, "value"],
        }
    )
    wide = table.pivot(index=["task", "step"], columns="axis", values="value").sort_index()
    return [
        np.concatenate([np.zeros((1, 2)), own[["x", "y"]].to_numpy()])
        for _, own in wide.groupby("task")
    ]
