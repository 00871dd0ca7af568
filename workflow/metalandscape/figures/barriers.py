"""Barriers between the adapted solutions of two tasks, beside target accuracy, over epochs.

(a) target accuracy; in regression the negative target loss. A barrier is the highest excess of a
loss, on the straight line between the solutions of two tasks, over the line between its values at
the ends; 0 means that there is none. (b), (c): of the mean of the two tasks' losses, on their
support and on their target sets. (d), (e): of the loss of one of the two tasks. Lines are means
over seeds, bands their range; a color is an algorithm. The grey dotted line marks chance, 1/way.
"""

from matplotlib.figure import Figure

from . import FigureData
from ._curves import chance
from ._layouts import curves
from ._style import legend, performance

SECTION = "Beyond the paper"
METRICS = ("accuracy", "surface")
BARRIERS = ("support_barrier", "target_barrier", "own_support_barrier", "own_target_barrier")


def draw(data: FigureData) -> Figure:
    """Draw the five panels for every dataset, way and shot, with a curve per run."""
    shown = [
        (group, quantity)
        for group in data.by("dataset", "way", "shot")
        for quantity in (
            performance(next(iter(group.runs.values()))),
            *BARRIERS,
        )
    ]
    figure, axes, handles = curves(shown)
    for ax, (group, quantity) in zip(axes, shown, strict=True):
        if quantity == "target_accuracy":
            handles += chance(ax, group.runs.values())
    legend(figure, list({handle.get_label(): handle for handle in handles}.values()))
    return figure
