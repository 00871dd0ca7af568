"""To which runs a claim applies, and details of single claims."""

import numpy as np
import pytest

from claim_tables import (
    OMNIGLOT,
    REGULARIZER,
    SCENARIOS,
    SINE,
    Scenario,
    at,
    final,
    levels,
    one,
    regularized,
    rising,
    shots,
)
from helpers import image_run
from metalandscape.claims import ClaimData
from metalandscape.claims._published import ACCURACIES, benchmark
from metalandscape.ground import plugins


def judge(claim, scenario, datasets=None):
    data = scenario.data()
    data = ClaimData(data.table, data.runs, datasets or data.datasets, data.resamples)
    return plugins.load("claims", claim).judge(data)


@pytest.mark.parametrize("claim", ["c01", "c03", "c04", "c07", "c10", "c12"])
def test_claims_about_maml_leave_out_the_baseline_and_regularized_runs(claim):
    scenario = SCENARIOS[claim][0]
    for changes in ({"algorithm": "finetuning"}, {"regularizer": REGULARIZER}):
        runs = {name: run.model_copy(update=changes) for name, run in scenario.runs.items()}
        assert judge(claim, Scenario(runs, scenario.curves)) == []


def test_gradients_count_with_one_inner_step_only():
    five = one(run=image_run(inner_steps=5), target_accuracy=rising, gradient_product=rising)
    assert judge("c07", five) == []
    assert judge("c09", shots(range(2, 5), "target_loss", "gradient_product", 1, way=None)) == []


def test_baselines_are_compared_with_the_same_tasks_only():
    scenario = levels("direction_cosine", 0.02)
    assert [v.setting for v in judge("c05", scenario)] == ["baseline vs maml"]
    maml = scenario.runs["maml"]
    for changes in ({"shot": 7}, {"way": 7}, {"inner_steps": 7}, {"dataset": "other"}):
        scenario.runs["maml"] = maml.model_copy(update=changes)
        assert judge("c05", scenario) == []


def test_meta_overfitting_is_a_condition():
    verdicts = judge("c02", SCENARIOS["c02"][2])
    assert {v.reason for v in verdicts} == {"no meta-overfitting seen"}


def test_a_peak_right_after_the_initialisation_counts():
    early = one(hessian_norm=lambda t: np.where(t == 0, 0.3, 1.2 - t))
    assert {v.verdict for v in judge("c01", early)} == {"supported"}


def test_the_initialisation_carries_no_correlation():
    outlier = lambda t: np.where(t == 0, -9.0, 0.5)  # noqa: E731
    scenario = one(0.1, target_accuracy=outlier, direction_cosine=outlier)
    (verdict,) = judge("c04", scenario)
    assert verdict.verdict == "inconclusive" and abs(verdict.value) < 0.5


def test_correlations_over_k_are_of_last_checkpoints():
    scenario = shots(range(2, 8), "target_loss", "gradient_product", 1, **SINE)
    *_, over_k = judge("c09", scenario)
    table = scenario.table()
    last = table[table["epoch"] == table["epoch"].max()].pivot(
        index=["run", "seed"], columns="metric", values="value"
    )
    expected = np.corrcoef(-last["target_loss"], last["gradient_product"])[0, 1]
    assert over_k.value == pytest.approx(expected) and over_k.n == 18


def test_four_values_of_k_are_too_few():
    *_, over_k = judge("c10", shots(range(1, 5), "target_accuracy", "embedding_product", 1))
    assert over_k.verdict == "inconclusive" and "too few values of k: 4" in over_k.reason


def test_one_k_has_no_correlation_over_k():
    found = judge("c10", shots(range(1, 2), "target_accuracy", "embedding_product", 1))
    assert [v.setting for v in found] == ["k1"]


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
    elsewhere = judge("c11", regularized(0.005, noise=0.0001), {"images": {"kind": "glyphs"}})
    assert {v.verdict for v in elsewhere} == {"supported"}


def test_the_regularizer_is_judged_against_the_same_run_without_it():
    scenario = regularized(0.03)
    scenario.runs["plain"] = image_run(way=20, shot=1, outer_rate=0.5)
    assert judge("c11", scenario) == []


def test_no_error_at_all_has_no_relative_reduction():
    _, reduction = judge("c11", regularized(0.1, noise=0.0))
    assert reduction.verdict == "inconclusive" and "not defined" in reduction.reason


CIFAR_FS = {
    "kind": "image_folder",
    "torchvision": "CIFAR100",
    "image_size": 32,
    "split": {"train": 64, "val": 16, "test": 20},
}


@pytest.mark.parametrize(
    ("options", "name"),
    [
        (OMNIGLOT, "omniglot"),
        (OMNIGLOT | {"train_classes": 100}, None),
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
    assert judge("c12", final(0.955), {"images": {"kind": "glyphs"}}) == []
    assert {name for name, *_ in ACCURACIES} == {"omniglot", "miniimagenet", "cifar_fs"}
