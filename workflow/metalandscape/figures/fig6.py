"""Figure 6: coherence of the finetuning baseline's (a) trajectories and (b) meta-test gradients."""

from matplotlib.figure import Figure

from . import FigureData
from ._layouts import curves
from ._style import GREY

SECTION = "5.2"
CLAIMS = ("c05", "c08")
METRICS = ("trajectories", "gradients")


def draw(data: FigureData) -> Figure:
    """Draw a curve per run in each panel, with zero marked.

    If runs with one inner step and with several are listed, gradients are those of the former and
    trajectories those of the latter, as in the paper.
    """
    several = data.where(lambda run: run.inner_steps > 1)
    single = data.where(lambda run: run.inner_steps == 1)
    figure, axes = curves([(several, "direction_cosine"), (single, "gradient_product")])
    for ax in axes:
        ax.axhline(0, color=GREY, linewidth=0.8, zorder=0)
    return figure
