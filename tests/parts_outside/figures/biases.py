"""How much of adaptation happens in biases, over epochs."""

from ._layouts import curves
from ._style import legend

METRICS = ("bias_share",)
CLAIMS = ("in_biases",)


def draw(data):
    figure, _, handles = curves([(data, "bias_share")])
    legend(figure, handles)
    return figure
