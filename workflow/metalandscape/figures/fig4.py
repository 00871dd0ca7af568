"""Figure 4: accuracy, support loss and curvature at the solutions of the finetuning baseline.

The paper takes from it that flatness is linked with the support loss rather than generalization.
"""

from matplotlib.figure import Figure

from . import FigureData
from ._layouts import adapted_solutions

SECTION = "5.1"
CLAIMS = ("c02", "c13", "c16")
METRICS = ("accuracy", "hessian")


def draw(data: FigureData) -> Figure:
    """Draw a panel per quantity with a curve per run (1-shot, 5-shot)."""
    return adapted_solutions(data)
