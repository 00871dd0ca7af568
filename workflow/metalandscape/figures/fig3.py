"""Figure 3: accuracy, support loss and curvature at adapted solutions, past meta-overfitting."""

from matplotlib.figure import Figure

from . import FigureData
from ._layouts import adapted_solutions

SECTION = "5.1"
CLAIMS = ("c02", "c03", "c13")
METRICS = ("accuracy", "hessian")


def draw(data: FigureData) -> Figure:
    """Draw a panel per quantity with a curve per run; a line marks the accuracy's maximum."""
    return adapted_solutions(data)
