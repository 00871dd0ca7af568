"""Figure 2: curvature at the adapted solutions over epochs, in every setting.

Lines are means over seeds, bands their range; a color is an algorithm, in every figure.
"""

from matplotlib.figure import Figure

from . import FigureData
from ._layouts import by_setting

SECTION = "5.1"
CLAIMS = ("c01",)
METRICS = ("hessian",)


def draw(data: FigureData) -> Figure:
    """Draw a panel per dataset, way and shot with a curve per algorithm."""
    return by_setting(data, "hessian_norm")
