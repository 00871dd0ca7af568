"""Figure 7: target accuracy and E[g_i . g_j] over epochs, individual runs, one inner step."""

from matplotlib.figure import Figure

from . import FigureData
from ._layouts import accuracy_against

SECTION = "5.3"
CLAIMS = ("c07",)
METRICS = ("accuracy", "gradients")


def draw(data: FigureData) -> Figure:
    """Draw a panel per run."""
    return accuracy_against(data, "gradient_product", individual=True)
