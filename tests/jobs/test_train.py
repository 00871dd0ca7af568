"""The job that trains, as the workflow calls it."""

import argparse
import os
import subprocess
import sys
from pathlib import Path

import pandas as pd
import pytest
import torch
from safetensors.torch import load_file, save_file

from helpers import image_dataset, image_run
from metalandscape.engines import Choice
from metalandscape.ground import plugins
from metalandscape.ground.errors import UserError
from metalandscape.ground.files import read_arrays
from metalandscape.jobs import train


@pytest.fixture
def job(tmp_path):
    """Returns a function that trains a block of epochs in a folder, by the job's command line."""
    image_dataset().save(tmp_path / "data.safetensors")
    parser = argparse.ArgumentParser()
    train.arguments(parser)

    def call(folder, epochs, trained=None, **more):
        folder = tmp_path / folder
        given = {
            "run": "images",
            "settings": (trained or image_run()).training_settings(),
            "data": tmp_path / "data.safetensors",
            "code": "c0de",
            "engine": "reference",
            "device": "cpu",
            "seed": 0,
            "log": folder / f"log{epochs[-1]}.csv",
            "state": folder / f"state{epochs[-1]}.safetensors",
        }
        words = [str(word) for key, value in (given | more).items() for word in (f"--{key}", value)]
        files = [str(folder / f"epoch{epoch}.safetensors") for epoch in epochs]
        train.run(**vars(parser.parse_args([*words, "--checkpoints", *files])))
        return folder

    return call


def test_blocks_by_jobs_give_the_bytes_of_one_job(job):
    whole = job("whole", range(3))
    parts = job("parts", range(2))
    job("parts", [2], previous=parts / "state1.safetensors")
    for name in ("epoch0", "epoch1", "epoch2", "state2"):
        file = f"{name}.safetensors"
        assert (whole / file).read_bytes() == (parts / file).read_bytes()
    assert list(pd.read_csv(parts / "log2.csv")["epoch"]) == [2]


def test_it_computes_with_the_engine_that_the_command_line_names(job, monkeypatch):
    seen, made = [], Choice.of
    monkeypatch.setattr(Choice, "of", lambda self, *of: seen.append(self) or made(self, *of))
    job("any", [0], engine="vectorized", threads=2, precision="tf32", **{"tasks-at-once": 3})
    job("any", [0])
    assert seen[0] == Choice("vectorized", None, 2, "cpu", "tf32", 3)
    assert seen[1] == Choice("reference")


def test_given_weights_are_left_as_they_are_by_a_run_of_no_epochs(job, tmp_path):
    given = {n: 2 * t for n, t in load_file(job("any", [0]) / "epoch0.safetensors").items()}
    save_file(given, tmp_path / "mine.safetensors")
    run = image_run(epochs=0, initial_weights="mine.safetensors")
    ((first, last),) = run.blocks()
    epochs = range(first, last + 1)
    folder = job("measured", epochs, run, initial=tmp_path / "mine.safetensors")
    assert [path.name for path in Path(folder).glob("epoch*")] == ["epoch0.safetensors"]
    found = load_file(folder / "epoch0.safetensors")
    assert all(torch.equal(found[name], given[name]) for name in given)
    assert pd.read_csv(folder / "log0.csv").empty


def test_checkpoints_and_states_say_what_they_belong_to(job):
    folder = job("any", range(2))
    for name in ("epoch1", "state1"):
        _, metadata = read_arrays(folder / f"{name}.safetensors")
        assert (metadata["run"], metadata["seed"], metadata["epoch"]) == ("images", 0, 1)
        assert (metadata["dataset"], metadata["code"]) == (image_dataset().digest, "c0de")


def test_a_state_of_another_run_or_seed_is_refused_by_name(job):
    state = job("any", range(2)) / "state1.safetensors"
    for key, other, mine in (("run", "letters", "images"), ("seed", 1, 0)):
        message = rf"state1.safetensors belongs to {key} {mine}, but is used for {key} {other}"
        with pytest.raises(UserError, match=message):
            job("other", [2], previous=state, **{key: other})


def test_sigterm_ends_a_block_within_seconds(tmp_path):
    """The line says what is trained anew, and from where."""
    image_dataset().save(tmp_path / "data.safetensors")
    run = image_run(iterations=20, epochs=10**4)
    command = [sys.executable, "-m", "metalandscape", "train", "--run", "images", "--seed", "0"]
    command += ["--settings", run.training_settings(), "--data", str(tmp_path / "data.safetensors")]
    command += ["--code", "c0de", "--engine", "reference", "--device", "cpu"]
    command += ["--log", str(tmp_path / "log"), "--state", str(tmp_path / "state")]
    command += ["--checkpoints", *(str(tmp_path / f"epoch{e}.safetensors") for e in range(2000))]
    environment = {**os.environ, "PYTHONPATH": str(plugins.PACKAGE.parent)}
    job = subprocess.Popen(command, env=environment, stderr=subprocess.PIPE, text=True)
    assert job.stderr.readline().startswith("epoch 1: ")
    job.terminate()
    *_, line = job.communicate(timeout=30)[1].splitlines()
    assert job.returncode == 143
    assert line == (
        "metalandscape: preempted (SIGTERM); epochs 1 to 1999 of run images, seed 0, are trained "
        "anew from epoch 0; call snakemake again, and it goes on from there."
    )
    left = {path.name for path in tmp_path.iterdir()}
    assert not any(name.startswith(".") for name in left) and not left & {"log", "state"}
    for path in tmp_path.glob("epoch*"):
        read_arrays(path)
