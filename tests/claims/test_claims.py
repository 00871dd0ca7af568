"""Every claim on synthetic tables for which the verdict is known."""

import numpy as np
import pandas as pd
import pytest

from claim_tables import SCENARIOS
from metalandscape.claims import (
    CONTRADICTED,
    INCONCLUSIVE,
    SUPPORTED,
    Estimate,
    _report,
)
from metalandscape.ground import plugins
from metalandscape.ground.errors import UserError
from metalandscape.results.answers import COMPANION, LATER, PART
from metalandscape.results.tables import COLUMNS

CLAIMS = plugins.names("claims")
every_claim = pytest.mark.parametrize("claim", CLAIMS)


def judge(claim, data):
    return plugins.load("claims", claim).judge(data)


def overall(verdicts):
    """The verdicts on the claim by setting."""
    table = _report.frame(verdicts)
    return table[table["role"] == PART].set_index("setting")["overall"].to_dict()


def test_every_claim_has_its_scenarios():
    assert sorted(SCENARIOS) == CLAIMS == [f"c{i:02}" for i in range(1, 21)]


@every_claim
@pytest.mark.parametrize(
    ("index", "verdict"), list(enumerate([SUPPORTED, CONTRADICTED, INCONCLUSIVE])), ids=str
)
def test_the_verdict_is_the_known_one(claim, index, verdict):
    found = overall(judge(claim, SCENARIOS[claim][index].data()))
    assert found and set(found.values()) == {verdict}, found


@every_claim
@pytest.mark.parametrize("index", [0, 1])
def test_two_seeds_decide_nothing(claim, index):
    verdicts = judge(claim, SCENARIOS[claim][index].data(seeds=2))
    assert verdicts and {v.verdict for v in verdicts} == {INCONCLUSIVE}
    assert all(v.n_seeds == 2 and "too few seeds" in v.reason for v in verdicts)


@every_claim
@pytest.mark.parametrize("index", [0, 1])
def test_nine_checkpoints_decide_nothing(claim, index):
    verdicts = judge(claim, SCENARIOS[claim][index].data(epochs=10))
    assert verdicts and {v.verdict for v in verdicts} == {INCONCLUSIVE}
    assert all(v.n_checkpoints <= 9 and "too few checkpoints" in v.reason for v in verdicts)


@every_claim
@pytest.mark.parametrize("value", [np.nan, np.inf])
def test_undefined_values_decide_nothing(claim, value):
    data = SCENARIOS[claim][0].data()
    data.table["value"] = value
    verdicts = judge(claim, data)
    assert verdicts and {v.verdict for v in verdicts} == {INCONCLUSIVE}
    assert {v.n for v in verdicts} == {0}


@every_claim
@pytest.mark.parametrize("size", [{"seeds": 1, "epochs": 1}, {"seeds": 3, "epochs": 2}])
def test_the_smallest_tables_decide_nothing(claim, size):
    verdicts = judge(claim, SCENARIOS[claim][0].data(**size))
    assert verdicts and {v.verdict for v in verdicts} == {INCONCLUSIVE}


@pytest.mark.parametrize("claim", sorted({*CLAIMS} - {"c17"}))  # equal accuracies are alike
@pytest.mark.parametrize("value", [0.0, 1.0])
def test_constant_values_support_nothing(claim, value):
    data = SCENARIOS[claim][0].data()
    data.table["value"] = value
    found = overall(judge(claim, data))
    assert found and SUPPORTED not in found.values()


@every_claim
def test_without_tables_there_is_no_verdict(claim):
    scenario = SCENARIOS[claim][0]
    data = scenario.data()
    assert judge(claim, type(data)(data.table.iloc[:0][COLUMNS], scenario.runs, {})) == []


@every_claim
def test_a_verdict_does_not_depend_on_the_order_of_rows(claim):
    data = SCENARIOS[claim][0].data()
    shuffled = data.table.sample(frac=1, random_state=0)
    again = type(data)(shuffled, data.runs, data.datasets)
    assert _report.frame(judge(claim, data)).equals(_report.frame(judge(claim, again)))


@every_claim
def test_meta_train_rows_are_not_read(claim):
    """But for activations, where those of meta-train tasks are what is compared with."""
    data = SCENARIOS[claim][0].data()
    before = _report.frame(judge(claim, data))
    read = data.table["metric"].str.startswith("activation_")
    other = data.table[~read & (data.table["split"] == "test")].assign(split="train", value=0.0)
    both = type(data.table)(np.concatenate([data.table, other]), columns=COLUMNS)
    both = both.astype(data.table.dtypes)
    after = judge(claim, type(data)(both, data.runs, data.datasets))
    assert _report.frame(after).equals(before)


@every_claim
def test_it_reads_no_more_metrics_than_it_declares(claim):
    """A figure without the other metrics does not keep it from being judged."""
    measures = {
        "accuracy": {"target_accuracy", "target_loss", "support_loss", "initial_accuracy"},
        "hessian": {"hessian_norm"},
        "trajectories": {"direction_cosine", "displacement_norm"},
        "gradients": {"gradient_product", "gradient_cosine"},
        "embeddings": {"embedding_product"},
        "activations": {"activation_m1_layer1"},
    }
    declared = set().union(*(measures[m] for m in plugins.declared("claims", claim, "METRICS")))
    used = {quantity.rpartition("/")[2] for _, quantity in SCENARIOS[claim][0].curves}
    assert used <= declared and all(
        used & measures[m] for m in plugins.load("claims", claim).METRICS
    )


def test_two_rows_of_one_checkpoint_are_refused():
    data = SCENARIOS["c04"][0].data()
    twice = type(data)(pd.concat([data.table, data.table.iloc[[3]]]), data.runs, data.datasets)
    with pytest.raises(UserError, match="two rows for target_accuracy of run run, seed 0, epoch 3"):
        judge("c04", twice)


@every_claim
@pytest.mark.parametrize("index", [0, 1, 2])
def test_every_r_has_a_companion_that_decides_nothing(claim, index):
    verdicts = judge(claim, SCENARIOS[claim][index].data())
    parts = [v.statistic for v in verdicts if v.role == PART and v.statistic.startswith("R of")]
    companions = [v for v in verdicts if v.role == COMPANION]
    assert [v.statistic for v in companions] == [f"{r}, beyond the common trend" for r in parts]
    later = [v.statistic for v in verdicts if v.role == LATER]
    over_epochs = [r for r in parts if r.endswith("over epochs")]
    assert later == [f"{r}, without the first tenth of the epochs" for r in over_epochs]
    without = overall([v for v in verdicts if v.role == PART])
    assert overall(verdicts) == without


@every_claim
def test_no_verdict_rests_on_fewer_points_than_the_rule_says(claim):
    """Counted anew from the tables, for the part of the curve that is judged."""
    for scenario in SCENARIOS[claim][:2]:
        for v in judge(claim, scenario.data()):
            side = 4 if claim == "c01" else 10
            assert v.verdict == INCONCLUSIVE or (v.n_seeds >= 3 and v.n_checkpoints >= side)
            assert v.n >= v.n_seeds * v.n_checkpoints or "over k" in v.statistic


def test_a_verdict_names_the_trainings_of_its_setting_that_diverged():
    claim = plugins.load("claims", "c04").CLAIM
    estimate = Estimate(0.5, 0.4, 0.6, 30, 3, 10)
    verdicts = [claim.verdict(s, "R", estimate, (0.3, 1.0)) for s in ("a b", "c")]
    gone = {"run": ["b", "d"], "seed": [1, 0], "epoch": [7, 2], "n_tasks": 4, "n_diverged": [4, 4]}
    first, second = _report.with_troubles(verdicts, pd.DataFrame(gone))
    words = "no results, all diverged: run b, seed 1, from epoch 7 on"
    assert first.reason == f"{verdicts[0].reason}; {words}"
    assert second == verdicts[1]
