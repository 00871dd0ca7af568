"""Planes of losses at the first, the best and the last checkpoint, from the tables of `surface`."""

from collections.abc import Callable

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.cm import ScalarMappable
from matplotlib.colors import LogNorm
from matplotlib.figure import Figure

from . import FigureData
from ._style import SEQUENCE, letter, panels, performance, title

LOSSES = {"support": "support loss", "target": "target loss"}
HEIGHT = 3.6  # inches, of a square panel with its title
LEVELS = 16
LOWEST = 1e-4  # of the highest loss of a row, which its colors go down to


def draw_planes(
    data: FigureData,
    kind: str,
    axes_of: str,
    more: Callable[[Axes, pd.DataFrame], str] = lambda ax, rows: "",
) -> Figure:
    """Draw three planes of each loss for every run, of its first seed, their middle marked.

    Args:
        data: with the quantities of `surface`.
        kind: the plane, "path" or "random".
        axes_of: what both axes are called, with the place {i} for "first" and "second".
        more: draws something else on a panel, given the rows of its checkpoint, and returns what
            its title should say of that.
    """
    figure, axes = panels(6 * len(data.runs), columns=3, height=HEIGHT)
    waiting = iter(axes)
    for name, run in data.runs.items():
        rows = first_seed(data, name)
        for loss, words in LOSSES.items():
            own = [next(waiting) for _ in range(3)]
            epochs = chosen(rows, performance(run))
            planes = [rows[rows["epoch"] == epoch] for epoch in epochs.values()]
            _row(figure, own, planes, f"{kind}_{loss}_loss", words)
            heading = title(run, among=data.runs.values())
            for ax, (word, epoch), plane in zip(own, epochs.items(), planes, strict=True):
                said = more(ax, plane)
                ax.scatter([0], [0], marker="+", s=60, color="white", linewidths=1.6, zorder=4)
                ax.set_title(f"{heading}\n{words}, {word}, epoch {epoch}{said}")
                ax.set(xlabel=axes_of.format(i="first"), ylabel=axes_of.format(i="second"))
                ax.set_aspect("equal")
    letter(axes)
    return figure


def first_seed(data: FigureData, name: str) -> pd.DataFrame:
    """Return the rows of a run's first seed on meta-test tasks."""
    rows = data.table[(data.table["run"] == name) & (data.table["split"] == "test")]
    return rows[rows["seed"] == rows["seed"].min()]


def chosen(rows: pd.DataFrame, judged_by: str) -> dict[str, int]:
    """Return the first epoch, the one that is best, and the last one, by what they are called.

    Args:
        rows: of a training.
        judged_by: a quantity; a minus before its name negates it.
    """
    name = judged_by.removeprefix("-")
    sign = -1 if name != judged_by else 1
    curve = sign * rows[rows["metric"] == name].set_index("epoch")["value"].dropna()
    epochs = rows.loc[rows["metric"] == "path_step", "epoch"]
    curve = curve[curve.index.isin(epochs)]
    best = curve.idxmax() if len(curve) else epochs.max()
    return {"first": int(epochs.min()), "best": int(best), "last": int(epochs.max())}


def value(rows: pd.DataFrame, name: str) -> float:
    """Return one quantity of one checkpoint; NaN if it has none."""
    found = rows.loc[rows["metric"] == name, "value"]
    return float(found.iloc[0]) if len(found) else np.nan


def plane(rows: pd.DataFrame, name: str) -> np.ndarray:
    """Return the losses of a plane [second, first] of one checkpoint, as contours take them."""
    places = rows["metric"].str.extract(rf"^{name}_(\d+)_(\d+)$").dropna().astype(int)
    size = places.to_numpy().max() + 1
    found = np.full((size, size), np.nan)
    found[places[1], places[0]] = rows.loc[places.index, "value"]
    return found


def _row(
    figure: Figure, axes: list[Axes], checkpoints: list[pd.DataFrame], name: str, words: str
) -> None:
    """Draw the plane of three checkpoints with the same colors, and what they mean."""
    losses = [plane(rows, name) for rows in checkpoints]
    kind = name.split("_")[0]
    steps = [value(rows, f"{kind}_step") for rows in checkpoints]
    values = np.concatenate([own.ravel() for own in losses])
    values = values[np.isfinite(values) & (values > 0)]
    if not len(values):
        return
    low = max(values.min(), LOWEST * values.max())
    norm = LogNorm(low, max(values.max(), 1.001 * low))
    levels = np.geomspace(norm.vmin, norm.vmax, LEVELS)
    for ax, own, step in zip(axes, losses, steps, strict=True):
        if np.isfinite(own).any() and step > 0:
            at = step * (np.arange(len(own)) - len(own) // 2)
            shown = np.ma.masked_invalid(own)
            ax.contourf(at, at, shown, levels, norm=norm, cmap=SEQUENCE, extend="both")
            ax.contour(at, at, shown, levels, colors="white", linewidths=0.3, alpha=0.6)
    bar = figure.colorbar(ScalarMappable(norm, SEQUENCE), ax=axes, label=words, fraction=0.02)
    bar.set_ticks(levels[:: (LEVELS - 1) // 3], labels=[f"{level:.2g}" for level in levels[::5]])
    bar.minorticks_off()
