"""Figure 15: l2 norm of the adaptation trajectories of all algorithms, (a) 1-shot, (b) 5-shot.

Claim C6 (appendix B.4): it grows with meta-training for MAML and not for the finetuning baseline,
and does not track generalization.
"""

from matplotlib.figure import Figure

from . import FigureData
from ._layouts import by_setting

METRICS = ("trajectories",)


def draw(data: FigureData) -> Figure:
    """Draw a panel per dataset, way and shot with a curve per algorithm."""
    return by_setting(data, "displacement_norm")
