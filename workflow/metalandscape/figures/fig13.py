"""Figure 13: target accuracy and the cosine of trajectory directions, in every setting.

Claim C4 (section 5.2, appendix B.2): the coherence of adaptation trajectories correlates with
target accuracy.
"""

from matplotlib.figure import Figure

from . import FigureData
from ._layouts import accuracy_against

METRICS = ("accuracy", "trajectories")


def draw(data: FigureData) -> Figure:
    """Draw two panels per run: mean and range over seeds, and a point for every checkpoint."""
    return accuracy_against(data, "direction_cosine", individual=False, scatters=True)
