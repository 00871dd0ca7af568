"""What single figures show, against numbers computed from the same tables."""

import re

import numpy as np
import pytest
from matplotlib.colors import to_hex
from scipy import stats

from figure_tables import REGULARIZER, data, drawing, drawn, runs_of, sine_runs, table
from metalandscape.figures import FigureData, _style


def legend(figure):
    return [text.get_text() for text in figure.legends[0].get_texts()]


def titles(figure):
    return [ax.get_title() for ax in figure.axes if ax.get_title()]


def printed(title):
    """R and n in a title."""
    found = re.search(r"R = (-?\d\.\d\d) \[.*\], n = (\d+)", title)
    return float(found[1]), int(found[2])


def expected(shown, runs, first, second, last=False):
    """R and n over the checkpoints of some runs but the initial one, from the table alone."""
    t = shown.table[shown.table["run"].isin(runs) & (shown.table["split"] == "test")]
    t = t[t["epoch"] > 0]
    t = t[t["epoch"] == t["epoch"].max()] if last else t
    wide = t.pivot(index=["run", "seed", "epoch"], columns="metric", values="value")
    return round(np.corrcoef(wide[first], wide[second])[0, 1], 2), len(wide)


TWINS = [
    ("fig5", "direction_cosine"),
    ("fig7", "gradient_product"),
    ("fig9", "embedding_product"),
    ("fig13", "direction_cosine"),
    ("fig14", "gradient_product"),
]


@pytest.mark.parametrize("name, metric", TWINS)
def test_each_run_has_its_correlation(name, metric):
    found = [printed(title) for title in titles(drawing(name)) if "R = " in title]
    runs = data(name).runs
    assert found == [expected(data(name), [run], "target_accuracy", metric) for run in runs]


@pytest.mark.parametrize("name, metric", TWINS)
def test_accuracy_is_blue_and_the_metric_orange(name, metric):
    for ax in (ax for ax in drawing(name).axes if ax.lines):
        colours = {to_hex(line.get_color()) for line in ax.lines}
        assert colours == {to_hex(ax.yaxis.label.get_color())}
        blue = ax.get_ylabel() == "target accuracy"
        assert colours == {to_hex(_style.BLUE if blue else _style.ORANGE)}


def test_means_are_over_seeds():
    run = next(iter(data("fig5").runs))
    means = data("fig5").curve(run, "target_accuracy").groupby("epoch")["value"].mean()
    np.testing.assert_allclose(drawing("fig5").axes[0].lines[0].get_ydata(), means)


def test_a_run_of_regression_is_judged_by_its_error():
    runs = sine_runs([4])
    shown = FigureData(table(runs, ["accuracy", "gradients"]), runs, "scale")
    figure = drawn("fig7", shown)
    assert (
        printed(titles(figure)[0])[0]
        == -expected(shown, runs, "target_loss", "gradient_product")[0]
    )
    assert max(figure.axes[0].lines[0].get_ydata()) < 0


def test_fig2_has_a_panel_per_setting_and_a_colour_per_algorithm():
    figure = drawing("fig2")
    assert legend(figure) == ["First-Order MAML", "MAML"]
    assert titles(figure)[4] == "(e) miniimagenet, 5-way 1-shot\nT = 5"
    assert len({line.get_color() for ax in figure.axes for line in ax.lines}) == 2


@pytest.mark.parametrize(
    "name, names",
    [
        ("fig3", ["First-Order MAML", "MAML"]),
        ("fig4", ["1-shot", "5-shot"]),
    ],
)
def test_the_maximum_of_accuracy_is_marked_in_every_panel(name, names):
    figure, shown = drawing(name), data(name)
    best = [
        shown.curve(run, "target_accuracy").groupby("epoch")["value"].mean().idxmax()
        for run in shown.runs
    ]
    for ax in figure.axes:
        assert [line.get_xdata()[0] for line in ax.lines if len(line.get_xdata()) == 2] == best
    assert legend(figure) == names


def test_fig6_takes_gradients_from_runs_of_one_step():
    figure, shown = drawing("fig6"), data("fig6")
    steps = {"direction_cosine": 5, "gradient_product": 1}
    for ax, (quantity, inner_steps) in zip(figure.axes, steps.items(), strict=True):
        runs = [name for name, run in shown.runs.items() if run.inner_steps == inner_steps]
        for line, run in zip(ax.lines, runs, strict=False):
            means = shown.curve(run, quantity).groupby("epoch")["value"].mean()
            np.testing.assert_allclose(line.get_ydata(), means)
    assert legend(figure) == ["1-shot", "5-shot"]


def test_fig6_shows_one_sort_of_runs_in_both_panels():
    figure = drawn("fig6", FigureData(data("fig6").table, data("fig4").runs, "scale"))
    assert [title.split("T = ")[1] for title in titles(figure)] == ["5", "5"]


def test_fig8_correlates_over_checkpoints_and_over_shots():
    figure, shown = drawing("fig8"), data("fig8")
    judged = [printed(title) for title in titles(figure)[:4]]
    of = ["target_loss", "gradient_product"]
    runs = list(shown.runs)
    wanted = [
        expected(shown, [runs[0]], *of),
        expected(shown, [runs[-1]], *of),
        expected(shown, runs, *of),
        expected(shown, runs, *of, last=True),
    ]
    assert judged == [(-r, n) for r, n in wanted]
    (line,) = [line for ax in figure.axes for line in ax.lines if len(line.get_xdata()) == 14]
    assert list(line.get_xdata()) == list(range(2, 16))
    assert round(line.get_ydata()[3], 2) == -expected(shown, [runs[3]], *of)[0]


def test_fig8_orders_runs_by_shot():
    runs = sine_runs([9, 3, 5])
    figure = drawn("fig8", FigureData(table(runs, ["accuracy", "gradients"]), runs, "scale"))
    assert "3-shot" in titles(figure)[0] and "9-shot" in titles(figure)[1]


def test_fig10_correlates_over_shots_for_each_algorithm():
    shown = data("fig10")
    wanted = []
    for algorithm in ("first_order_maml", "maml"):
        runs = [name for name, run in shown.runs.items() if run.algorithm == algorithm]
        of = (shown, runs, "target_accuracy", "embedding_product")
        wanted += [expected(*of), expected(*of, last=True)]
    assert [printed(title) for title in titles(drawing("fig10"))] == wanted


def test_fig11_prints_the_paired_difference():
    figure, shown = drawing("fig11"), data("fig11")
    assert legend(figure) == ["MAML", "Regularised MAML (trajectory_angle, gamma = 0.5)"]
    plain, regularised = (
        shown.curve(run, "target_accuracy").query("epoch == 11")["value"].to_numpy()
        for run in shown.runs
    )
    test = stats.ttest_rel(regularised, plain)
    low, high = test.confidence_interval(0.95)
    gain = (regularised - plain).mean()
    title = titles(figure)[0]
    assert f"difference {100 * gain:+.2f} points [{100 * low:+.2f}, {100 * high:+.2f}]" in title
    assert f"after epoch 11 (3 seeds), error {-100 * gain / (1 - plain.mean()):+.0f} %" in title


def test_fig11_compares_every_regularizer_with_the_run_without():
    setting = [("omniglot", 20, 1)]
    strong = {"algorithms": ["maml"], "regularizer": REGULARIZER | {"gamma": 5.0}}
    runs = data("fig11").runs | {"strong": runs_of(setting, **strong).popitem()[1]}
    title = titles(drawn("fig11", FigureData(table(runs, ["accuracy"]), runs, "scale")))[0]
    assert len(re.findall(r"Regularised MAML \(trajectory_angle, gamma = (0.5|5.0)\)", title)) == 2


def test_fig12_draws_maml_solid_and_first_order_dashed():
    figure = drawing("fig12")
    settings = ["5-way 1-shot", "5-way 5-shot", "20-way 1-shot", "20-way 5-shot"]
    assert legend(figure) == [*settings, "MAML", "First-Order MAML"]
    for line, run in zip(figure.axes[0].lines, data("fig12").runs.values(), strict=False):
        assert line.get_linestyle() == ("-" if run.algorithm == "maml" else "--")


def test_fig15_shows_all_algorithms():
    figure = drawing("fig15")
    assert legend(figure) == ["First-Order MAML", "MAML", "Finetuning baseline"]
    assert [title.split("-way ")[1][:6] for title in titles(figure)] == ["1-shot", "5-shot"]
