"""Figure 4: accuracy, support loss and curvature at the solutions of the finetuning baseline.

Lines are means over seeds, bands their range; a line style is a setting. A vertical dashed line
marks the maximum of a run's accuracy, where its accuracy falls after it beyond noise: the mean of
the last three checkpoints lies below that of the three around the maximum, which is located for
each seed on the mean of the others, with a 95 % t interval over seeds that excludes zero. The grey
dotted line marks chance, 1/way. The paper takes from the figure that flatness is linked with the
support loss rather than generalization.
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
