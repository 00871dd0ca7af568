"""FigureData, and the words figures are labelled with."""

import numpy as np

from figure_tables import EPOCHS, MINI, REGULARIZER, data, runs_of, sine_runs
from metalandscape.figures import _style


def test_data_are_split_by_settings_in_the_order_of_the_runs():
    groups = data("fig15").by("shot")
    assert [{run.shot for run in group.runs.values()} for group in groups] == [{1}, {5}]
    assert list(groups[0].runs) == [n for n, run in data("fig15").runs.items() if run.shot == 1]


def test_a_condition_that_no_run_fulfils_keeps_all():
    shown = data("fig15")
    assert shown.where(lambda run: run.way == 99).runs == shown.runs
    assert len(shown.where(lambda run: run.algorithm == "finetuning").runs) == 2


def test_a_minus_negates_a_quantity():
    run = next(iter(data("fig8").runs))
    loss = data("fig8").curve(run, "target_loss")
    np.testing.assert_array_equal(data("fig8").curve(run, "-target_loss")["value"], -loss["value"])


def test_trainings_are_counted_over_runs():
    points = data("fig10").pooled("target_accuracy", "embedding_product")
    assert points["seed"].nunique() == 10 * 3
    assert (points.groupby("seed").size() == EPOCHS - 1).all()
    assert (points.groupby("seed")[["run", "shot"]].nunique() == 1).all(axis=None)


def test_titles_say_what_runs_have_in_common_and_labels_what_not():
    runs = runs_of(MINI, ["maml"])
    assert _style.title(*runs.values()) == "miniimagenet, 5-way\nMAML, T = 5"
    assert list(_style.labels(runs).values()) == ["1-shot", "5-shot"]
    one = dict([runs.popitem()])
    assert _style.title(*one.values()) == "miniimagenet, 5-way 5-shot\nMAML, T = 5"
    assert list(_style.labels(one).values()) == ["MAML"]
    assert _style.title(*sine_runs([4]).values()) == "sine, 4-shot\nMAML, T = 1"


def test_runs_that_no_words_tell_apart_go_by_their_names():
    runs = runs_of(MINI[:1], ["maml"]) | runs_of(MINI[:1], ["maml"], outer_rate=0.1)
    assert _style.labels(runs) == {name: name for name in runs}


def test_a_regularizer_is_part_of_the_algorithm():
    (run,) = runs_of(MINI[:1], ["maml"], regularizer=REGULARIZER).values()
    assert _style.algorithm(run) == "Regularised MAML (trajectory_angle, gamma = 0.5)"
