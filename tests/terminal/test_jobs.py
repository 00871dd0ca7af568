from types import SimpleNamespace

from metalandscape.terminal import jobs
from metalandscape.terminal.jobs import NAMED, Job, results

MEASURE = {"metric": "hessian", "run": "few_maml", "seed": "0", "epochs": "0-9"}


def test_a_job_is_told_by_its_rule_and_wildcards():
    told = "measure checkpoints hessian few_maml seed 0 epochs 0-9"
    assert str(Job("measure_checkpoints", MEASURE)) == told
    assert str(Job("build_kernel")) == "build kernel"


def test_a_mistake_is_the_last_sentence_of_its_log(tmp_path):
    log = tmp_path / "job.log"
    log.write_text("epoch 1: fine\nmetalandscape: mend this.\nlater noise\n")
    assert Job("train", logs=[str(log)]).mistake() == "metalandscape: mend this."


def test_a_failure_without_a_sentence_names_its_log(tmp_path):
    log = str(tmp_path / "absent.log")
    sentence = Job("draw_figure", {"figure": "fig1"}, logs=[log]).mistake()
    assert sentence == f"metalandscape: the job 'draw figure fig1' failed; see {log}."


def test_a_failure_whose_log_is_on_a_full_disk_names_the_remedy(tmp_path, monkeypatch):
    (tmp_path / "job.log").touch()
    monkeypatch.setattr(jobs.shutil, "disk_usage", lambda folder: SimpleNamespace(free=0))
    sentence = Job("draw_figure", logs=[str(tmp_path / "job.log")]).mistake()
    assert sentence.endswith("failed: the disk is full; free some space and start again.")


def test_results_are_listed_by_sort_few_by_name_and_many_by_folder():
    figure = Job("draw_figure", outputs=["figures/fig1.png", "figures/fig1.pdf"])
    tables = [Job("tabulate_run", outputs=[f"results/tables/{n}/a.csv"]) for n in range(NAMED)]
    last = Job("tabulate_metric", outputs=["results/tables/a.csv"])
    assert results([last, *tables, Job("train"), figure]) == [
        "figures:    figures/fig1.pdf, figures/fig1.png",
        f"tables:     {NAMED + 1} files in results/tables",
    ]
