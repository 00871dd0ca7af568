"""Figure 7: target accuracy and E[g_i . g_j] over epochs, individual runs, one inner step.

Blue, on the left axis: accuracy; orange, on the right axis: the product. Each line is a seed; the
right axis is scaled without epoch 0 where that is far off. The grey dotted line marks chance,
1/way. R is the correlation of the two over checkpoints without the initial one, within seeds, with
its 95 % interval over seeds;
'beyond trend': beyond their common trend, after epoch and log epoch are regressed out of both.
"""

from matplotlib.figure import Figure

from . import FigureData
from ._layouts import accuracy_against

SECTION = "5.3"
CLAIMS = ("c07",)
METRICS = ("accuracy", "gradients")


def draw(data: FigureData) -> Figure:
    """Draw a panel per run."""
    return accuracy_against(data, "gradient_product", individual=True)
