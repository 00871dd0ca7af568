"""Curves over epochs: gaps, scales, and the lines that mark something."""

import numpy as np
import pandas as pd
import pytest

from figure_tables import data, drawn, table
from metalandscape.figures import FigureData, _curves, _style
from metalandscape.settings.run import Test as AtTest


def legend(figure):
    return [text.get_text() for text in figure.legends[0].get_texts()]


def falling(fall, seeds=3, noise=0.002):
    """Runs of fig3 whose accuracy rises to epoch 12, and falls by some share after it."""
    runs, rng = data("fig3").runs, np.random.default_rng(0)
    shape = np.r_[np.linspace(0.2, 0.8, 13), 0.8 * (1 - fall * np.linspace(0, 1, 12)[1:])]
    made = table(runs, ["accuracy", "hessian"], seeds, len(shape))
    own = made["metric"] == "target_accuracy"
    values = shape[made.loc[own, "epoch"]] + noise * rng.standard_normal(own.sum())
    made.loc[own, "value"] = values
    return FigureData(made, runs, "scale")


def marks(ax):
    """Where a vertical line stands."""
    return [line.get_xdata()[0] for line in ax.lines if list(line.get_ydata()) == [0, 1]]


@pytest.mark.parametrize("fall, seeds, marked", [(0.2, 3, True), (0, 3, False), (0.2, 1, False)])
def test_the_maximum_is_marked_where_accuracy_falls_after_it(fall, seeds, marked):
    figure = drawn("fig3", falling(fall, seeds))
    for ax in figure.axes:
        assert all(abs(epoch - 12) <= 1 for epoch in marks(ax))
        assert len(marks(ax)) == (2 if marked else 0)
    words = "maximum of accuracy (over three epochs), after which it falls"
    assert (words in legend(figure)) == marked


def test_noise_alone_is_hardly_ever_a_decline():
    rng = np.random.default_rng(0)
    rows = pd.MultiIndex.from_product([range(3), range(31)], names=["seed", "epoch"]).to_frame()
    flat = [rows.assign(value=0.5 + 0.01 * rng.standard_normal(len(rows))) for _ in range(300)]
    found = [_curves.decline(curve.reset_index(drop=True)) for curve in flat]
    assert sum(epoch is not None for epoch in found) < 0.05 * len(found)


def at_chance(name):
    """A figure's data whose accuracies begin at 1/way."""
    shown = data(name)
    made = shown.table.copy()
    own = (made["metric"] == "target_accuracy") & (made["epoch"] == 0)
    made.loc[own, "value"] = [1 / shown.runs[run].way for run in made.loc[own, "run"]]
    return FigureData(made, shown.runs, "scale")


def test_chance_is_marked_where_accuracy_comes_down_to_it():
    for name, ways in [("fig7", [5]), ("fig14", [5, 20]), ("fig12", [5, 20])]:
        figure = drawn(name, at_chance(name))
        levels = {
            round(1 / line.get_ydata()[0])
            for ax in figure.axes
            for line in ax.lines
            if list(line.get_xdata()) == [0, 1]
        }
        assert sorted(levels) == ways
        assert "chance, 1/way" in legend(figure)


def test_chance_is_that_of_meta_test():
    shown = at_chance("fig7")
    twenty = AtTest(way=20)
    runs = {name: run.model_copy(update={"test": twenty}) for name, run in shown.runs.items()}
    table = shown.table.assign(value=shown.table["value"] / 4)
    figure = drawn("fig7", FigureData(table, runs, "scale"))
    levels = [list(line.get_ydata()) for line in figure.axes[0].lines]
    assert [1 / 20, 1 / 20] in levels and [1 / 5, 1 / 5] not in levels


def test_no_chance_is_marked_far_below_accuracy():
    shown = with_values("fig5", "target_accuracy", lambda s, e, v: 0.9 + v / 100)
    shown = FigureData(shown.table, dict([next(iter(shown.runs.items()))]), "scale")
    assert "chance, 1/way" not in legend(drawn("fig5", shown))


def with_values(name, quantity, change):
    """A figure's data with one quantity of its first run changed: seed, epoch, value -> value."""
    shown = data(name)
    made, run = shown.table.copy(), next(iter(shown.runs))
    own = (made["run"] == run) & (made["metric"] == quantity)
    changed = [change(r.seed, r.epoch, r.value) for r in made[own].itertuples()]
    made.loc[own, "value"] = changed
    return FigureData(made, shown.runs, "scale")


def test_the_initial_epoch_does_not_set_the_scale():
    shown = with_values("fig7", "gradient_product", lambda s, e, v: v if e else 1e4)
    figure = drawn("fig7", shown)
    twin = figure.axes[len(shown.runs)]
    assert "g_i" in twin.get_ylabel() and twin.get_ylim()[1] < 100
    _style.save(figure, shown, [])
    assert "epoch 0" in figure.get_supxlabel()


def test_a_diverged_seed_leaves_a_gap_and_is_said():
    def diverged(seed, epoch, value):
        return np.nan if (seed, epoch) == (1, 6) else value

    shown = with_values("fig5", "target_accuracy", diverged)
    run = next(iter(shown.runs))
    at = (shown.table["run"] == run) & (shown.table["seed"] == 1) & (shown.table["epoch"] == 6)
    accuracy = (shown.table["metric"] == "target_accuracy") & (shown.table["split"] == "test")
    shown.table.loc[at & accuracy, "n_diverged"] = 4
    figure = drawn("fig5", shown)
    y = figure.axes[0].lines[0].get_ydata()
    assert np.flatnonzero(np.isnan(y)).tolist() == [6]
    _style.save(figure, shown, [])
    footer = figure.get_supxlabel().replace("\n", " ")
    assert footer.endswith(f"checkpoints with diverged adaptations: 1 of run {run}")


def test_every_seed_of_fig7_has_its_own_gap():
    shown = with_values(
        "fig7", "target_accuracy", lambda s, e, v: np.nan if (s, e) == (1, 6) else v
    )
    gaps = [np.isnan(line.get_ydata()).sum() for line in drawn("fig7", shown).axes[0].lines[:3]]
    assert gaps == [0, 1, 0]


def test_a_run_of_nothing_but_nan_is_drawn():
    shown = with_values("fig3", "target_accuracy", lambda *_: np.nan)
    figure = drawn("fig3", shown)
    assert np.isnan(figure.axes[0].lines[0].get_ydata()).all()


@pytest.mark.parametrize(
    ("change", "axis", "lengths"),
    [
        ({"iterations": 15}, "meta-iterations", [3, 15]),
        ({"iterations": 15, "batch_size": 8}, "epoch", [1, 1]),
        ({"inner_rate": 0.2}, "epoch", [1, 1]),
    ],
)
def test_epochs_of_different_lengths_are_drawn_over_meta_iterations(change, axis, lengths):
    shown = falling(0.2)
    (name, run), *_ = shown.runs.items()
    assert run.iterations == 3
    runs = {name: run, "other": run.model_copy(update=change)}
    rows = shown.table[shown.table["run"] == name]
    both = pd.concat([rows, rows.assign(run="other")])
    figure = drawn("fig3", FigureData(both, runs, "scale"))
    for ax in figure.axes:
        assert ax.get_xlabel() == axis
        lines = [line.get_xdata()[-1] for line in ax.lines if len(line.get_xdata()) > 2]
        assert lines == [23 * length for length in lengths]
        assert all(abs(at - 12 * n) <= n for at, n in zip(marks(ax), lengths, strict=True))
