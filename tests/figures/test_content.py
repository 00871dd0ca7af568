"""What single figures show, against numbers computed from the same tables."""

import re

import numpy as np
import pandas as pd
import pytest
from matplotlib.colors import to_hex
from scipy import stats

from figure_tables import HARD, MINI, REGULARIZER, data, drawing, drawn, runs_of, sine_runs, table
from metalandscape.claims import ClaimData, c11
from metalandscape.figures import FigureData, _layouts, _style, fig6
from metalandscape.settings.run import Test as AtTest


def legend(figure):
    return [text.get_text() for text in figure.legends[0].get_texts()]


def titles(figure):
    return [ax.get_title() for ax in figure.axes if ax.get_title()]


def printed(title):
    """R in a title."""
    return float(re.search(r"R = (-?\d\.\d\d)(?: \[|, too few)", title)[1])


def expected(shown, runs, first, second, last=False):
    """R over the checkpoints of some runs but the initial one, from the table alone.

    It is computed for every seed, and averaged as Fisher's z.
    """
    t = shown.table[shown.table["run"].isin(runs) & (shown.table["split"] == "test")]
    t = t[t["epoch"] > 0]
    t = t[t["epoch"] == t["epoch"].max()] if last else t
    wide = t.pivot(index=["run", "seed", "epoch"], columns="metric", values="value")
    seeds = [part for _, part in wide.groupby("seed")]
    z = [np.arctanh(np.corrcoef(part[first], part[second])[0, 1]) for part in seeds]
    return round(float(np.tanh(np.mean(z))), 2)


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
        colours = {to_hex(line.get_color()) for line in ax.lines if len(line.get_xdata()) > 2}
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
    assert printed(titles(figure)[0]) == -expected(shown, runs, "target_loss", "gradient_product")
    assert max(figure.axes[0].lines[0].get_ydata()) < 0


def test_fig2_has_a_panel_per_setting_and_a_colour_per_algorithm():
    figure = drawing("fig2")
    assert legend(figure) == ["First-Order MAML", "MAML"]
    assert titles(figure)[4] == "(e) MiniImagenet, 5-way 1-shot\nT = 5"
    assert len({line.get_color() for ax in figure.axes for line in ax.lines}) == 2


def test_unknown_algorithms_draw_and_keep_their_colour():
    runs = runs_of(MINI[:1], ["my_maml", "maml"])
    figure = drawn("fig15", FigureData(table(runs, ["trajectories"]), runs, "scale"))
    assert legend(figure) == ["my maml", "MAML"]
    assert figure.axes[0].lines[0].get_color() == _style.colour("my_maml")
    assert _style.colour("my_maml") in map(str.lower, _style.SPARE)


def test_variants_of_an_algorithm_differ_by_line_style_and_lightness():
    lines = drawing("fig4").axes[0].lines[:2]
    assert [line.get_color() for line in lines] == [
        _style.colour("finetuning"),
        _style.lighter(_style.colour("finetuning")),
    ]
    assert [line.get_linestyle() for line in lines] == ["-", "--"]


def test_fig6_takes_gradients_from_runs_of_one_step():
    figure, shown = drawing("fig6"), data("fig6")
    steps = {"direction_cosine": 5, "gradient_product": 1}
    for ax, (quantity, inner_steps) in zip(figure.axes, steps.items(), strict=True):
        for algorithm, lines in (("finetuning", ax.lines[:2]), ("maml", ax.lines[2:4])):
            runs = [
                name
                for name, run in shown.runs.items()
                if (run.inner_steps, run.algorithm) == (inner_steps, algorithm)
            ]
            for line, run in zip(lines, runs, strict=True):
                means = shown.curve(run, quantity).groupby("epoch")["value"].mean()
                np.testing.assert_allclose(line.get_ydata(), means)
    references = [f"MAML, 5-way {k}-shot (reference)" for k in (1, 5)]
    assert legend(figure) == ["1-shot", "5-shot", *references]


def test_fig6_draws_meta_learners_in_grey():
    for ax in drawing("fig6").axes:
        own, grey = ax.lines[:2], ax.lines[2:4]
        assert {line.get_color() for line in grey} == {to_hex(fig6.REFERENCE)}
        assert [line.get_linestyle() for line in grey] == [line.get_linestyle() for line in own]


def test_fig6_shows_one_sort_of_runs_in_both_panels():
    figure = drawn("fig6", FigureData(data("fig6").table, data("fig4").runs, "scale"))
    assert [title.split("T = ")[1] for title in titles(figure)] == ["5", "5"]


def test_fig6_draws_meta_learners_alone():
    runs = runs_of(MINI, ["maml"])
    figure = drawn("fig6", FigureData(data("fig6").table, runs, "scale"))
    assert legend(figure) == ["1-shot", "5-shot"]


def test_fig6_goes_by_the_inner_steps_of_meta_test():
    shown = data("fig6")
    kept = {(run.algorithm, run.inner_steps): (n, run) for n, run in shown.runs.items()}
    five, (name, run) = kept["finetuning", 5], kept["finetuning", 1]
    tested = run.model_copy(update={"inner_steps": 5, "test": AtTest(inner_steps=1)})
    figure = drawn("fig6", FigureData(shown.table, dict([five, (name, tested)]), "scale"))
    lines = [ax.lines[:-1] for ax in figure.axes]  # without that of zero
    assert list(map(len, lines)) == [1, 1]
    means = shown.curve(name, "gradient_product").groupby("epoch")["value"].mean()
    np.testing.assert_allclose(lines[1][0].get_ydata(), means)


def test_fig6_gives_each_reference_its_grey():
    shown = data("fig6")
    kept = {(run.algorithm, run.inner_steps): (n, run) for n, run in shown.runs.items()}
    baseline, (name, maml) = kept["finetuning", 5], kept["maml", 5]
    first = ("first", maml.model_copy(update={"algorithm": "first_order_maml"}))
    rows = shown.table[shown.table["run"] == name].assign(run="first")
    made = pd.concat([shown.table, rows])
    runs = dict([baseline, (name, maml), first])
    ax, *_ = drawn("fig6", FigureData(made, runs, "scale")).axes
    assert len({line.get_color() for line in ax.lines[1:3]}) == 2


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
    assert judged == [-r for r in wanted]
    line, beyond = (line for ax in figure.axes for line in ax.lines if len(line.get_xdata()) == 14)
    assert list(line.get_xdata()) == list(range(2, 16))
    assert round(line.get_ydata()[3], 2) == -expected(shown, [runs[3]], *of)
    assert abs(beyond.get_ydata()).max() < 1


def test_fig8_correlates_the_product_at_an_epoch_with_the_final_loss_across_shots():
    shown = data("fig8")
    table = shown.table[shown.table["split"] == "test"]
    wide = table.pivot(index=["seed", "run"], columns=["metric", "epoch"], values="value")
    z = [
        np.arctanh(np.corrcoef(part["gradient_product", 4], -part["target_loss", 11])[0, 1])
        for _, part in wide.groupby("seed")
    ]
    (line,) = drawing("fig8").axes[5].lines[:1]
    at = list(line.get_xdata()).index(4)
    assert line.get_ydata()[at] == pytest.approx(np.tanh(np.mean(z)))
    assert list(line.get_xdata()) == list(range(1, 12))


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


def test_fig11_prints_the_estimate_of_its_claim():
    figure, shown = drawing("fig11"), data("fig11")
    assert legend(figure) == ["no regularizer", "regularizer trajectory angle, gamma 0.5"]
    plain, regularized = (
        shown.curve(run, "target_accuracy").query("epoch == 11")["value"].to_numpy()
        for run in shown.runs
    )
    low, high = stats.ttest_rel(100 * regularized, 100 * plain).confidence_interval(0.95)
    gain = 100 * (regularized - plain).mean()
    error = 100 * (stats.gmean((1 - regularized) / (1 - plain)) - 1)
    title = titles(figure)[0]
    assert f"regularized minus plain: {gain:+.2f} points [{low:+.2f}, {high:+.2f}]" in title
    assert f"after epoch 11, 3 seeds; error {error:+.0f} %" in title
    difference, reduction = c11.judge(ClaimData(shown.table, shown.runs, {}))
    assert (difference.value, difference.low) == pytest.approx((gain, low))
    assert 100 * reduction.value == pytest.approx(-error)


def test_fig11_compares_a_seed_that_diverged_where_it_has_results():
    shown = data("fig11")
    run, made = list(shown.runs)[1], shown.table.copy()
    ill = (made["run"] == run) & (made["seed"] == 2) & (made["epoch"] >= 10)
    made.loc[ill, ["value", "n_diverged"]] = np.nan, 1
    title = titles(drawn("fig11", FigureData(made, shown.runs, "scale")))[0]
    difference, _ = c11.judge(ClaimData(made, shown.runs, {}))
    assert f"minus plain: {difference.value:+.2f} points [{difference.low:+.2f}, " in title
    assert "after epoch 9 to 11, 3 seeds" in title


def test_fig11_has_a_thin_line_for_every_seed():
    (ax,) = drawing("fig11").axes
    widths = [line.get_linewidth() for line in ax.lines]
    assert widths == 2 * [1.6, *(3 * [_layouts.THIN])] and _layouts.THIN < 1.6


def test_fig11_compares_every_regularizer_with_the_run_without():
    strong = {"algorithms": ["maml"], "regularizer": REGULARIZER | {"gamma": 5.0}}
    runs = data("fig11").runs | {"strong": runs_of(HARD, **strong).popitem()[1]}
    title = titles(drawn("fig11", FigureData(table(runs, ["accuracy"]), runs, "scale")))[0]
    assert re.findall(r"gamma (0.5|5.0) minus plain: [+-]", title) == ["0.5", "5.0"]


def test_fig11_compares_only_runs_that_differ_in_nothing_else():
    runs = data("fig11").runs | {}
    name = next(iter(runs))
    runs[name] = runs[name].model_copy(update={"outer_rate": 0.5})
    figure = drawn("fig11", FigureData(data("fig11").table, runs, "scale"))
    assert "minus" not in titles(figure)[0]


def test_fig12_has_a_line_style_per_setting():
    figure = drawing("fig12")
    settings = ["5-way 1-shot", "5-way 5-shot", "20-way 1-shot", "20-way 5-shot"]
    assert legend(figure) == ["First-Order MAML", "MAML", *settings, "chance, 1/way"]
    lines = figure.axes[0].lines[:8]
    runs = [run for run in data("fig12").runs.values() if run.dataset == "omniglot"]
    pairs = list(zip(runs, lines, strict=True))
    looks = {(run.way, run.shot): line.get_linestyle() for run, line in pairs}
    assert len(looks) == 4
    for run, line in pairs:
        assert line.get_linestyle() == looks[run.way, run.shot]
        assert line.get_color() == _style.colour(run.algorithm)


def test_fig10_has_a_legend_of_all_shots():
    figure = drawing("fig10")
    assert legend(figure) == [f"k = {k}" for k in range(1, 6)]
    assert not any(ax.get_label() == "<colorbar>" for ax in figure.axes)


def test_too_few_seeds_have_no_interval():
    runs = data("fig5").runs
    figure = drawn("fig5", FigureData(table(runs, ["accuracy", "trajectories"], 2), runs, "scale"))
    assert all("too few seeds" in title and "[" not in title for title in titles(figure))


def test_fig15_shows_all_algorithms():
    figure = drawing("fig15")
    assert legend(figure) == ["First-Order MAML", "MAML", "Finetuning baseline"]
    assert [title.split("-way ")[1][:6] for title in titles(figure)] == ["1-shot", "5-shot"]
