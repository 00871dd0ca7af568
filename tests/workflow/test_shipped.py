"""Figures and verdicts from tables that come with a repository: no data, no training."""

import os
import shutil
import subprocess
import sys

import pytest

MEASURED = "results/smoke/metrics"


@pytest.fixture(scope="module")
def clone(finished, fresh):
    """A fresh checkout with the tables and their record, all older than the code, as git may do."""
    project = fresh()
    shutil.copytree(finished.folder / MEASURED, project.folder / MEASURED)
    command = [sys.executable, "-m", "metalandscape", "ship", "--configfile", "config/smoke.yaml"]
    environment = os.environ | {"PYTHONPATH": "workflow"}
    subprocess.run(command, cwd=project.folder, env=environment, check=True)
    shutil.rmtree(project.folder / MEASURED)
    for table in (project.folder / "results/smoke/tables").rglob("*.csv"):
        os.utime(table, (1e9, 1e9))
    return project


def test_a_figure_is_one_job_and_the_same_bytes(clone, finished):
    target = "figures/smoke/fig7.pdf"
    said = clone.run(target)
    assert "total              1\n" in said and "draw_figure        1\n" in said
    for suffix in ("pdf", "png"):
        own, other = (p.folder / f"figures/smoke/fig7.{suffix}" for p in (clone, finished))
        assert own.read_bytes() == other.read_bytes()


def test_everything_else_needs_no_more_than_the_tables(clone):
    rules = {rule for rule, _ in clone.planned()}
    assert rules == {"draw_figure", "judge_claims", "tabulate_metric"}
    assert clone.planned("results/smoke/claims.csv") == {("judge_claims", "")}
    assert clone.planned("write_board") == {("write_board", "")}


def test_a_run_with_another_setting_is_trained(clone, tmp_path):
    project = type(clone)(tmp_path / "copy")
    shutil.copytree(clone.folder, project.folder, symlinks=True)
    project.configure(lambda c: c["runs"]["letters_{algorithm}_T1"].update(inner_rate=0.2))
    jobs = project.planned("figures/smoke/fig5.pdf", "figures/smoke/fig7.pdf")
    trained = {wildcards for rule, wildcards in jobs if rule.startswith("train_epochs_1")}
    assert len(trained) == 4 and all("_T1, " in wildcards for wildcards in trained)


def test_only_a_seed_that_is_added_is_trained(clone, tmp_path):
    project = type(clone)(tmp_path / "copy")
    shutil.copytree(clone.folder, project.folder, symlinks=True)
    project.configure(lambda c: c["defaults"].update(seeds=[0, 1, 7]))
    jobs = project.planned("figures/smoke/fig7.pdf")
    named = {wildcards for _, wildcards in jobs if "seed=" in wildcards}
    assert named and all("seed=7" in wildcards for wildcards in named)
    assert any(rule == "tabulate_run" for rule, _ in jobs)
