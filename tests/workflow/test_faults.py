"""What goes wrong in the middle of a run: a training that diverges, a signal, kills."""

import sys
from pathlib import Path

import pandas as pd
import pytest

import metalandscape

sys.path.insert(0, str(Path(__file__).parents[2] / "benchmarks"))

import kill_campaign


def test_a_diverged_training_is_marked_and_the_others_are_drawn(project):
    def change(config):
        huge = {"algorithm": "maml", "inner_steps": 1, "outer_rate": 1e36, "iterations": 1}
        config["runs"]["huge"] = huge | {"epochs": 2, "seeds": [0]}
        config["figures"] = {"fig7": ["letters_maml_T1", "huge"]}

    results = project.folder / "results/smoke"
    healthy = (results / "tables/letters_maml_T1/accuracy.csv").read_bytes()
    (project.folder / "figures/smoke/fig7.png").unlink()
    project.configure(change)
    said = project.run("figures/smoke/fig7.png", "results/smoke/claims.csv")
    assert "training of run huge, seed 0, diverged in epoch 2" in said
    assert (project.folder / "figures/smoke/fig7.png").exists()
    assert (results / "tables/letters_maml_T1/accuracy.csv").read_bytes() == healthy
    table = pd.read_csv(results / "tables/huge/accuracy.csv").set_index("epoch")
    assert table.loc[0, "value"].notna().all() and table.loc[2, "value"].isna().all()
    assert (table.loc[2, "n_diverged"] == table.loc[2, "n_tasks"]).all()
    verdicts = pd.read_csv(results / "claims.csv").set_index("setting")
    # With such weights no adaptation has a result, though they are numbers still.
    assert "diverged: run huge, seed 0, from epoch 1 on" in verdicts.loc["huge", "reason"].iloc[0]
    checkpoints = results / "checkpoints/huge/seed0"
    assert metalandscape.load(checkpoints / "epoch1.safetensors").theta.isfinite().all()
    with pytest.raises(metalandscape.UserError, match="diverged in epoch 2; take a checkpoint of"):
        metalandscape.load(checkpoints / "epoch2.safetensors")


ENDED = '''"""Told to end while it draws."""
import os, signal, time
METRICS = ("accuracy",)
def draw(data):
    os.kill(os.getpid(), signal.SIGTERM)
    time.sleep(60)
'''


def test_sigterm_ends_a_figure_with_one_line_and_leaves_nothing(project):
    parts = project.folder / "my_parts/figures"
    parts.mkdir(parents=True)
    (parts / "ended.py").write_text(ENDED)
    figures = {"ended": ["letters_maml"]}
    project.configure(lambda config: config.update(plugins="my_parts", figures=figures))
    said = project.run("figures/smoke/ended.png", ok=False)
    log = (project.folder / "results/smoke/logs/draw_figure/ended.log").read_text()
    assert log.startswith("metalandscape: preempted (SIGTERM); nothing of this job is kept")
    assert log in said and log.count("\n") == 1
    left = [path.name for path in (project.folder / "figures/smoke").iterdir()]
    assert not [name for name in left if "ended" in name or name.startswith(".")]


ODD_NAME = 'it\'s 100% $(touch pwned);`touch pwned` "é" & ~'


def test_folders_of_any_name_reach_no_shell(fresh):
    project = fresh()
    known = {path.name for path in project.folder.iterdir()}
    folders = {"results": ODD_NAME, "figures": f"{ODD_NAME}/figures"}
    project.configure(lambda config: config.update(folders=folders))
    project.run(f"{ODD_NAME}/checkpoints/waves_maml/seed0/epoch2.safetensors")
    made = {path.name for path in project.folder.iterdir()} - known
    assert made == {ODD_NAME, ".snakemake"}


def test_kills_at_random_moments_lose_nothing(tmp_path):
    """A short share of benchmarks/kill_campaign.py."""
    results = list(kill_campaign.campaign(tmp_path, trials=3, seed=57))
    assert not [result for result in results if kill_campaign.odd(result)]
    assert [result["signal"] for result in results] == ["SIGKILL", "SIGTERM", "SIGKILL"]
