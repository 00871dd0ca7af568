"""Figure 9: target accuracy and E[h_i . h_j] over epochs."""

from matplotlib.figure import Figure

from . import FigureData
from ._layouts import accuracy_against

SECTION = "6"
CLAIMS = ("c10",)
METRICS = ("accuracy", "embeddings")


def draw(data: FigureData) -> Figure:
    """Draw a panel per run: mean and range over seeds."""
    return accuracy_against(data, "embedding_product", individual=False)
