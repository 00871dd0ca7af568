"""Figure 9: target accuracy and E[h_i . h_j] over epochs.

Claim C10 (section 6): the coherence of representations reflects meta-overfitting.
"""

from matplotlib.figure import Figure

from . import FigureData
from ._layouts import accuracy_against

METRICS = ("accuracy", "embeddings")


def draw(data: FigureData) -> Figure:
    """Draw a panel per run: mean and range over seeds."""
    return accuracy_against(data, "embedding_product", individual=False)
