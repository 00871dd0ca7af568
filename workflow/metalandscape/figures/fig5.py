"""Figure 5: target accuracy and the cosine of trajectory directions over epochs."""

from matplotlib.figure import Figure

from . import FigureData
from ._layouts import accuracy_against

SECTION = "5.2"
CLAIMS = ("c04",)
METRICS = ("accuracy", "trajectories")


def draw(data: FigureData) -> Figure:
    """Draw a panel per run: mean and range over seeds."""
    return accuracy_against(data, "direction_cosine", individual=False)
