"""Figure 13: target accuracy and the cosine of trajectory directions, in every setting."""

from matplotlib.figure import Figure

from . import FigureData
from ._layouts import accuracy_against

SECTION = "B.2"
CLAIMS = ("c04",)
METRICS = ("accuracy", "trajectories")


def draw(data: FigureData) -> Figure:
    """Draw two panels per run: mean and range over seeds, and a point for every checkpoint."""
    return accuracy_against(data, "direction_cosine", individual=False, scatters=True)
