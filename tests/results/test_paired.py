import numpy as np
import pandas as pd
import pytest

from metalandscape.results import paired


def reader(table):
    def read(run, quantity):
        rows = [
            (seed, epoch, value)
            for (name, key, seed), values in table.items()
            if (name, key) == (run, quantity)
            for epoch, value in enumerate(values)
        ]
        return pd.DataFrame(rows, columns=["seed", "epoch", "value"])

    return read


TABLE = {
    ("new", "target_accuracy", 0): [0, 0.1, 0.5, 0.6, 0.7],
    ("old", "target_accuracy", 0): [0, 0.1, 0.4, 0.5, 0.6, 0.9],
    ("new", "hessian_norm", 0): [9, 9, 1, 2, 3],
    ("old", "hessian_norm", 0): [9, 9, 3, 4, 5],
    ("old", "target_accuracy", 1): [0, 0.1],
}


def test_effects_are_those_of_the_last_three_common_checkpoints():
    effects, points = paired.effects(reader(TABLE), "new", "old")
    (row,) = effects.to_dict("records")
    assert row["gain"] == pytest.approx(10) and row["flattening"] == pytest.approx(np.log(4 / 2))
    assert points["epoch"].tolist() == [1, 2, 3, 4] and set(points["seed"]) == {0}


def test_without_curvature_there_is_no_flattening():
    flat = TABLE | {("new", "hessian_norm", 0): [0.0] * 5}
    effects, _ = paired.effects(reader(flat), "new", "old")
    assert np.isnan(effects["flattening"]).all()


def test_runs_without_common_checkpoints_have_no_effects():
    effects, points = paired.effects(reader({}), "new", "old")
    assert effects.empty and points.empty
