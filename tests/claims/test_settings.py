"""To which runs a claim applies, and details of single claims."""

import numpy as np
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
    hump,
    levels,
    one,
    rising,
    shots,
)
from helpers import image_run
from metalandscape.claims import ClaimData
from metalandscape.claims._settings import family, is_baseline, is_meta_learner
from metalandscape.ground import plugins
from metalandscape.settings.run import Test as AtTest


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
    verdict, *_ = judge("c04", scenario)
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


def over_k(scenario):
    """The setting and the verdict on R over k, for every group of runs."""
    found = judge("c10", scenario)
    return [(v.setting, v) for v in found if "over k" in v.statistic and v.role == "claim"]


def test_over_k_models_are_compared_after_trainings_of_the_same_length():
    """Accuracy rises with the epoch, so longer trainings of small k would turn R round."""
    scenario = shots(range(1, 7), "target_accuracy", "embedding_product", -1)
    data = scenario.data(epochs=28)
    short = data.table["run"].isin(["k3", "k4", "k5", "k6"]) & (data.table["epoch"] > 13)
    cut = ClaimData(data.table[~short], data.runs, data.datasets)
    *_, found, _ = plugins.load("claims", "c10").judge(cut)
    equal = ClaimData(data.table[data.table["epoch"] <= 13], data.runs, data.datasets)
    *_, expected, _ = plugins.load("claims", "c10").judge(equal)
    assert (found.value, found.n_checkpoints) == (expected.value, expected.n_checkpoints)


@pytest.mark.parametrize(
    "changes",
    [
        {"outer_rate": 0.5},
        {"iterations": 7},
        {"network": {"kind": "conv", "filters": 9}},
        {"test": {"inner_steps": 9}},
    ],
)
def test_runs_that_differ_in_more_than_k_are_not_compared_over_k(changes):
    scenario = shots(range(1, 7), "target_accuracy", "embedding_product", 1)
    other = image_run(shot=2, **changes)
    scenario.runs["k2"] = other
    assert [setting for setting, _ in over_k(scenario)] == ["k1 + k3 + k4 + k5 + k6"]


def test_runs_over_k_may_have_their_own_meta_batch_but_not_several():
    scenario = shots(range(1, 7), "target_accuracy", "embedding_product", 1)
    large = scenario.runs["k2"].model_copy(update={"batch_size": 9})
    scenario.runs["k2"] = large
    assert [setting for setting, _ in over_k(scenario)] == ["k1 + k2 + k3 + k4 + k5 + k6"]
    scenario.runs["k1"] = scenario.runs["k1"].model_copy(update={"shot": 2})
    assert [setting for setting, _ in over_k(scenario)] == ["k1 + k3 + k4 + k5 + k6"]


@pytest.mark.parametrize("claim", ["c03", "c07", "c09", "c14"])
def test_other_inner_steps_at_meta_test_are_another_setting(claim):
    scenario = SCENARIOS[claim][0]
    runs = {
        name: run.model_copy(update={"test": AtTest(inner_steps=3)})
        for name, run in scenario.runs.items()
    }
    assert judge(claim, scenario) != [] == judge(claim, Scenario(runs, scenario.curves))


def test_baselines_are_compared_on_the_same_tasks_of_meta_test():
    scenario = levels("target_accuracy", 0.3)
    assert len(judge("c16", scenario)) == 1
    twenty = scenario.runs["baseline"].model_copy(update={"test": AtTest(way=20)})
    scenario.runs["baseline"] = twenty
    assert judge("c16", scenario) == []
    alike = scenario.runs["maml"].model_copy(update={"way": 20})
    scenario.runs["maml"] = alike
    assert len(judge("c16", scenario)) == 1


def test_a_baseline_is_not_trained_with_inner_steps():
    scenario = levels("gradient_product", 0.1)
    baseline = scenario.runs["baseline"]
    scenario.runs["baseline"] = baseline.model_copy(
        update={"inner_steps": 5, "test": AtTest(inner_steps=1)}
    )
    assert len(judge("c08", scenario)) == 1


def test_four_values_of_k_are_too_few():
    *_, over_k, _ = judge("c10", shots(range(1, 5), "target_accuracy", "embedding_product", 1))
    assert over_k.verdict == "inconclusive" and "too few values of k: 4" in over_k.reason


def test_one_k_has_no_correlation_over_k():
    found = judge("c10", shots(range(1, 2), "target_accuracy", "embedding_product", 1))
    assert {v.setting for v in found} == {"k1"}


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


def test_chance_is_that_of_meta_test():
    run = image_run(algorithm="finetuning", way=5, test={"way": 20})
    (verdict,) = judge("c15", one(0.001, run, initial_accuracy=at(0.05)))
    assert verdict.value == pytest.approx(1, abs=0.02) and verdict.verdict == "supported"


def test_the_later_r_tells_what_rests_on_the_first_epochs():
    """Both jump within the first of 40 epochs, and have nothing in common after it."""
    jump = lambda t: np.where(t < 0.06, 0.0, 5.0)  # noqa: E731
    data = one(0.5, target_accuracy=jump, direction_cosine=jump).data(epochs=41)
    r, beyond, later = plugins.load("claims", "c04").judge(data)
    assert (r.verdict, beyond.verdict) == ("supported", "supported")
    assert (later.role, later.n_checkpoints) == ("later", 36) and later.verdict != "supported"
    assert later.statistic == f"{r.statistic}, without the first tenth of the epochs"


def test_the_companion_tells_a_common_trend_from_more():
    """Both rise, with unrelated noise: R tracks, what is left beyond the trend does not."""
    r, beyond, _ = judge("c04", one(0.1, target_accuracy=rising, direction_cosine=rising))
    assert (r.verdict, r.role, beyond.role) == ("supported", "claim", "companion")
    assert r.value > 0.8 and abs(beyond.value) < 0.4
