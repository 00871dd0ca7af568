"""Early stopping: what stopping meta-training by each signal costs in target accuracy.

A panel is a run, a row a signal, which chooses one checkpoint of every training: the one of the
largest validation accuracy, the largest or smallest value of a quantity of the landscape on
meta-test tasks, or where activation-based early stopping (ABE, Guiroy et al. 2022) sees the
activations of meta-test tasks diverge from those of meta-train tasks. The regret is the training's
best target accuracy minus that of the chosen checkpoint, in percentage points. Dots are seeds,
circles their mean with its 95 % t interval, the dashed line that of validation accuracy; the number
on the right is the mean epoch chosen. The best accuracy is picked from the same measurements, which
lets all regrets look larger by the same amount; differences between signals are not affected.

Validation accuracy is on tasks of the data that the run is trained on, also where meta-test tasks
come from another dataset. A signal that was not measured has no row.
"""

from collections.abc import Sequence

import numpy as np
import pandas as pd
import seaborn as sns
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from ..results import stopping
from ..results.statistics import mean_over_seeds
from ..settings import counterparts
from ..settings.config import Run
from . import FigureData
from ._style import BLUE, GREY, ORANGE, dataset, label, letter, panels, ticks, title

SECTION = "Beyond the paper"
CLAIMS = ("c18", "c19")
METRICS = ("accuracy", "gradients", "embeddings", "hessian", "activations")
OPTIONS = {"accuracy": ("val_tasks",)}
COLOURS = {stopping.VALIDATION: GREY, stopping.ACTIVATIONS: ORANGE}
HEIGHT = 3.1


def draw(data: FigureData) -> Figure:
    """Draw a panel per run with a row per signal."""
    figure, axes = panels(len(data.runs), height=HEIGHT)
    for ax, (name, run) in zip(axes, data.runs.items(), strict=True):
        home = counterparts.home(name, data.runs)
        _rows(ax, stopping.stopped(data.curve, name, home))
        ax.set_title(_heading(run, data))
    letter(axes)
    return figure


def _heading(run: Run, data: FigureData) -> str:
    """Return a panel's title, with the data that its meta-test tasks come from."""
    alike = [own.model_copy(update={"test": run.test}) for own in data.runs.values()]
    others = counterparts.elsewhere(run)
    tested = f"on tasks of {dataset(run.at_test())}" if others else "on tasks of the same data"
    return f"{title(run, among=alike)}\n{tested}"


def _rows(ax: Axes, stopped: pd.DataFrame) -> None:
    """Draw the regret of every signal: seeds, their mean and its interval."""
    signals = [signal for signal in stopping.SIGNALS if signal in set(stopped["signal"])]
    epochs = []
    for row, signal in enumerate(signals):
        own = stopped[stopped["signal"] == signal]
        regret = 100 * (own["best"] - own["accuracy"])
        colour, found = COLOURS.get(signal, BLUE), mean_over_seeds(regret)
        ax.scatter(regret, np.full(len(own), row), s=9, color=colour, alpha=0.5, linewidths=0)
        ax.scatter([found.mean], [row], s=30, facecolor="white", edgecolor=colour, zorder=3)
        if found.n > 1:
            ax.hlines(row, max(found.low, 0.0), found.high, color=colour, zorder=2)
        if signal == stopping.VALIDATION:
            ax.axvline(found.mean, color=GREY, linestyle="--", linewidth=1, zorder=0.5)
        epochs.append(f"{own['epoch'].mean():.1f}")
    _name_rows(ax, signals, epochs)


def _name_rows(ax: Axes, signals: Sequence[str], epochs: Sequence[str]) -> None:
    """Name the signals on the left of the rows, and the epochs that they choose on the right."""
    ticks(ax)
    rows = np.arange(len(signals))
    ax.set(xlabel="regret in target accuracy (points)", ylabel="stop at", xlim=(-0.3, None))
    ax.set_yticks(rows, [_words(signal) for signal in signals])
    ax.set_ylim(max(1, len(signals)) - 0.5, -0.5)
    right = ax.secondary_yaxis("right")
    right.set_yticks(rows, epochs)
    right.tick_params(length=0)
    right.set_ylabel("mean epoch")
    right.spines["right"].set_visible(False)
    sns.despine(ax=ax)


def _words(signal: str) -> str:
    """Return how a signal chooses, in words."""
    if signal == stopping.VALIDATION:
        return "largest validation accuracy"
    if signal == stopping.ACTIVATIONS:
        return "diverging activations (ABE)"
    quantity = signal.removeprefix("-")
    return f"{'smallest' if quantity != signal else 'largest'} {label(quantity)}"
