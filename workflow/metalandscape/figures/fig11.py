"""Figure 11: target accuracy of MAML with and without the regularizer of its inner loop.

Thick lines are means over seeds, thin lines the single seeds. The numbers are those of claim C11:
the mean over seeds of the difference at the last epoch that both runs have with this seed,
regularized minus plain, with its 95 % t interval; and the change of the target error, a geometric
mean over seeds.
"""

from typing import Any

import numpy as np
import pandas as pd
from matplotlib.figure import Figure

from ..results.statistics import mean_over_seeds
from ..settings.config import Run
from . import FigureData
from ._layouts import curves
from ._style import labels, legend, number_range

SECTION = "7"
CLAIMS = ("c11",)
METRICS = ("accuracy",)


def draw(data: FigureData) -> Figure:
    """Draw a panel per setting; the differences at the last common epoch stand above it."""
    groups = data.by("dataset", "way", "shot", "algorithm", "inner_steps")
    shown = [(group, "target_accuracy") for group in groups]
    figure, axes, handles = curves(shown, individual=True)
    for ax, group in zip(axes, groups, strict=True):
        ax.set_title("\n".join([ax.get_title(), *_differences(group)]))
    lines = max(ax.get_title().count("\n") for ax in axes)
    figure.set_figheight(figure.get_figheight() + 0.17 * lines + 0.4)
    legend(figure, handles)
    return figure


def _differences(data: FigureData) -> list[str]:
    """Return in words what each regularizer changes against the run without it."""
    pairs = {
        name: plain
        for name, run in data.runs.items()
        for plain, other in data.runs.items()
        if run.regularizer and _settings(run, regularizer=None) == _settings(other)
    }
    named = labels(data.runs) if len(pairs) > 1 else dict.fromkeys(pairs, "regularized")
    return [
        f"{named[name]} minus plain: {_difference(data, plain, name)}"
        for name, plain in pairs.items()
    ]


def _settings(run: Run, **changes: Any) -> str:
    return run.model_copy(update=changes).settings()


def _difference(data: FigureData, plain: str, regularized: str) -> str:
    both = data.curve(plain, "target_accuracy").merge(
        data.curve(regularized, "target_accuracy"), on=["seed", "epoch"], suffixes=("", "_new")
    )
    final = both.dropna(subset=["value", "value_new"]).groupby("seed").tail(1)
    if final.empty:
        return "no checkpoint that both have"
    before, after = final["value"], final["value_new"]
    change = mean_over_seeds(100 * (after - before))
    return (
        f"{change.mean:+.2f} points [{change.low:+.2f}, {change.high:+.2f}]\n"
        f"of accuracy after epoch {number_range(final['epoch'])}, {change.n} seeds; "
        f"error {_relative(1 - before, 1 - after)}"
    )


def _relative(before: pd.Series, after: pd.Series) -> str:
    """Return the change of the error in percent, the geometric mean over seeds."""
    if not ((before > 0) & (after > 0)).all():
        return "of some seed is zero"
    return f"{100 * (np.exp(np.log(after / before).mean()) - 1):+.0f} %"
