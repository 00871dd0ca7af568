"""Algorithms side by side: what is measured of each of them, over epochs.

(a) target accuracy, (b) spectral norm of the Hessian of the support loss at the adapted solutions,
on a logarithmic axis, because algorithms that adapt few parameters differ by orders of magnitude,
(c) cosine of the directions of adaptation, (d) inner product of meta-test gradients, (e) inner
product of embeddings. Lines are means over seeds, bands their range; a color is an algorithm. The
grey dotted line marks chance, 1/way.
"""

from matplotlib.figure import Figure

from . import FigureData
from ._curves import chance
from ._layouts import curves
from ._style import legend

METRICS = ("accuracy", "hessian", "trajectories", "gradients", "embeddings")
QUANTITIES = (
    "target_accuracy",
    "hessian_norm",
    "direction_cosine",
    "gradient_product",
    "embedding_product",
)


def draw(data: FigureData) -> Figure:
    """Draw a panel per quantity with a curve per run."""
    figure, axes, handles = curves([(data, quantity) for quantity in QUANTITIES])
    curvature = axes[QUANTITIES.index("hessian_norm")]
    curvature.set_yscale("log")
    curvature.autoscale(axis="y")
    handles += chance(axes[0], data.runs.values())
    legend(figure, handles)
    return figure
