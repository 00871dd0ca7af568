"""The chain from nothing to figures, and what stays the same whatever happens on the way."""

import os
import signal
import subprocess
import time

import psutil
import pytest

from metalandscape.results import tables

RESULTS = ("tasks", "checkpoints", "metrics", "tables")


def test_all_figures_are_drawn(finished):
    for figure in ("fig3", "fig5", "fig7"):
        folder = finished.folder / "figures/smoke"
        assert (folder / f"{figure}.pdf").read_bytes().startswith(b"%PDF")
        assert (folder / f"{figure}.png").stat().st_size > 20_000


def test_nothing_is_left_to_do(finished):
    assert "Nothing to be done" in finished.run()


def test_tables_have_every_run_seed_and_checkpoint(finished):
    table = tables.read(finished.folder / "results/smoke/tables/gradients.csv")
    assert list(table.columns) == tables.COLUMNS
    assert len(table) == 4 * 2 * 2 * 5  # quantities, runs, seeds, checkpoints
    assert table["value"].notna().all() and (table["stderr"] > 0).all()
    accuracy = tables.read(finished.folder / "results/smoke/tables/accuracy.csv")
    assert set(accuracy["split"]) == {"test", "train"}


def test_the_per_task_values_lie_beside_their_mean(finished):
    job = finished.folder / "results/smoke/metrics/accuracy/letters_maml_T1/seed0"
    summary = tables.read(next(job.glob("epochs0*[0-9].csv")))
    tasks = tables.read(next(job.glob("epochs0*.tasks.csv")))
    keys = ["epoch", "split", "metric"]
    means = tasks.groupby(keys)["value"].mean()
    for row in summary.itertuples():
        assert means[row.epoch, row.split, row.metric] == pytest.approx(row.value, rel=1e-12)


def test_seeds_differ_in_weights_and_in_tasks(finished):
    products = finished.products("tasks", "checkpoints")
    for name in (
        "tasks/letters_maml/seed{}/accuracy.safetensors",
        "checkpoints/letters_maml/seed{}/epoch0.safetensors",
    ):
        assert products[name.format(0)] != products[name.format(1)]


def test_one_core_and_two_give_the_same_bytes(finished, fresh):
    alone = fresh()
    alone.run("figures/smoke/fig7.pdf", cores=1)
    expected, found = finished.products(*RESULTS), alone.products(*RESULTS)
    assert len(found) > 50
    assert all(expected[name] == content for name, content in found.items())


def longer(project):
    """Make training long enough to be caught in the act."""

    def change(config):
        config["runs"] = {"letters_maml": {"algorithm": "maml", "inner_steps": 2}}
        config["defaults"] |= {"iterations": 100, "seeds": [0]}
        config["figures"] = {"fig5": ["letters_maml"]}

    project.configure(change)
    return project


@pytest.fixture(scope="module")
def uninterrupted(fresh):
    project = longer(fresh())
    project.run("results/smoke/tables/accuracy.csv")
    return project.products("checkpoints", "tables")


def caught(snakemake, log):
    """Return the training process of the second block when it has trained one epoch of two."""
    deadline = time.monotonic() + 300
    while time.monotonic() < deadline and snakemake.poll() is None:
        if log.exists() and "epoch 3:" in log.read_text():
            for child in psutil.Process(snakemake.pid).children(recursive=True):
                if "metalandscape" in child.cmdline():
                    return child
        time.sleep(0.02)
    raise AssertionError("the second block was never seen at work")


@pytest.mark.parametrize("victim", ["training", "snakemake"])
def test_a_kill_loses_at_most_one_block(fresh, uninterrupted, victim):
    project = longer(fresh())
    target = "results/smoke/tables/accuracy.csv"
    with subprocess.Popen(
        project.command(target, cores=1),
        cwd=project.folder,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    ) as snakemake:
        log = "results/smoke/logs/train/letters_maml/seed0/epochs3-4.log"
        child = caught(snakemake, project.folder / log)
        os.kill(child.pid if victim == "training" else snakemake.pid, signal.SIGKILL)
    if victim == "snakemake":
        child.kill()
        project.run("--unlock")
    else:
        assert snakemake.returncode != 0
    training = {rule for rule, _ in project.planned(target) if rule.startswith("train")}
    assert training == {"train_epochs_3_to_4"}
    project.run(target)
    assert project.products("checkpoints", "tables") == uninterrupted
