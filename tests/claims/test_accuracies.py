"""Claims about accuracies: at which scale, in which setting and at which epoch they are judged."""

import numpy as np
import pandas as pd
import pytest

from claim_tables import (
    OMNIGLOT,
    REGULARIZER,
    at,
    falling,
    final,
    levels,
    regularized,
    rising,
)
from metalandscape.claims import ClaimData
from metalandscape.claims._published import ACCURACIES, benchmark
from metalandscape.claims._report import with_troubles
from metalandscape.ground import plugins
from metalandscape.ground.options import Part

CIFAR_FS = {
    "kind": "image_folder",
    "torchvision": "CIFAR100",
    "image_size": 32,
    "split": {"train": 64, "val": 16, "test": 20},
}


def judge(claim, scenario, datasets=None):
    data = scenario.data()
    data = ClaimData(data.table, data.runs, datasets or data.datasets)
    return plugins.load("claims", claim).judge(data)


def test_the_papers_gain_is_found_again():
    scenario = regularized(0.0, noise=0.0)
    scenario.curves["plain", "target_accuracy"] = at(0.9405)
    scenario.curves["regularized", "target_accuracy"] = at(0.9538)
    difference, reduction = judge("c11", scenario)
    assert difference.value == pytest.approx(1.33)
    assert reduction.value == pytest.approx(0.2235, abs=1e-4)
    assert (difference.verdict, reduction.verdict) == ("supported", "supported")


def test_a_small_gain_is_not_the_published_one():
    difference, reduction = judge("c11", regularized(0.005, noise=0.0001))
    assert (difference.verdict, reduction.verdict) == ("supported", "contradicted")


def test_only_the_papers_regularizer_is_judged():
    scenario = regularized(0.03)
    other = scenario.runs["regularized"].model_copy(update={"regularizer": Part(name="another")})
    scenario.runs["regularized"] = other
    assert judge("c11", scenario) == []


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"network": {"kind": "conv", "filters": 16}}, "filters 16 (paper: 64)"),
        ({"targets": 5}, "targets 5 (paper: 15)"),
        ({"batch_size": 4}, "meta-batch 4 (paper: 16)"),
        ({"inner_rate": 0.4}, "inner rate 0.4 (paper: 0.1)"),
        ({"iterations": 100}, "meta-iterations 1300 (at least 5000 are needed)"),
        ({"test": {"inner_steps": 10}}, "inner steps at meta-test 10 (paper: 5)"),
        ({"test": {"targets": 1}}, "targets at meta-test 1 (paper: 15)"),
    ],
)
def test_at_another_scale_the_number_is_shown_and_nothing_decided(changes, words):
    for verdicts in (
        judge("c11", regularized(0.03, **changes)),
        judge("c12", final(0.945, **changes)),
    ):
        assert {(v.verdict, v.reason) for v in verdicts} == {
            ("inconclusive", f"another scale: {words}")
        }
        assert all(np.isfinite(v.value) for v in verdicts)


@pytest.mark.parametrize("changes", [{"way": 5}, {"shot": 5}, {"inner_steps": 1}])
def test_the_regularizer_is_judged_in_the_papers_setting(changes):
    verdicts = judge("c11", regularized(0.03, **changes))
    assert {v.verdict for v in verdicts} == {"inconclusive"}
    assert all(v.reason.startswith("another scale: ") for v in verdicts)


def test_the_regularizer_is_judged_on_omniglot_with_its_gamma():
    elsewhere = judge("c11", regularized(0.03), {"images": {"kind": "glyphs"}})
    weaker = judge("c11", regularized(0.03, regularizer=REGULARIZER | {"gamma": 0.1}))
    for verdicts, word in ((elsewhere, "Omniglot"), (weaker, "gamma 0.1")):
        assert {v.verdict for v in verdicts} == {"inconclusive"}
        assert all(word in v.reason for v in verdicts)


def with_validation(scenario, run, accuracy):
    """The scenario's data and meta-validation tasks with a curve of their own."""
    data = scenario.data()
    rows = data.table[data.table["run"] == run].assign(split="val")
    time = rows["epoch"] / rows["epoch"].max()
    table = pd.concat([data.table, rows.assign(value=accuracy(time))])
    return ClaimData(table, data.runs, data.datasets)


@pytest.mark.parametrize(("best", "accuracy"), [(rising, 1.0), (falling, 0.93 + 0.07 / 13)])
def test_the_best_epoch_is_that_of_meta_validation_tasks(best, accuracy):
    scenario = final(0, noise=0)
    scenario.curves["run", "target_accuracy"] = lambda t: 0.93 + 0.07 * t
    (verdict,) = plugins.load("claims", "c12").judge(with_validation(scenario, "run", best))
    assert verdict.value == pytest.approx(100 * accuracy - 94.05)


def test_without_validation_tasks_the_last_epoch_counts():
    scenario = final(0, noise=0)
    scenario.curves["run", "target_accuracy"] = lambda t: 0.96 - 0.02 * t
    (verdict,) = judge("c12", scenario)
    assert verdict.value == pytest.approx(94 - 94.05)


def diverged(data, run, seeds, epoch):
    """Return the data with some seeds' accuracy NaN from an epoch on, as where a task diverged."""
    table = data.table.copy()
    ill = (table["run"] == run) & table["seed"].isin(seeds) & (table["epoch"] >= epoch)
    table.loc[ill, "value"], table.loc[ill, "n_diverged"] = np.nan, 1
    return ClaimData(table, data.runs, data.datasets)


def test_a_seed_that_diverged_at_the_end_is_compared_where_it_has_results():
    data = diverged(regularized(0.03).data(seeds=5), "regularized", [3, 4], 13)
    verdicts = plugins.load("claims", "c11").judge(data)
    assert {v.n_seeds for v in verdicts} == {5}
    own = data.table[data.table["metric"] == "target_accuracy"]
    wide = own.pivot(index="run", columns=["seed", "epoch"], values="value")
    gains = [
        wide.loc["regularized", (seed, epoch)] - wide.loc["plain", (seed, epoch)]
        for seed, epoch in [(0, 13), (1, 13), (2, 13), (3, 12), (4, 12)]
    ]
    assert verdicts[0].value == pytest.approx(100 * np.mean(gains))
    told = with_troubles(verdicts, data.table)
    words = "; checkpoints with diverged adaptations: 2 of run regularized"
    assert all(v.reason.endswith(words) for v in told)


def test_the_shortest_training_decides_whether_the_scale_is_the_papers():
    for scenario, run, claim in [
        (regularized(0.03), "regularized", "c11"),
        (final(0.94), "run", "c12"),
    ]:
        data = diverged(scenario.data(), run, [1], 4)
        verdicts = plugins.load("claims", claim).judge(data)
        words = "another scale: meta-iterations 3000 (at least 5000 are needed)"
        assert {v.reason for v in verdicts} == {words} and {v.n_seeds for v in verdicts} == {3}


@pytest.mark.parametrize("test", [{"dataset": "other"}, {"way": 5}, {"shot": 5}])
def test_nothing_is_published_about_other_tasks_at_meta_test(test):
    assert judge("c12", final(0.945, test=test)) == []
    verdicts = judge("c11", regularized(0.03, test=test))
    assert {v.verdict for v in verdicts} == {"inconclusive"}
    assert all(v.reason.startswith("another scale: ") for v in verdicts)


def test_best_accuracies_are_compared_each_at_its_own_epoch():
    scenario = levels("target_accuracy", 0)
    scenario.curves["baseline", "target_accuracy"] = lambda t: 0.3 - np.abs(t - 4 / 13)
    scenario.curves["maml", "target_accuracy"] = lambda t: 0.5 - np.abs(t - 9 / 13)
    scenario.noise = 0
    (verdict,) = judge("c16", scenario)
    assert verdict.value == pytest.approx(-20) and verdict.verdict == "supported"


def test_a_lead_of_four_points_is_not_much():
    scenario = levels("target_accuracy", 0.46)
    scenario.noise = 0.001
    (verdict,) = judge("c16", scenario)
    assert verdict.value == pytest.approx(-4, abs=0.5) and verdict.verdict == "contradicted"


def test_no_error_at_all_has_no_relative_reduction():
    _, reduction = judge("c11", regularized(0.1, noise=0.0))
    assert reduction.verdict == "inconclusive" and "not defined" in reduction.reason


@pytest.mark.parametrize(
    ("options", "name"),
    [
        (OMNIGLOT, "omniglot"),
        (OMNIGLOT | {"train_classes": 100}, None),
        (OMNIGLOT | {"split": "official"}, None),
        (OMNIGLOT | {"image_size": 14}, None),
        ({"kind": "miniimagenet", "split": "ravi"}, "miniimagenet"),
        ({"kind": "miniimagenet", "split": "paper"}, None),
        (CIFAR_FS, "cifar_fs"),
        (CIFAR_FS | {"split": {p: ["x"] * n for p, n in CIFAR_FS["split"].items()}}, "cifar_fs"),
        (CIFAR_FS | {"image_size": 16}, None),
        (CIFAR_FS | {"torchvision": None}, None),
        ({"kind": "glyphs"}, None),
        ({}, None),
    ],
)
def test_datasets_are_known_by_what_they_are(options, name):
    assert benchmark(options) == name


def test_datasets_without_a_published_number_are_not_judged():
    assert judge("c12", final(0.945), {"images": {"kind": "glyphs"}}) == []
    assert {name for name, *_ in ACCURACIES} == {"omniglot", "miniimagenet", "cifar_fs"}
