"""Figure 14: target accuracy and E[g_i . g_j], individual runs, one inner step, every setting."""

from matplotlib.figure import Figure

from . import FigureData
from ._layouts import accuracy_against

SECTION = "B.3"
CLAIMS = ("c07", "c14")
METRICS = ("accuracy", "gradients")


def draw(data: FigureData) -> Figure:
    """Draw a panel per run."""
    return accuracy_against(data, "gradient_product", individual=True)
