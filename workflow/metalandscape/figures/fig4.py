"""Figure 4: accuracy, support loss and curvature at the solutions of the finetuning baseline.

Claim C2 (section 5.1): flatness follows the support loss rather than generalization.
"""

from matplotlib.figure import Figure

from . import FigureData
from ._layouts import adapted_solutions

METRICS = ("accuracy", "hessian")


def draw(data: FigureData) -> Figure:
    """Draw a panel per quantity with a curve per run (1-shot, 5-shot)."""
    return adapted_solutions(data)
