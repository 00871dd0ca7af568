"""What all figures share: colours, sizes, panels, legends, and how they are saved."""

import hashlib
import logging
import textwrap
from collections.abc import Iterable, Iterator, Mapping, Sequence
from itertools import count, product
from pathlib import Path
from string import ascii_lowercase
from typing import Any, NamedTuple

import matplotlib as mpl
import matplotlib.pyplot as plt
import numpy as np
import pandas as pd
import seaborn as sns
from matplotlib.axes import Axes
from matplotlib.backend_bases import get_registered_canvas_class
from matplotlib.colors import Normalize, is_color_like, to_hex, to_rgb
from matplotlib.figure import Figure
from matplotlib.lines import Line2D
from matplotlib.ticker import MaxNLocator

from ..ground import plugins
from ..ground.files import whole
from ..results.troubles import troubles
from ..settings.config import Run
from . import FigureData
from ._names import (
    algorithm,
    dataset,
    elsewhere,
    label,
    labels,
    performance,
    shared_labels,
    task,
    title,
)

__all__ = [
    "algorithm",
    "dataset",
    "label",
    "labels",
    "performance",
    "shared_labels",
    "task",
    "title",
]

for chatty in ("fontTools", "matplotlib"):
    logging.getLogger(chatty).setLevel(logging.WARNING)
mpl.use("Agg")
sns.set_theme(
    "paper",
    "ticks",
    palette="colorblind",
    rc={"pdf.fonttype": 42, "legend.frameon": True, "legend.edgecolor": "none"},
)

PANEL_WIDTH, PANEL_HEIGHT = 4.0, 2.9
NARROW = 3.2  # inches, of a panel where four or more stand in a row
DPI = 160
TICKS, STEPS = 5, (1, 2, 2.5, 5, 10)  # at most so many intervals between ticks, of such widths
# Of quantities; algorithms have other colors.
BLUE, ORANGE = sns.color_palette("colorblind")[0], sns.color_palette("colorblind")[3]
GREY = "0.35"
# The names of marks and bands, by which the footer finds them.
COLLAPSED, RANGE, INTERVAL = "collapsed", "range", "interval"
SEQUENCE = "viridis"
# For algorithms that declare no COLOUR of their own (Paul Tol's muted colours).
SPARE = ("#117733", "#882255", "#999933", "#CC6677", "#DDCC77", "#88CCEE")
STYLES: tuple[str | tuple, ...] = (
    "-",
    (0, (4, 1.5)),
    (0, (7, 1.5, 1, 1.5)),
    (0, (3, 1, 1, 1, 1, 1)),
    (0, (9, 2)),
)
LIGHTER = 0.4  # share of white in the colour of every second variant of an algorithm


class Look(NamedTuple):
    """How a line is drawn."""

    colour: str | tuple
    style: str | tuple = "-"


def colour(name: str) -> str:
    """Return an algorithm's colour, the same in every figure, whatever else is shown.

    It is the `COLOUR` that its module declares; otherwise the name alone chooses a spare one, so
    that two such algorithms may share it: `looks` then tells them apart by line style.
    """
    digest = int.from_bytes(hashlib.sha256(name.encode()).digest()[:8], "big")
    spare = SPARE[digest % len(SPARE)]
    own = plugins.readable("algorithms", name, "COLOUR", spare)
    return to_hex(own if is_color_like(own) else spare)


def looks(runs: Mapping[str, Run]) -> dict[str, Look]:
    """Return a look for every label: its run's algorithm's colour, a line style per variant.

    Every second variant is lighter.
    """
    found: dict[str, Look] = {}
    variants: dict[str, Iterator[int]] = {}
    for text, run in runs.items():
        own = colour(run.algorithm)
        variant = next(variants.setdefault(own, count()))
        found[text] = Look(lighter(own, variant % 2), STYLES[variant % len(STYLES)])
    return found


def lighter(colour: str, times: int = 1) -> str:
    """Return a colour mixed with white, so many times."""
    rgb = np.array(to_rgb(colour))
    return to_hex(1 - (1 - rgb) * (1 - LIGHTER) ** times)


def shades(values: Iterable[int]) -> dict[int, tuple]:
    """Return a colour of the sequential scale for every different value, lightest left out."""
    distinct = sorted(set(values))
    steps = [0.85 * i / max(1, len(distinct) - 1) for i in range(len(distinct))]
    return dict(zip(distinct, map(mpl.colormaps[SEQUENCE], steps), strict=True))


def panels(count: int, columns: int = 3, height: float = PANEL_HEIGHT) -> tuple[Figure, list[Axes]]:
    """Return a figure with `count` panels in rows of at most `columns`."""
    columns = min(count, columns)
    rows = -(-count // columns)
    width = PANEL_WIDTH if columns < 4 else NARROW
    figure, grid = plt.subplots(
        rows,
        columns,
        figsize=(max(width * columns, 1.2 * PANEL_WIDTH), height * rows + 0.3),
        squeeze=False,
        layout="constrained",
    )
    axes = list(grid.flat)
    for spare in axes[count:]:
        spare.remove()
    return figure, axes[:count]


def letter(axes: Sequence[Axes]) -> None:
    """Put (a), (b), ... before the titles of several panels."""
    if len(axes) > 1:
        for ax, letters in zip(axes, _letters(), strict=False):
            ax.set_title(f"({letters}) {ax.get_title()}")


def _letters() -> Iterable[str]:
    """Yield a to z, then aa, ab and so on."""
    yield from ascii_lowercase
    yield from map("".join, product(ascii_lowercase, repeat=2))


def ticks(ax: Axes, integer: str = "") -> None:
    """Give both axes few enough ticks for their labels; whole ones on the axes named."""
    for name, axis in (("x", ax.xaxis), ("y", ax.yaxis)):
        axis.set_major_locator(MaxNLocator(TICKS, steps=STEPS, integer=name in integer))


def line(look: Look | str | tuple, name: str, **changes: Any) -> Line2D:
    """Return a line for a legend."""
    look = look if isinstance(look, Look) else Look(look)
    return Line2D(
        [], [], **{"color": look.colour, "linestyle": look.style, "label": name} | changes
    )


def dot(colour: tuple, name: str) -> Line2D:
    """Return a point for a legend."""
    return Line2D([], [], color=colour, marker="o", linestyle="", markersize=4, label=name)


def legend(figure: Figure, handles: Sequence[Line2D]) -> None:
    """Put one legend above all panels, in as many columns as fit."""
    if not handles:
        return
    longest = max(_shown_length(handle.get_label()) for handle in handles)
    inches = 0.55 + 0.075 * longest
    columns = max(1, min(len(handles), int(figure.get_figwidth() / inches)))
    figure.legend(handles=handles, loc="outside upper center", ncols=columns)


def _shown_length(text: str) -> int:
    """Return about how many characters a text has when drawn; a formula is half its source."""
    parts = text.split("$")
    return sum(len(part) if i % 2 == 0 else -(-len(part) // 2) for i, part in enumerate(parts))


def colourbar(figure: Figure, axes: list[Axes], values: Iterable[int], label: str) -> Normalize:
    """Put a bar of the sequential colours beside panels; return what maps values to it."""
    values = list(values)
    norm = Normalize(min(values), max(max(values), min(values) + 1))
    shades = mpl.cm.ScalarMappable(norm, SEQUENCE)
    ticks = MaxNLocator(integer=True)
    figure.colorbar(shades, ax=axes, label=label, ticks=ticks, aspect=40, fraction=0.02)
    return norm


def footer(figure: Figure, text: str) -> None:
    """Put small words under a figure, in lines that fit its width (18 characters an inch)."""
    width = int(18 * figure.get_figwidth())
    lines = [
        part
        for line in text.split("\n")
        for part in textwrap.wrap(line, width, break_on_hyphens=False)
    ]
    figure.supxlabel("\n".join(lines), fontsize="x-small", color=GREY)


def save(figure: Figure, data: FigureData, outputs: Iterable[str | Path]) -> None:
    """Write a figure to files of any format; scale, datasets and seeds of its runs are named."""
    if data.runs:
        footer(figure, "\n".join([_plain(data.scale), *_origin(figure, data)]))
    for path in outputs:
        # Printed without `savefig`, which draws everything once more to find out how.
        kind = Path(path).suffix[1:]
        figure.set_dpi(DPI)
        draw = getattr(get_registered_canvas_class(kind)(figure), f"print_{kind}")
        # Without a date the same table gives the same file.
        dated = {"pdf": "CreationDate", "svg": "Date"}.get(kind)
        with whole(path) as temporary:
            draw(temporary, metadata={dated: None} if dated else None)
        # Panels stay where they are: laying them out takes longest.
        figure.set_layout_engine("none")


def _plain(text: str) -> str:
    """Return a text of the user's on one line, of which nothing is a formula."""
    return " ".join(text.split()).replace("$", r"\$")


def _origin(figure: Figure, data: FigureData) -> list[str]:
    """Return lines on the data and seeds a figure shows, its bands, and what it doesn't show."""
    datasets = sorted({dataset(run) for run in data.runs.values()})
    shown = data.table[data.table["run"].isin(list(data.runs))]
    seeds = shown.groupby("run")["seed"].nunique()
    last = shown.groupby("run")["epoch"].max()
    length = [data.runs[name].iterations * epoch for name, epoch in last.items()]
    parts = [
        f"data: {', '.join(datasets)}",
        f"iterations of training: {number_range(length)}",
        f"seeds per run: {number_range(seeds)}",
    ]
    bands = {drawn.get_gid() for ax in figure.axes for drawn in ax.collections}
    if RANGE in bands and seeds.max() > 1:
        parts.append("lines: mean over seeds, bands: range over seeds")
        if INTERVAL in bands:
            parts[-1] += ", of R its 95 % interval"
    if any(map(_starts_outside, figure.axes)):
        parts.append("curves may begin at epoch 0 outside the axes")
    lines = ["; ".join(parts)]
    if others := elsewhere(data.runs.values()):
        lines.append(f"with dataset, way and shot differ: {'; '.join(others)}")
    return [*lines, *_troubles(figure, shown)]


def number_range(counts: Iterable[int]) -> str:
    """Return the smallest and the largest of whole numbers in words."""
    low, high = min(counts), max(counts)
    return f"{low:,}" if low == high else f"{low:,} to {high:,}"


def _troubles(figure: Figure, shown: pd.DataFrame) -> list[str]:
    """Return lines on diverged adaptations and collapsed epochs, if there are any."""
    lines = troubles(shown)
    if any(drawn.get_gid() == COLLAPSED for ax in figure.axes for drawn in ax.lines):
        lines.append("x: epochs in which meta-training collapsed")
    return lines


def _starts_outside(ax: Axes) -> bool:
    """Return whether a curve begins at epoch 0 outside the axes."""
    low, high = ax.get_ylim()
    starts = [drawn.get_ydata()[0] for drawn in ax.lines if _from_epoch_0(ax, drawn)]
    return any(start < low or start > high for start in starts)


def _from_epoch_0(ax: Axes, drawn: Line2D) -> bool:
    x = drawn.get_xdata()
    return ax.get_xlabel() == "epoch" and len(x) > 2 and x[0] == 0
