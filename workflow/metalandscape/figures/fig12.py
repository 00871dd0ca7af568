"""Figure 12: accuracy on meta-train and on meta-test tasks, in all settings.

The accuracy on meta-train tasks is measured where ``metrics.accuracy.train_tasks`` asks for it.
"""

from itertools import cycle

import seaborn as sns
from matplotlib.figure import Figure

from . import FigureData
from ._style import LABELS, STYLES, algorithm, legend, letter, palette, panels, seeds, task

SECTION = "B.1"
CLAIMS = ("c12", "c15", "c17")
METRICS = ("accuracy",)
OPTIONS = {"accuracy": ("train_tasks",)}
SPLITS = {"train": "meta-train tasks", "test": "meta-test tasks"}


def draw(data: FigureData) -> Figure:
    """Draw a row per dataset: a colour per setting, a line style per algorithm, solid for MAML."""
    groups = data.by("dataset")
    figure, axes = panels(len(SPLITS) * len(groups), columns=len(SPLITS))
    colours = palette(task(run) for run in data.runs.values())
    maml_first = sorted(data.runs.values(), key=lambda run: run.algorithm != "maml")
    styles = dict(zip(dict.fromkeys(map(algorithm, maml_first)), cycle(STYLES), strict=False))
    shown = [(group, split) for group in groups for split in SPLITS]
    for ax, (group, split) in zip(axes, shown, strict=True):
        for name, run in group.runs.items():
            curve = group.curve(name, "target_accuracy", split)
            seeds(ax, curve, colours[task(run)], style=styles[algorithm(run)])
        dataset = next(iter(group.runs.values())).dataset
        ax.set(title=f"{dataset}, {SPLITS[split]}", ylabel=LABELS["target_accuracy"])
        sns.despine(ax=ax)
    for left, right in zip(axes[::2], axes[1::2], strict=True):
        left.sharey(right)
    letter(axes[:: len(SPLITS)])
    legend(figure, colours, styles)
    return figure
