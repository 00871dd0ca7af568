"""Figure 3: accuracy, support loss and curvature at the adapted solutions, past meta-overfitting.

Claim C2 (section 5.1): curvature keeps falling after the accuracy's maximum.
"""

import seaborn as sns
from matplotlib.figure import Figure

from . import FigureData
from ._style import LABELS, algorithm, letter, panels, seeds, setting

METRICS = ("accuracy", "hessian")
QUANTITIES = ("target_accuracy", "support_loss", "hessian_norm")


def draw(data: FigureData) -> Figure:
    """Draw a panel per quantity with a curve per run; a line marks the accuracy's maximum."""
    figure, axes = panels(len(QUANTITIES))
    colours = sns.color_palette("colorblind", len(data.runs))
    for ax, quantity in zip(axes, QUANTITIES, strict=True):
        for (name, run), colour in zip(data.runs.items(), colours, strict=True):
            seeds(ax, data.curve(name, quantity), colour, label=f"{algorithm(run)}\n{setting(run)}")
            accuracy = data.curve(name, "target_accuracy").groupby("epoch")["value"].mean()
            ax.axvline(accuracy.idxmax(), color=colour, linestyle=":", linewidth=1)
        ax.set(title=LABELS[quantity], xlabel="epoch", ylabel=None)
        sns.despine(ax=ax)
        if ax is not axes[0]:
            ax.get_legend().remove()
    letter(axes)
    return figure
