"""Figure 15: l2 norm of the adaptation trajectories of all algorithms, (a) 1-shot, (b) 5-shot.

Lines are means over seeds, bands their range; a color is an algorithm, in every figure.
"""

from matplotlib.figure import Figure

from . import FigureData
from ._layouts import by_setting

SECTION = "B.4"
CLAIMS = ("c06",)
METRICS = ("trajectories",)


def draw(data: FigureData) -> Figure:
    """Draw a panel per dataset, way and shot with a curve per algorithm."""
    return by_setting(data, "displacement_norm")
