"""Figure 6: coherence of the finetuning baseline's (a) trajectories and (b) meta-test gradients.

Each colored line is the baseline's mean over seeds, with their range as a band. Grey lines are the
means of the meta-learners in the list, drawn for reference, because the paper compares the two;
their line style is that of the baseline's run with the same shot, and each algorithm has its grey.
The thin line marks zero.
"""

from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.lines import Line2D

from . import FigureData
from ._curves import draw_mean, fit
from ._layouts import curves, named
from ._names import role
from ._style import GREY, Look, algorithm, legend, lighter, line, task

SECTION = "5.2"
CLAIMS = ("c05", "c08")
METRICS = ("trajectories", "gradients")
REFERENCE = "0.6"


def draw(data: FigureData) -> Figure:
    """Draw a curve per baseline in each panel, with zero marked, and meta-learners in grey.

    If runs with one inner step and with several are listed, gradients are those of the former and
    trajectories those of the latter, as in the paper.
    """
    baselines = data.where(lambda run: role(run) == "baseline")
    quantities = "direction_cosine", "gradient_product"
    conditions = (
        (lambda run: run.at_test().inner_steps > 1),
        (lambda run: run.at_test().inner_steps == 1),
    )
    parts = list(zip(conditions, quantities, strict=True))
    shown = [(baselines.where(condition), quantity) for condition, quantity in parts]
    figure, axes, handles = curves(shown)
    texts, used = named(shown)
    for ax, (condition, quantity), (group, _), own in zip(axes, parts, shown, texts, strict=True):
        references = data.runs.keys() - baselines.runs.keys()
        runs = {n: run for n, run in data.where(condition).runs.items() if n in references}
        styles = {task(group.runs[n]): used[text].style for n, text in own.items()}
        handles += _reference(ax, data, runs, styles, quantity)
        drawn = [data.curve(name, quantity) for name in [*group.runs, *runs]]
        fit([ax], drawn, False, 0.0)
        ax.axhline(0, color=GREY, linewidth=0.8, zorder=0)
    legend(figure, list({handle.get_label(): handle for handle in handles}.values()))
    return figure


def _reference(ax: Axes, data: FigureData, runs: dict, styles: dict, quantity: str) -> list[Line2D]:
    """Draw the means of some runs in grey; return what a legend should show."""
    handles, greys = [], list(dict.fromkeys(run.algorithm for run in runs.values()))
    for name, run in runs.items():
        grey = lighter(REFERENCE, greys.index(run.algorithm))
        look = Look(grey, styles.get(task(run), "-"))
        draw_mean(ax, data.curve(name, quantity), look)
        handles.append(line(look, f"{algorithm(run)}, {task(run)} (reference)"))
    return handles
