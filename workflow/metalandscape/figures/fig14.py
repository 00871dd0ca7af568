"""Figure 14: target accuracy and E[g_i . g_j], individual runs, one inner step, in every setting.

Claim C7 (section 5.3, appendix B.3): the coherence of meta-test gradients at theta^s correlates
with target accuracy in every setting.
"""

from matplotlib.figure import Figure

from . import FigureData
from ._layouts import accuracy_against

METRICS = ("accuracy", "gradients")


def draw(data: FigureData) -> Figure:
    """Draw a panel per run."""
    return accuracy_against(data, "gradient_product", individual=True)
