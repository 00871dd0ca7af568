"""Feature reuse: what adaptation changes of every layer, over epochs.

Left: linear CKA of a layer's activations on the target inputs before and after adaptation, 1 where
adaptation only rotates or scales them (Raghu et al. 2020). Middle: the same without the bias that
few inputs with many features cause; it is 0 on average for unrelated activations. Right: how far
adaptation moves a layer's parameters, relative to their norm. A color is a layer, from the first,
dark, to the last, light, which is the head; its activations are the outputs. Lines are means over
seeds, bands their range.
"""

import re

import seaborn as sns
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from . import FigureData
from ._curves import draw_curve, fit
from ._style import Look, legend, letter, line, panels, shades, title

SECTION = "Beyond the paper"
METRICS = ("reuse",)
QUANTITIES = {
    "cka": "CKA",
    "debiased_cka": "debiased CKA",
    "displacement": "relative displacement",
}


def draw(data: FigureData) -> Figure:
    """Draw a row of three panels for every run, with a curve per layer."""
    figure, axes = panels(len(QUANTITIES) * len(data.runs), columns=len(QUANTITIES))
    waiting = iter(axes)
    known = [layer for name in data.runs for layer in layers(data, name, "displacement")]
    looks = {layer: Look(colour) for layer, colour in shades(known).items()}
    for name, run in data.runs.items():
        for quantity, words in QUANTITIES.items():
            ax = next(waiting)
            _panel(ax, data, name, quantity, looks)
            ax.set(title=title(run, among=data.runs.values()), ylabel=words)
    letter(axes)
    legend(figure, [line(look, f"layer {layer}") for layer, look in looks.items()])
    return figure


def layers(data: FigureData, name: str, quantity: str) -> list[int]:
    """Return the layers of which a run has a quantity."""
    names = data.table.loc[data.table["run"] == name, "metric"].unique()
    found = (re.fullmatch(rf"{quantity}_layer(\d+)", each) for each in names)
    return sorted(int(each[1]) for each in found if each)


def _panel(ax: Axes, data: FigureData, name: str, quantity: str, looks: dict[int, Look]) -> None:
    """Draw one quantity of every layer of a run."""
    curves = {
        layer: data.curve(name, f"{quantity}_layer{layer}")
        for layer in layers(data, name, quantity)
    }
    for layer, curve in curves.items():
        draw_curve(ax, curve, looks[layer])
    fit([ax], curves.values(), initial=True)
    sns.despine(ax=ax)
