"""Figure 11: target accuracy of MAML with and without the regularizer of its inner loop."""

from matplotlib.figure import Figure

from ..results.statistics import mean_over_seeds
from . import FigureData
from ._layouts import curves
from ._style import labels

SECTION = "7"
CLAIMS = ("c11",)
METRICS = ("accuracy",)


def draw(data: FigureData) -> Figure:
    """Draw a panel per setting; the differences at the last common epoch stand above it."""
    groups = data.by("dataset", "way", "shot", "algorithm", "inner_steps")
    figure, axes = curves([(group, "target_accuracy") for group in groups])
    figure.set_figheight(1.3 * figure.get_figheight())  # the titles are long
    for ax, group in zip(axes, groups, strict=True):
        ax.set_title("\n".join([ax.get_title(), *_differences(group)]))
    return figure


def _differences(data: FigureData) -> list[str]:
    """Return in words what each regularizer changes against the run without one."""
    plain = next((name for name, run in data.runs.items() if not run.regularizer), None)
    regularised = [name for name, run in data.runs.items() if run.regularizer]
    named = labels(data.runs) if len(regularised) > 1 else dict.fromkeys(regularised, "difference")
    return [f"{named[name]} {_difference(data, plain, name)}" for name in regularised if plain]


def _difference(data: FigureData, plain: str, regularised: str) -> str:
    both = data.curve(plain, "target_accuracy").merge(
        data.curve(regularised, "target_accuracy"), on=["seed", "epoch"]
    )
    final = both[both["epoch"] == both["epoch"].max()]
    change = mean_over_seeds(final["value_y"] - final["value_x"])
    error = 1 - final["value_x"].mean()
    return (
        f"{100 * change.mean:+.2f} points [{100 * change.low:+.2f}, {100 * change.high:+.2f}]\n"
        f"after epoch {final['epoch'].max()} ({change.n} seeds), "
        f"error {-100 * change.mean / error:+.0f} %"
    )
