"""What the workflow's rules ask for, without Snakemake."""

import copy
import json

import pytest
import yaml

from configurations import VALID
from metalandscape.ground import digests, plugins
from plans import T1, WAVES, job, plan


def test_every_block_has_the_runs_that_train_it():
    found = {block: plan().runs_with(block) for block in plan().blocks()}
    long = "letters_maml|letters_finetuning|waves"
    every = "letters_maml|letters_finetuning|letters_maml_T1|waves"
    assert found == {(1, 2): every, (3, 4): long, (5, 5): long}


def test_tasks_are_counted_by_split():
    metrics = {"accuracy": {"tasks": 4, "val_tasks": 5, "train_tasks": 6}}
    accuracy = {"metric": "accuracy"}
    counts = plan(metrics=metrics).counts_of(job(run="letters_maml_T1", **accuracy))
    assert json.loads(counts) == {"test": 4, "val": 5, "train": 6}
    assert json.loads(plan().counts_of(job(run="waves", metric="embeddings"))) == {}


def test_tasks_at_test_have_shapes_of_their_own():
    shapes = json.loads(plan().shapes_of(T1))
    assert shapes["train"] == {"way": 3, "shot": 2, "targets": 3}
    assert shapes["test"] == shapes["val"] == {"way": 3, "shot": 1, "targets": 3}


@pytest.mark.parametrize("run", ["letters_maml", "waves"])
def test_a_dataset_without_validation_classes_has_no_validation_tasks(run):
    metrics = {"accuracy": {"tasks": 4, "val_tasks": 5}}
    counts = plan(metrics=metrics).counts_of(job(run=run, metric="accuracy"))
    assert json.loads(counts) == {"test": 4}


# --- what reruns jobs


def test_meta_test_is_no_setting_of_training():
    other = copy.deepcopy(VALID["runs"]) | {"letters_maml_T1": {"way": 3, "inner_steps": 1}}
    before, after = plan(), plan(runs=other)
    assert before.training_settings_of(T1) == after.training_settings_of(T1)
    assert before.settings_of(T1) != after.settings_of(T1)


def test_options_of_a_metric_and_a_dataset_are_json():
    assert json.loads(plan().options_of(job(metric="hessian")))["tolerance"] == 0.01
    assert json.loads(plan().dataset_of(job(dataset="letters")))["train_classes"] == 6


def test_settings_of_runs_are_plain():
    found = plan().settings_of_runs(["waves"])
    assert found["waves"]["network"] == {"name": "mlp", "options": {"hidden": [40, 40]}}
    assert json.loads(json.dumps(found)) == found


def test_datasets_of_claims_are_those_that_runs_are_judged_on():
    names = ["letters_maml_T1", "letters_finetuning"]
    assert list(plan(figures={"fig5": names}).judged_datasets()) == ["letters", "others"]


def covered(monkeypatch, ask):
    """The names whose digest a plan asks for."""
    asked = []
    monkeypatch.setattr("metalandscape.settings.plan.digest", lambda *names: asked.extend(names))
    ask(plan())
    return {name.removeprefix("metalandscape.") for name in asked}


def test_the_code_of_training_is_the_job_and_the_runs_parts(monkeypatch):
    parts = {"algorithms.maml", "networks.conv", "optimizers.adam", "datasets.glyphs"}
    assert covered(monkeypatch, lambda p: p.code_of_training(T1)) == {"jobs.train", *parts}
    measured = covered(monkeypatch, lambda p: p.code_of_metric(job(metric="hessian", **vars(T1))))
    assert measured == {"jobs.measure", "metrics.hessian", *parts}


@pytest.mark.parametrize(
    ("ask", "expected"),
    [
        (lambda p: p.code_of_dataset(job(dataset="waves")), {"jobs.prepare", "datasets.sine"}),
        (lambda p: p.code_of_tasks(WAVES), {"jobs.sample", "datasets.sine"}),
        (lambda p: p.code_of("tabulate"), {"jobs.tabulate"}),
        (lambda p: p.code_of_figure(job(figure="fig5")), {"jobs.draw", "figures.fig5"}),
        (lambda p: p.code_of("record"), {"jobs.record"}),
    ],
)
def test_the_code_of_a_job_is_its_module_and_its_parts(monkeypatch, ask, expected):
    assert covered(monkeypatch, ask) == expected


def test_every_claim_is_part_of_the_code_of_claims(monkeypatch):
    claims = {f"claims.{name}" for name in plugins.names("claims")}
    assert covered(monkeypatch, lambda p: p.code_of_claims()) == {"jobs.judge", *claims}


def test_the_names_on_a_figure_are_those_of_what_it_shows(tmp_path):
    runs = {"figures": {"fig5": ["letters_maml"]}}
    names = plan(**runs).shown_names(job(figure="fig5"))
    for shown in (plugins.declared("metrics", "accuracy", "QUANTITIES"), "MAML", "#332288"):
        assert shown in names.values()
    (tmp_path / "metrics").mkdir()
    (tmp_path / "metrics/mine.py").write_text("QUANTITIES = {'mine': {'label': 'mine'}}")
    assert plan(**runs, plugins=str(tmp_path)).shown_names(job(figure="fig5")) == names
    plugins.use(None)


@pytest.mark.parametrize("job_name", ["prepare", "sample", "draw", "judge", "tabulate", "record"])
def test_jobs_that_do_not_learn_do_not_depend_on_what_does(job_name):
    rooms = {name.split(".")[1] for name in digests.closure(f"metalandscape.jobs.{job_name}")}
    assert not rooms & {"engines", "networks", "algorithms", "training", "learner"}


# --- the report


def test_the_configuration_leaves_out_where_archives_lie():
    text = plan().configuration({"scale": "test", "archives": "/mine", "runs": {"a": {"way": 3}}})
    assert yaml.safe_load(text) == {"scale": "test", "runs": {"a": {"way": 3}}}
