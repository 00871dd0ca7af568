"""Loss around adapted solutions along random directions: first, best, last checkpoint.

A plane goes through each task's adapted solution (white cross); the colors show the mean over
tasks of every task's own loss. The directions are the same at all checkpoints, and each of their
filters has the norm of the solution's filter (Li et al. 2018): 1 on an axis moves a filter by its
own length, so that solutions of different scale can be compared. The upper row of a run has the
support loss, the lower one the target loss, on one logarithmic scale of colors in each row. The
columns are the first checkpoint, the one with the best target accuracy (the lowest target loss in
regression) and the last one, all of the run's first seed.
"""

from matplotlib.figure import Figure

from . import FigureData
from ._surfaces import draw_planes

SECTION = "Beyond the paper"
METRICS = ("accuracy", "surface")


def draw(data: FigureData) -> Figure:
    """Draw two rows of three planes for every run."""
    return draw_planes(data, "random", "{i} random direction")
