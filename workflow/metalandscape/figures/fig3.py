"""Figure 3: accuracy, support loss and curvature at adapted solutions, past meta-overfitting.

Lines are means over seeds, bands their range; a color is an algorithm. A vertical dashed line
marks the maximum of a run's accuracy, where its accuracy falls after it beyond noise: the mean of
the last three checkpoints lies below that of the three around the maximum, which is located for
each seed on the mean of the others, with a 95 % t interval over seeds that excludes zero. Where no
line is drawn, no meta-overfitting was found. The grey dotted line marks chance, 1/way.
"""

from matplotlib.figure import Figure

from . import FigureData
from ._layouts import adapted_solutions

SECTION = "5.1"
CLAIMS = ("c02", "c03", "c13")
METRICS = ("accuracy", "hessian")


def draw(data: FigureData) -> Figure:
    """Draw a panel per quantity with a curve per run; a line marks where accuracy declines."""
    return adapted_solutions(data)
