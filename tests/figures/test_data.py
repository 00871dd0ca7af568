"""FigureData."""

import numpy as np

from figure_tables import EPOCHS, data


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


def test_runs_that_are_pooled_keep_their_seeds():
    points = data("fig10").pooled("target_accuracy", "embedding_product")
    assert sorted(points["seed"].unique()) == [0, 1, 2]
    assert (points.groupby(["run", "seed"]).size() == EPOCHS - 1).all()
    assert points.groupby("shot")["run"].nunique().to_dict() == dict.fromkeys(range(1, 6), 2)
