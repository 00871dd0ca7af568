"""To which runs a claim applies, and details of single claims."""

import numpy as np
import pandas as pd
import pytest

from claim_tables import (
    COLOR,
    OMNIGLOT,
    REGULARIZER,
    SCENARIOS,
    SINE,
    Scenario,
    at,
    falling,
    final,
    hump,
    levels,
    one,
    regularized,
    rising,
    shots,
)
from helpers import image_run
from metalandscape.claims import ClaimData
from metalandscape.claims._published import ACCURACIES, benchmark
from metalandscape.claims._settings import family, is_baseline, is_meta_learner
from metalandscape.ground import plugins
from metalandscape.ground.options import Part


def judge(claim, scenario, datasets=None):
    data = scenario.data()
    data = ClaimData(data.table, data.runs, datasets or data.datasets)
    return plugins.load("claims", claim).judge(data)


@pytest.mark.parametrize("claim", ["c01", "c03", "c04", "c07", "c10", "c12", "c14"])
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
    assert {v.setting for v in judge("c05", scenario)} == {"baseline vs maml"}
    maml = scenario.runs["maml"]
    for changes in (
        {"shot": 7},
        {"way": 7},
        {"inner_steps": 7},
        {"dataset": "other"},
        {"network": {"kind": "conv", "filters": 9}},
    ):
        scenario.runs["maml"] = maml.model_copy(update=changes)
        assert judge("c05", scenario) == []


def test_meta_overfitting_is_a_condition():
    level = one(target_accuracy=lambda t: np.where(t < 0.1, 1.0, 0.9), hessian_norm=falling)
    verdicts = judge("c02", level)
    assert {v.verdict for v in verdicts} == {"inconclusive"}
    assert {v.reason for v in verdicts} == {"no meta-overfitting seen"}


def test_meta_overfitting_needs_ten_checkpoints():
    late = one(target_accuracy=hump, hessian_norm=falling)
    assert {v.n_checkpoints for v in judge("c02", late)} < {7, 8, 9}
    assert all("too few checkpoints" in v.reason for v in judge("c02", late))


def test_a_side_of_three_checkpoints_is_inconclusive():
    early = one(hessian_norm=lambda t: 1.2 - np.abs(t - 0.2))
    before, after = judge("c01", early)
    assert before.n_checkpoints == 3 and before.reason == "too few checkpoints: 3, 4 are needed"
    assert (before.verdict, after.verdict) == ("inconclusive", "supported")


def test_the_initialization_is_no_part_of_the_curve():
    sharp = one(hessian_norm=lambda t: np.where(t == 0, 9.0, hump(t)))
    assert judge("c01", sharp) == judge("c01", one(hessian_norm=hump))


def test_the_initialization_carries_no_correlation():
    outlier = lambda t: np.where(t == 0, -9.0, 0.5)  # noqa: E731
    scenario = one(0.1, target_accuracy=outlier, direction_cosine=outlier)
    verdict, _ = judge("c04", scenario)
    assert verdict.verdict != "supported" and abs(verdict.value) < 0.5


def test_correlations_over_k_are_of_last_checkpoints():
    scenario = shots(range(2, 8), "target_loss", "gradient_product", 1, **SINE)
    *_, over_k, _ = judge("c09", scenario)
    table = scenario.table()
    last = table[table["epoch"] == table["epoch"].max()].pivot(
        index=["run", "seed"], columns="metric", values="value"
    )
    z = [
        np.arctanh(np.corrcoef(-part["target_loss"], part["gradient_product"])[0, 1])
        for _, part in last.groupby("seed")
    ]
    assert over_k.value == pytest.approx(np.tanh(np.mean(z))) and over_k.n == 18
    assert np.arctanh(over_k.value) - np.arctanh(over_k.low) >= 1.96 / np.sqrt(6 - 3) - 1e-9


def test_four_values_of_k_are_too_few():
    *_, over_k, _ = judge("c10", shots(range(1, 5), "target_accuracy", "embedding_product", 1))
    assert over_k.verdict == "inconclusive" and "too few values of k: 4" in over_k.reason


def test_one_k_has_no_correlation_over_k():
    found = judge("c10", shots(range(1, 2), "target_accuracy", "embedding_product", 1))
    assert {v.setting for v in found} == {"k1"}


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


def test_near_zero_is_absolute_and_relative():
    small, share = judge("c05", levels("direction_cosine", 0.1))
    assert (small.verdict, share.verdict) == ("contradicted", "supported")
    opposite, _ = judge("c05", levels("direction_cosine", -0.4))
    assert opposite.verdict == "contradicted"


def test_norms_are_judged_on_what_plays_miniimagenet():
    scenario = SCENARIOS["c06"][0]
    assert judge("c06", scenario, {"images": OMNIGLOT}) == []
    assert judge("c06", scenario, {"images": {"kind": "miniimagenet"}}) != []
    assert judge("c17", SCENARIOS["c17"][0], {"images": {"kind": "miniimagenet"}}) == []


@pytest.mark.parametrize(
    ("options", "way", "name"),
    [
        (OMNIGLOT, 5, "omniglot"),
        ({"kind": "miniimagenet"}, 5, "miniimagenet"),
        ({"kind": "glyphs", "colour": False}, 5, "omniglot"),
        (COLOR, 5, "miniimagenet"),
        ({"kind": "image_folder", "channels": 3}, 5, "miniimagenet"),
        ({"kind": "image_folder", "channels": 1}, 5, "omniglot"),
        ({"kind": "sine"}, None, None),
        ({}, 5, None),
    ],
)
def test_a_dataset_plays_omniglot_or_miniimagenet(options, way, name):
    assert family(image_run(way=way), {"images": options}) == name


def test_algorithms_say_what_they_are():
    roles = {n: plugins.declared("algorithms", n, "ROLE") for n in plugins.names("algorithms")}
    assert set(roles.values()) == {"meta-learner", "baseline"}
    for name, role in roles.items():
        run = image_run(algorithm=name)
        assert (is_meta_learner(run), is_baseline(run)) == (
            role == "meta-learner",
            role == "baseline",
        )


def test_support_losses_fall_in_runs_of_five_inner_steps():
    assert judge("c03", one(run=image_run(inner_steps=1), support_loss=falling)) == []


def test_chance_depends_on_the_number_of_classes():
    (verdict,) = judge("c15", one(0.001, image_run(way=20), initial_accuracy=at(0.05)))
    assert verdict.value == pytest.approx(1, abs=0.02) and verdict.verdict == "supported"


def test_the_companion_tells_a_common_trend_from_more():
    """Both rise, with unrelated noise: R tracks, what is left beyond the trend does not."""
    r, beyond = judge("c04", one(0.1, target_accuracy=rising, direction_cosine=rising))
    assert (r.verdict, r.role, beyond.role) == ("supported", "claim", "companion")
    assert r.value > 0.8 and abs(beyond.value) < 0.4


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
