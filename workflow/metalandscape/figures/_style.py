"""What all figures share: colours, sizes, names, and how they are saved."""

from pathlib import Path

import matplotlib as mpl
import matplotlib.pyplot as plt
import seaborn as sns
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.ticker import MaxNLocator

from ..config import Run
from ..files import whole
from ..statistics import correlation
from . import FigureData

mpl.use("Agg")
sns.set_theme(
    "paper",
    "ticks",
    palette="colorblind",
    rc={"pdf.fonttype": 42, "legend.frameon": True, "legend.edgecolor": "none"},
)

PANEL_WIDTH, PANEL_HEIGHT = 4.0, 2.9
BLUE, ORANGE = sns.color_palette("colorblind")[0], sns.color_palette("colorblind")[3]

LABELS = {
    "target_accuracy": "target accuracy",
    "target_loss": "target loss",
    "support_loss": "support loss",
    "hessian_norm": r"$\mathbb{E}\,\|H\|_\sigma$",
    "direction_cosine": r"$\mathbb{E}\,[\vec\theta_i^{\,\top}\vec\theta_j]$",
    "displacement_norm": r"$\mathbb{E}\,\|\tilde\theta_i-\theta^s\|_2$",
    "gradient_product": r"$\mathbb{E}\,[g_i^\top g_j]$",
    "embedding_product": r"$\mathbb{E}\,[h_i^\top h_j]$",
}
ALGORITHMS = {
    "maml": "MAML",
    "first_order_maml": "First-Order MAML",
    "finetuning": "Finetuning baseline",
}


def algorithm(run: Run) -> str:
    """Return the algorithm's name as the paper writes it."""
    return ALGORITHMS.get(run.algorithm, run.algorithm)


def setting(run: Run) -> str:
    """Return dataset, way and shot in words."""
    way = f"{run.way}-way " if run.way else ""
    return f"{run.dataset}, {way}{run.shot}-shot"


def title(run: Run) -> str:
    """Return the title of a panel that shows one run."""
    return f"{setting(run)}\n{algorithm(run)}, T = {run.inner_steps}"


def panels(count: int, columns: int = 3) -> tuple[Figure, list[Axes]]:
    """Return a figure with `count` panels lettered (a), (b), ... when there is more than one."""
    columns = min(count, columns)
    rows = -(-count // columns)
    figure, grid = plt.subplots(
        rows,
        columns,
        figsize=(PANEL_WIDTH * columns, PANEL_HEIGHT * rows + 0.3),
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


def accuracy_against(data: FigureData, metric: str, individual: bool) -> Figure:
    """Draw a panel per run: accuracy (blue) and a metric (orange) over epochs, on twin axes.

    Args:
        data: the figure's data.
        metric: the quantity drawn in orange.
        individual: draw every seed by itself instead of their mean and range.
    """
    figure, axes = panels(len(data.runs), columns=2)
    for ax, (name, run) in zip(axes, data.runs.items(), strict=True):
        twin = ax.twinx()
        for side, quantity, colour in ((ax, "target_accuracy", BLUE), (twin, metric, ORANGE)):
            seeds(side, data.curve(name, quantity), colour, individual)
            side.set_ylabel(LABELS[quantity], color=colour)
            side.tick_params(axis="y", colors=colour)
        r = correlation(data.joined(name, "target_accuracy", metric), "target_accuracy", metric)
        ax.set(title=f"{title(run)}\n{r}", xlabel="epoch")
        sns.despine(ax=ax, right=False)
        sns.despine(ax=twin, right=False)
    letter(axes)
    return figure


def seeds(ax: Axes, curve, colour, individual: bool = False, label: str | None = None) -> None:
    """Draw a quantity over epochs: every seed's line, or the mean over seeds and their range."""
    how = {"units": "seed", "estimator": None} if individual else {"errorbar": ("pi", 100)}
    width = 1.0 if individual else 1.6
    sns.lineplot(
        curve, x="epoch", y="value", ax=ax, color=colour, label=label, linewidth=width, **how
    )
    ax.xaxis.set_major_locator(MaxNLocator(integer=True))


def save(figure: Figure, data: FigureData, outputs: list[str | Path]) -> None:
    """Write a figure to files of any format, with the scale, datasets and seeds named on it."""
    datasets = sorted({run.dataset for run in data.runs.values()})
    count = data.table.groupby("run")["seed"].nunique()
    number = str(count.max()) if count.min() == count.max() else f"{count.min()} to {count.max()}"
    figure.supxlabel(
        f"{data.scale}\ndata: {', '.join(datasets)}; seeds per run: {number}",
        fontsize="x-small",
        color="0.35",
    )
    for path in outputs:
        # Without a date the same table gives the same file.
        dated = {"pdf": "CreationDate", "svg": "Date"}.get(Path(path).suffix[1:])
        with whole(path) as temporary:
            figure.savefig(temporary, dpi=160, metadata={dated: None} if dated else None)
