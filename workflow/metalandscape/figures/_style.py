"""What all figures share: colours, sizes, names, and how they are saved."""

import logging
import textwrap
from collections.abc import Iterable
from pathlib import Path

import matplotlib as mpl
import matplotlib.pyplot as plt
import pandas as pd
import seaborn as sns
from matplotlib.axes import Axes
from matplotlib.backend_bases import get_registered_canvas_class
from matplotlib.collections import PolyCollection
from matplotlib.colors import Normalize
from matplotlib.figure import Figure
from matplotlib.lines import Line2D
from matplotlib.ticker import MaxNLocator

from ..ground.files import whole
from ..settings.config import Run
from . import FigureData

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
DPI = 160
BLUE, ORANGE = sns.color_palette("colorblind")[0], sns.color_palette("colorblind")[3]
GREY = "0.35"
SEQUENCE = "viridis"
STYLES = ("-", "--", ":", "-.")

LABELS = {
    "target_accuracy": "target accuracy",
    "target_loss": "target loss",
    "-target_loss": "$-$ target MSE",
    "support_loss": "support loss",
    "hessian_norm": r"$\mathbb{E}\,\|H\|_\sigma$",
    "direction_cosine": r"$\mathbb{E}\,[\vec{\theta}_i\cdot\vec{\theta}_j]$",
    "displacement_norm": r"$\mathbb{E}\,\|\tilde\theta_i-\theta^s\|_2$",
    "gradient_product": r"$\mathbb{E}\,[g_i\cdot g_j]$",
    "embedding_product": r"$\mathbb{E}\,[h_i\cdot h_j]$",
}
ALGORITHMS = {
    "maml": "MAML",
    "first_order_maml": "First-Order MAML",
    "finetuning": "Finetuning baseline",
}


def algorithm(run: Run) -> str:
    """Return the algorithm's name as the paper writes it, with the regularizer if there is one."""
    name = ALGORITHMS.get(run.algorithm, run.algorithm)
    if not run.regularizer:
        return name
    options = [f"{k} = {v}" for k, v in run.regularizer.items() if k != "name"]
    return f"Regularised {name} ({', '.join([run.regularizer['name'], *options])})"


def performance(run: Run) -> str:
    """Return the quantity that generalization is judged by; regression has no accuracy."""
    return "target_accuracy" if run.way else "-target_loss"


def words(run: Run) -> dict[str, str]:
    """Return the settings that figures name, in words."""
    return {
        "dataset": run.dataset,
        "way": f"{run.way}-way" if run.way else "",
        "shot": f"{run.shot}-shot",
        "algorithm": algorithm(run),
        "inner_steps": f"T = {run.inner_steps}",
    }


def task(run: Run) -> str:
    """Return way and shot in words."""
    return " ".join(filter(None, (words(run)["way"], words(run)["shot"])))


def title(*runs: Run) -> str:
    """Return the title of a panel: what the runs it shows have in common."""
    first, *others = map(words, runs)
    common = {k: v for k, v in first.items() if v and all(v == other[k] for other in others)}
    shots = " ".join(common[k] for k in ("way", "shot") if k in common)
    lines = [common.get("dataset"), shots], [common.get("algorithm"), common.get("inner_steps")]
    return "\n".join(filter(None, (", ".join(filter(None, line)) for line in lines)))


def labels(runs: dict[str, Run]) -> dict[str, str]:
    """Return what tells the runs of a panel apart, by run; their algorithm if nothing does."""
    named = {name: words(run) for name, run in runs.items()}
    keys = next(iter(named.values()))
    differing = [k for k in keys if len({w[k] for w in named.values()}) > 1] or ["algorithm"]
    found = {name: ", ".join(w[k] for k in differing if w[k]) for name, w in named.items()}
    # Runs that differ in a setting without words go by their own names.
    return found if len(set(found.values())) == len(found) else {name: name for name in runs}


def panels(count: int, columns: int = 3, height: float = PANEL_HEIGHT) -> tuple[Figure, list[Axes]]:
    """Return a figure with `count` panels in rows of at most `columns`."""
    columns = min(count, columns)
    rows = -(-count // columns)
    figure, grid = plt.subplots(
        rows,
        columns,
        figsize=(PANEL_WIDTH * columns, height * rows + 0.3),
        squeeze=False,
        layout="constrained",
    )
    axes = list(grid.flat)
    for spare in axes[count:]:
        spare.remove()
    return figure, axes[:count]


def letter(axes: list[Axes]) -> None:
    """Put (a), (b), ... before the titles of several panels."""
    if len(axes) > 1:
        for index, ax in enumerate(axes):
            ax.set_title(f"({chr(ord('a') + index)}) {ax.get_title()}")


def epochs(ax: Axes) -> None:
    """Make the x axis one of epochs."""
    ax.set_xlabel("epoch")
    ax.xaxis.set_major_locator(MaxNLocator(integer=True))


def seeds(
    ax: Axes, curve: pd.DataFrame, colour, individual: bool = False, style: str = "-"
) -> None:
    """Draw a quantity over epochs: every seed's line, or the mean over seeds and their range."""
    how = {"units": "seed", "estimator": None} if individual else {"errorbar": ("pi", 100)}
    look = {"color": colour, "linestyle": style, "linewidth": 1.0 if individual else 1.6}
    sns.lineplot(curve, x="epoch", y="value", ax=ax, **look, **how)
    epochs(ax)


def palette(names: Iterable[str]) -> dict[str, tuple]:
    """Return a colour for every different name, in their order."""
    names = list(dict.fromkeys(names))
    return dict(zip(names, sns.color_palette("colorblind", len(names)), strict=True))


def legend(figure: Figure, colours: dict[str, tuple], styles: dict[str, str] | None = None) -> None:
    """Put one legend above all panels: names of colours, then names of line styles."""
    handles = [Line2D([], [], color=colour, label=name) for name, colour in colours.items()]
    for name, style in (styles or {}).items():
        handles.append(Line2D([], [], color=GREY, linestyle=style, label=name))
    inches = 0.6 + 0.075 * max(len(handle.get_label()) for handle in handles)
    columns = max(1, min(len(handles), int(figure.get_figwidth() / inches)))
    figure.legend(handles=handles, loc="outside upper center", ncols=columns)


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


def save(figure: Figure, data: FigureData, outputs: list[str | Path]) -> None:
    """Write a figure to files of any format; scale, datasets and seeds of its runs are named."""
    if data.runs:
        footer(figure, f"{data.scale}\n{_origin(figure, data)}")
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


def _origin(figure: Figure, data: FigureData) -> str:
    """Return in words what data and how many seeds a figure shows, and what its bands are."""
    datasets = sorted({run.dataset for run in data.runs.values()})
    count = data.table.groupby("run")["seed"].nunique()
    number = str(count.max()) if count.min() == count.max() else f"{count.min()} to {count.max()}"
    text = f"data: {', '.join(datasets)}; seeds per run: {number}"
    collections = (c for ax in figure.axes for c in ax.collections)
    banded = any(isinstance(c, PolyCollection) for c in collections)
    return f"{text}; bands: range over seeds" if banded and count.max() > 1 else text
