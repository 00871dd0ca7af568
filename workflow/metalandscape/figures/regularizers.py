"""Regularizers and Sharp-MAML: does flatter mean better here?

(a) The gain in target accuracy over the same training without the change, against the step gamma of
a regularizer; the horizontal line is Sharp-MAML's gain. (b) The gain against n, the tasks of a
meta-batch: the plain training has as many. (c) The gain against the flattening, the logarithm of
the plain training's curvature over that with the change: right is flatter, up is better, and R is
taken within seeds over all changes. All are of the mean of the last three checkpoints; points are
means over seeds, which are paired, with their 95 % t intervals. A panel without anything to compare
is left out.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass

import pandas as pd
import seaborn as sns
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from ..results.paired import effects
from ..results.statistics import mean_over_seeds, over_models
from ..settings import counterparts
from ..settings.config import Run
from . import FigureData
from ._names import plain as words
from ._style import (
    BLUE,
    GREY,
    ORANGE,
    SPARE,
    STYLES,
    algorithm,
    colour,
    legend,
    letter,
    line,
    panels,
    ticks,
)

SECTION = "Beyond the paper"
CLAIMS = ("c20",)
METRICS = ("accuracy", "hessian")
COUNTERPARTS = True
GAIN = "gain in target accuracy (points)"


@dataclass(frozen=True)
class Change:
    """A changed training and what the change does.

    Attributes:
        run: its settings.
        plain: the name of the run without the change.
        effects: `seed`, `gain` and `flattening`.
    """

    run: Run
    plain: str
    effects: pd.DataFrame

    @property
    def kind(self) -> str:
        """The regularizer, or the algorithm."""
        return words(self.run.regularizer.name) if self.run.regularizer else algorithm(self.run)

    @property
    def gamma(self) -> float | None:
        """The step of its regularizer, if it has any."""
        return self.run.regularizer.options.get("gamma") if self.run.regularizer else None


def draw(data: FigureData) -> Figure:
    """Draw the gain over gamma, the gain over n, and the gain against the flattening."""
    changes = [
        Change(data.runs[name], plain, effects(data.curve, name, plain)[0])
        for name, plain in counterparts.plain(data.runs).items()
    ]
    colours = _colours(changes)
    sweeps = [
        (r"step $\gamma$", lambda c: c.gamma, lambda c: (c.kind, c.plain)),
        ("tasks of a meta-batch n", lambda c: c.run.batch_size, lambda c: (c.kind, c.gamma)),
    ]
    series = [(name, x, _series(changes, x, key)) for name, x, key in sweeps]
    shown = [each for each in series if each[2]]
    figure, axes = panels(len(shown) + 1)
    for ax, (name, x, groups) in zip(axes, shown, strict=False):
        _sweep(ax, name, x, groups, colours)
    if shown and shown[0][1] is sweeps[0][1]:
        _references(axes[0], changes, shown[0][2], colours)
    _scatter(axes[-1], changes, colours)
    letter(axes)
    legend(figure, [line(own, kind, marker="o", markersize=4) for kind, own in colours.items()])
    return figure


def _colours(changes: list[Change]) -> dict[str, str]:
    """Return a colour for every kind of change; an algorithm has its own."""
    kinds = {change.kind: change for change in changes}
    free = iter([BLUE, ORANGE, *SPARE] * len(kinds))
    return {
        kind: next(free) if change.run.regularizer else colour(change.run.algorithm)
        for kind, change in kinds.items()
    }


def _series(
    changes: list[Change], x: Callable[[Change], float | None], key: Callable[[Change], tuple]
) -> list[list[Change]]:
    """Return groups of changes that have at least two different x, each sorted by it."""
    groups: dict[tuple, list[Change]] = {}
    for change in changes:
        if x(change) is not None:
            groups.setdefault(key(change), []).append(change)
    return [
        sorted(group, key=lambda change: x(change) or 0.0)
        for group in groups.values()
        if len({x(change) for change in group}) > 1
    ]


def _sweep(
    ax: Axes,
    name: str,
    x: Callable[[Change], float | None],
    groups: list[list[Change]],
    colours: Mapping[str, str],
) -> None:
    """Draw the gain over x: a line per group."""
    for number, group in enumerate(groups):
        before = sum(other[0].kind == group[0].kind for other in groups[:number])
        found = [mean_over_seeds(change.effects["gain"]) for change in group]
        means = [each.mean for each in found]
        errors = [
            [each.mean - each.low for each in found],
            [each.high - each.mean for each in found],
        ]
        own = {"color": colours[group[0].kind], "linestyle": STYLES[before % len(STYLES)]}
        ax.errorbar([x(change) for change in group], means, errors, marker="o", markersize=4, **own)
    ax.axhline(0, color=GREY, linewidth=0.8, zorder=0.5)
    ax.set(xlabel=name, ylabel=GAIN, title=f"over {name}")
    ticks(ax)
    sns.despine(ax=ax)


def _references(
    ax: Axes, changes: list[Change], groups: list[list[Change]], colours: Mapping[str, str]
) -> None:
    """Draw the gains of algorithms over the plain runs of some groups, as horizontal lines."""
    plain = {group[0].plain for group in groups}
    for change in changes:
        if not change.run.regularizer and change.plain in plain:
            gain = mean_over_seeds(change.effects["gain"]).mean
            ax.axhline(gain, color=colours[change.kind], zorder=0.7)


def _scatter(ax: Axes, changes: list[Change], colours: Mapping[str, str]) -> None:
    """Draw the gain against the flattening: a point per change, with intervals."""
    for change in changes:
        x, y = (mean_over_seeds(change.effects[name]) for name in ("flattening", "gain"))
        own = {"color": colours[change.kind], "linewidth": 0.8, "alpha": 0.6}
        ax.hlines(y.mean, x.low, x.high, **own)
        ax.vlines(x.mean, y.low, y.high, **own)
        ax.scatter([x.mean], [y.mean], s=22, color=colours[change.kind], zorder=3)
    for draw_line in (ax.axhline, ax.axvline):
        draw_line(0, color=GREY, linewidth=0.8, zorder=0.5)
    parts = [change.effects.assign(epoch=i) for i, change in enumerate(changes)]
    r = over_models(pd.concat(parts, ignore_index=True), "flattening", "gain", kinds="epoch")
    ax.set(xlabel="flattening, log ratio of curvature", ylabel=GAIN)
    ax.set_title(f"flatter against better\n{r}")
    ticks(ax)
    sns.despine(ax=ax)
