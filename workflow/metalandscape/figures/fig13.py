"""Figure 13: target accuracy and the cosine of trajectory directions, in every setting.

Blue, on the left axis: accuracy; orange, on the right axis: the cosine. Lines are means over
seeds, bands their range. Beside each panel the two against each other, a point for every
checkpoint. The grey dotted line marks chance, 1/way. R is the correlation of the two over
checkpoints without the initial one, within seeds, with its 95 % interval over seeds; 'beyond
trend': beyond their common trend, after epoch and log epoch are regressed out of both.
"""

from matplotlib.figure import Figure

from . import FigureData
from ._layouts import accuracy_against

SECTION = "B.2"
CLAIMS = ("c04",)
METRICS = ("accuracy", "trajectories")


def draw(data: FigureData) -> Figure:
    """Draw two panels per run: mean and range over seeds, and a point for every checkpoint."""
    return accuracy_against(data, "direction_cosine", individual=False, scatters=True)
