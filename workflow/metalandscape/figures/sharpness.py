"""Sharpness measures beside the norm of the Hessian, at the adapted solutions, over epochs.

Scaling a filter before batch norm changes no output of the network, but it changes (a) the spectral
norm of the Hessian H of the support loss and (d) its trace, so that their fall alone does not show
that solutions get flatter (Dinh et al. 2017). The other panels do not change: (b) the norm and (e)
the trace of D H D, with D the norm of the filter of every weight (Li et al. 2018), and (c) by how
much ASAM's ascent step raises the support loss (adaptive sharpness, Kwon et al. 2021). Where all
five move together, flattening is no artefact of the scale of weights; where (b), (c) and (e) stay
and (a) and (d) fall, it is one. Lines are means over seeds, bands their range; a color is an
algorithm.
"""

from matplotlib.figure import Figure

from . import FigureData
from ._layouts import curves
from ._style import legend

SECTION = "Beyond the paper"
METRICS = ("hessian", "sharpness")
QUANTITIES = (
    "hessian_norm",
    "filter_norm",
    "adaptive_sharpness",
    "hessian_trace",
    "filter_trace",
)


def draw(data: FigureData) -> Figure:
    """Draw a panel per quantity with a curve per run."""
    figure, _, handles = curves([(data, quantity) for quantity in QUANTITIES])
    legend(figure, handles)
    return figure
