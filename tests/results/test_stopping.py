"""Where each signal stops, on courses that are known."""

import numpy as np
import pandas as pd
import pytest

from metalandscape.results import stopping

ACCURACY = {0: 0.9, 1: 0.2, 2: 0.5, 3: 0.7, 4: 0.6, 5: 0.3}


def reader(curves):
    """Read from a mapping of (run, split, quantity) to values by epoch, for two seeds."""

    def read(run, quantity, split):
        sign = -1 if quantity.startswith("-") else 1
        values = curves.get((run, split, quantity.removeprefix("-")), {})
        rows = [(seed, e, sign * v) for seed in (0, 1) for e, v in values.items()]
        return pd.DataFrame(rows, columns=["seed", "epoch", "value"])

    return read


def chosen(curves, run="run", home="run"):
    found = stopping.stopped(reader(curves), run, home)
    return {row.signal: (row.epoch, row.accuracy) for row in found[found["seed"] == 1].itertuples()}


def course(values):
    return dict(enumerate(values))


def test_each_signal_stops_at_its_own_extremum_after_epoch_0():
    found = chosen(
        {
            ("run", "test", "target_accuracy"): ACCURACY,
            ("run", "val", "target_accuracy"): course([9, 1, 2, 3, 4, 4]),
            ("run", "test", "gradient_product"): course([9, 1, 5, 2, 2, 2]),
            ("run", "test", "hessian_norm"): course([0, 3, 2, 1, 2, 3]),
        }
    )
    assert found == {
        "validation": (4, 0.6),
        "gradient_product": (2, 0.5),
        "-hessian_norm": (3, 0.7),
    }


def test_the_regret_is_against_the_best_epoch_after_the_initialization():
    curves = {("run", "test", "target_accuracy"): ACCURACY}
    curves["run", "test", "support_loss"] = course([0, 3, 2, 1, 0.5, 0.1])
    (row,) = stopping.stopped(reader(curves), "run", None).query("seed == 0").to_dict("records")
    assert (row["signal"], row["epoch"], row["best"], row["accuracy"]) == (
        "-support_loss",
        5,
        0.7,
        0.3,
    )
    assert row["checkpoints"] == 5


def test_epochs_without_a_finite_value_are_not_chosen():
    curves = {("run", "test", "target_accuracy"): ACCURACY | {5: np.nan}}
    curves["run", "test", "gradient_cosine"] = course([0, 1, np.inf, 2, np.nan, 9])
    assert chosen(curves) == {"gradient_cosine": (3, 0.7)}


def test_validation_accuracy_is_that_of_the_run_at_home():
    curves = {
        ("away", "test", "target_accuracy"): ACCURACY,
        ("away", "val", "target_accuracy"): course([0, 9, 0, 0, 0, 0]),
        ("home", "val", "target_accuracy"): course([0, 0, 0, 9, 0, 0]),
    }
    assert chosen(curves, "away", "home") == {"validation": (3, 0.7)}
    assert chosen(curves, "away", None) == {}


def activations(target, source):
    return {
        ("run", "test", "target_accuracy"): course(np.linspace(0.1, 0.9, len(target))),
        ("run", "val", "target_accuracy"): course(range(len(target))),
        ("run", "test", "activation_m1_layer1"): course(target),
        ("run", "train", "activation_m1_layer1"): course(source),
    }


def test_activations_stop_where_those_of_the_target_leave_the_source():
    target, source = [0, 1, 2, 3, 4, 3, 2, 1, 0], [0, 1, 2, 3, 4, 5, 6, 7, 8]
    # They part after epoch 4; from 3 on, R is -0.91 over six checkpoints, from 4 on -1 over five.
    assert chosen(activations(target, source))["activations"][0] == 3


def test_activations_that_never_diverge_stop_with_validation_accuracy():
    assert chosen(activations([0, 1, 2, 3, 4], [0, 2, 4, 6, 9]))["activations"][0] == 4


def test_activations_are_looked_at_up_to_the_largest_validation_accuracy():
    curves = activations([0, 1, 2, 3, 4, 3, 2, 1, 0], [0, 1, 2, 3, 4, 5, 6, 7, 8])
    curves["run", "val", "target_accuracy"] = course([0, 1, 2, 3, 4, 1, 1, 1, 1])
    assert chosen(curves)["activations"][0] == 4  # where validation is best, none diverged before


def by_definition(courses):
    """Eq. 4 by a loop over all intervals, with numpy's R."""
    length = len(courses[0])
    scores = {
        (t, k): -np.corrcoef(c[t:].T)[0, 1] * (length - t)
        for k, c in enumerate(courses)
        for t in range(length - 2)
    }
    best = max(scores, key=scores.__getitem__)
    return best[0] if scores[best] > 0 else length - 1


@pytest.mark.parametrize("seed", range(8))
def test_the_critical_time_is_that_of_the_definition(seed):
    rng = np.random.default_rng(seed)
    courses = [np.cumsum(rng.standard_normal((9, 2)), 0) for _ in range(3)]
    assert stopping.critical_time(courses) == by_definition(courses)


def test_a_constant_course_has_no_say():
    courses = [np.ones((6, 2)), np.array([[t, -t] for t in range(6)], float)]
    assert stopping.critical_time(courses) == 0
    assert stopping.critical_time(courses[:1]) == 5
