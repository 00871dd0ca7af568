"""Figure 2: curvature at the adapted solutions over epochs, in every setting.

Claim C1 (section 5.1): adapted solutions get sharper up to a peak, then flatter.
"""

from matplotlib.figure import Figure

from . import FigureData
from ._layouts import by_setting

METRICS = ("hessian",)


def draw(data: FigureData) -> Figure:
    """Draw a panel per dataset, way and shot with a curve per algorithm."""
    return by_setting(data, "hessian_norm")
