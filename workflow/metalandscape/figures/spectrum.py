"""The spectrum of the Hessian at the adapted solutions, over meta-training.

A panel is a run, a ridge the density of the eigenvalues of the support loss's Hessian after an
epoch, the mean over tasks and seeds; up to nine epochs are shown, evenly spaced, from the
initialization at the bottom to the end of training at the top. The axis of eigenvalues counts
decades on both sides of zero, and is linear between -0.1 and 0.1; the density is one per decade. A
ridge's height is the logarithm of its density, from 0.000001 at the baseline to 2, since nearly all
eigenvalues lie around zero: a single one of a network's P eigenvalues has a density of 2 / P. What
lies left of zero is negative curvature. The ridge that narrows from epoch to epoch is a landscape
that gets flatter, with all of its eigenvalues or, where only its right end moves, with the largest.
"""

from collections.abc import Sequence

import matplotlib as mpl
import numpy as np
import pandas as pd
import seaborn as sns
from matplotlib.axes import Axes
from matplotlib.colors import Normalize
from matplotlib.figure import Figure

from ..ground import plugins
from . import FigureData
from ._style import GREY, SEQUENCE, colourbar, letter, panels, title

SECTION = "Beyond the paper"
METRICS = ("spectrum",)
GRID = plugins.declared("metrics", "spectrum", "GRID")
QUANTITY = "spectral_density"
LOWEST, HIGHEST = 1e-6, 2.0  # densities at the baseline and at the top of a ridge
LANE = 0.92  # the greatest height of a ridge, in distances of baselines
MOST = 9  # ridges
HEIGHT = 4.0  # inches, of a panel
MARKED = np.array([-100, -10, -1, 0, 1, 10, 100])  # eigenvalues


def draw(data: FigureData) -> Figure:
    """Draw a panel per run with a ridge per epoch."""
    figure, axes = panels(len(data.runs), height=HEIGHT)
    norm = colourbar(figure, axes, data.table["epoch"], "epoch")
    densities = [_densities(data.table, name) for name in data.runs]
    for ax, run, density in zip(axes, data.runs.values(), densities, strict=True):
        _ridges(ax, density, norm)
        ax.set(title=title(run, among=data.runs.values()), xlabel="eigenvalue", ylabel="epoch")
        sns.despine(ax=ax, left=True)
    _scale(axes, np.concatenate(list(map(np.asarray, densities))))
    letter(axes)
    return figure


def _densities(table: pd.DataFrame, run: str) -> pd.DataFrame:
    """Return the mean density over seeds, a row per epoch and a column per grid point.

    It is NaN where a seed's is.
    """
    own = table[table["run"].eq(run) & table["split"].eq("test")]
    own = own.assign(point=own["metric"].str.extract(rf"^{QUANTITY}(\d+)$", expand=False))
    own = own.dropna(subset="point").astype({"point": int})
    wide = own.pivot(index=["epoch", "seed"], columns="point", values="value")
    return wide.groupby("epoch").agg(lambda seeds: seeds.mean(skipna=False))


def _points() -> np.ndarray:
    """Return the grid's points, decades on both sides of zero."""
    steps = int(2 * GRID["decades"] * GRID["points_per_decade"])
    return np.linspace(-GRID["decades"], GRID["decades"], steps + 1)


def _decades(eigenvalues: np.ndarray) -> np.ndarray:
    """Return where eigenvalues lie on the axis of the grid's points."""
    return np.arcsinh(eigenvalues / (2 * GRID["unit"])) / np.log(10)


def _height(density: np.ndarray) -> np.ndarray:
    """Return the height of a ridge above its baseline."""
    shown = np.clip(density, LOWEST, HIGHEST)
    return LANE * np.log(shown / LOWEST) / np.log(HIGHEST / LOWEST)


def _ridges(ax: Axes, densities: pd.DataFrame, norm: Normalize) -> None:
    """Draw a ridge for each of some evenly spaced epochs, the first at the bottom."""
    rows = np.linspace(0, len(densities) - 1, min(MOST, len(densities))).round().astype(int)
    chosen, points = densities.iloc[rows], _points()
    for lane, (epoch, density) in enumerate(chosen.iterrows()):
        colour, top = mpl.colormaps[SEQUENCE](norm(epoch)), lane + _height(density.to_numpy())
        ax.plot(points, top, color=colour, linewidth=1)
        ax.fill([*points, points[-1], points[0]], [*top, lane, lane], color=colour, alpha=0.35)
    ax.set_yticks(range(len(chosen)), chosen.index)
    ax.set_ylim(-0.1, len(chosen))


def _scale(axes: Sequence[Axes], densities: np.ndarray) -> None:
    """Scale the horizontal axes to where any density is seen, and mark eigenvalues on them."""
    points, marks = _points(), _decades(MARKED)
    seen = points[(densities > LOWEST).any(axis=0)]
    step = points[1] - points[0]  # a ridge comes down to its baseline
    low, high = (seen[0] - step, seen[-1] + step) if len(seen) else (points[0], points[-1])
    kept = (marks >= low) & (marks <= high)
    for ax in axes:
        ax.axvline(0, color=GREY, linewidth=0.6, zorder=0.5)
        ax.set_xlim(low, high)
        ax.set_xticks(marks[kept], [f"{value:g}" for value in MARKED[kept]])
