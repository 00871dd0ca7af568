"""Figure 5: target accuracy and the cosine of trajectory directions over epochs.

Blue, on the left axis: accuracy; orange, on the right axis: the cosine. Lines are means over
seeds, bands their range. The grey dotted line marks chance, 1/way. R is the correlation of the two
over checkpoints without the initial one, within seeds, with its 95 % interval over seeds; 'beyond
trend': beyond their common trend, after epoch and log epoch are regressed out of both.
"""

from matplotlib.figure import Figure

from . import FigureData
from ._layouts import accuracy_against

SECTION = "5.2"
CLAIMS = ("c04",)
METRICS = ("accuracy", "trajectories")


def draw(data: FigureData) -> Figure:
    """Draw a panel per run: mean and range over seeds."""
    return accuracy_against(data, "direction_cosine", individual=False)
