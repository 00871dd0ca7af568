"""Figure 3: accuracy, support loss and curvature at the adapted solutions, past meta-overfitting.

Claims C2 and C3 (section 5.1): curvature keeps falling after the accuracy's maximum, and so does
the support loss.
"""

from matplotlib.figure import Figure

from . import FigureData
from ._layouts import adapted_solutions

METRICS = ("accuracy", "hessian")


def draw(data: FigureData) -> Figure:
    """Draw a panel per quantity with a curve per run; a line marks the accuracy's maximum."""
    return adapted_solutions(data)
