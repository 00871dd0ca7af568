"""The files of a configuration, as the workflow's rules ask for them."""

import copy

import pytest

from configurations import VALID
from metalandscape.ground import plugins
from plans import MAML, T1, WAVES, job, plan


def test_a_run_reads_the_data_it_is_trained_on_and_those_it_is_judged_on():
    letters, others = "results/data/letters.safetensors", "results/data/others.safetensors"
    assert plan().data_of(T1) == letters and plan().datasets_of(T1) == [letters, others]
    assert plan().datasets_of(MAML) == [plan().data_of(MAML)]


def test_paths_follow_the_configured_folders():
    elsewhere = plan(folders={"results": "r", "figures": "f"})
    assert elsewhere.data_of(T1).startswith("r/") and elsewhere.figure.startswith("f/")
    own = {v for v in vars(elsewhere).values() if isinstance(v, str)}
    assert all(path.startswith(("r/", "f/")) for path in own)


def test_the_folders_of_products_are_those_of_no_wildcard():
    folders = plan(folders={"results": "r", "figures": "f"}).folders()
    assert {"r", "f", "r/data", "r/checkpoints", "r/tables"} <= folders
    assert not any("{" in folder for folder in folders) and "" not in folders


def test_only_archives_have_a_manifest():
    assert plan().manifest_of(job(dataset="folder")) == "results/archives/folder.json"
    assert plan().manifest_of(job(dataset="letters")) == []


def test_initial_weights_are_a_file_that_training_reads():
    given = copy.deepcopy(VALID["runs"]) | {
        "waves": VALID["runs"]["waves"] | {"initial_weights": "w"}
    }
    assert plan(runs=given).initial_weights_of(WAVES) == "w"
    assert plan().initial_weights_of(WAVES) == []


@pytest.mark.parametrize(
    ("epochs", "expected"), [("3", [3]), ("0-2", [0, 1, 2]), ("9-11", [9, 10, 11])]
)
def test_a_metric_job_measures_the_checkpoints_of_its_epochs(epochs, expected):
    found = plan().checkpoints_of(job(run="a", seed="7", epochs=epochs))
    folder = "results/checkpoints/a/seed7"
    assert found == [f"{folder}/epoch{epoch}.safetensors" for epoch in expected]


@pytest.mark.parametrize(
    ("step", "expected"),
    [
        (1, ["0", "1", "2", "3", "4", "5"]),
        (2, ["0-1", "2-3", "4-5"]),
        (4, ["0-3", "4-5"]),
        (5, ["0-4", "5"]),
        (9, ["0-5"]),
    ],
)
def test_metric_jobs_cover_every_checkpoint_once(step, expected):
    assert plan(checkpoints_per_job=step).epochs_of_jobs("waves") == expected


def test_a_runs_table_joins_all_of_its_seeds_and_epochs():
    found = plan(checkpoints_per_job=9).measured_of(job(run="waves", metric="accuracy"))
    folder = "results/metrics/accuracy/waves"
    assert found == [f"{folder}/seed{seed}/epochs0-5.csv" for seed in (0, 7)]


def test_a_metrics_table_joins_the_runs_that_figures_show():
    found = plan().run_tables_of(job(metric="accuracy"))
    runs = ("letters_finetuning", "letters_maml")
    assert found == [f"results/tables/{run}/accuracy.csv" for run in runs]
    assert plan().run_tables_of(job(metric="hessian")) == []


def test_a_figure_reads_the_tables_of_its_metrics_and_runs():
    found = plan().tables_of(job(figure="fig5"))
    metrics = plugins.declared("figures", "fig5", "METRICS")
    runs = ("letters_maml", "letters_finetuning")
    assert found == [f"results/tables/{run}/{metric}.csv" for metric in metrics for run in runs]


def test_claims_are_judged_on_tables_that_figures_show_anyway():
    shown = {plan().run_table.format(run=run, metric=m) for m, run in plan().settings.pairs()}
    assert set(plan().judged_tables()) <= shown
    assert plan().judged_runs() == ["letters_maml", "letters_finetuning"]
    assert plan().metrics_shown() == ["accuracy", "trajectories"]
    assert plan().runs_shown() == ["letters_finetuning", "letters_maml"]
