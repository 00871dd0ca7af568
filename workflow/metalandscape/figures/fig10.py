"""Figure 10: target accuracy against E[h_i . h_j], for different shots k.

A point is a checkpoint, its color the shot k. The paper doesn't say which points it shows: here
are all checkpoints of all k, and beside them those of the last epoch that all trainings of a seed
have. The intervals of R count no more models than there are values of k.
"""

from matplotlib.figure import Figure

from . import FigureData
from ._layouts import across_shots, shot_legend
from ._style import letter, panels

SECTION = "6"
CLAIMS = ("c10",)
METRICS = ("accuracy", "embeddings")


def draw(data: FigureData) -> Figure:
    """Draw two panels per dataset, way and algorithm from runs that differ in their shot."""
    groups = data.by("dataset", "way", "algorithm")
    figure, axes = panels(2 * len(groups), columns=2)
    for index, group in enumerate(groups):
        across_shots(axes[2 * index : 2 * index + 2], group, "embedding_product")
    letter(axes)
    shot_legend(figure, data)
    return figure
