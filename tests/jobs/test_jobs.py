"""Jobs one after the other, as the workflow calls them, on tiny data."""

import argparse
import inspect
import json
from pathlib import Path

import numpy as np
import pytest

from helpers import image_dataset, image_run
from metalandscape.__main__ import COMMANDS, _module
from metalandscape.ground.errors import UserError
from metalandscape.ground.files import read_arrays
from metalandscape.jobs import measure, prepare, sample, tabulate, train
from metalandscape.results import tables
from metalandscape.training import blocks

ENGINE = {"engine": "reference", "kernel": None, "threads": 1, "device": "cpu"}


@pytest.fixture
def data(tmp_path):
    path = tmp_path / "data.safetensors"
    image_dataset().save(path)
    return str(path)


def trained(folder, data, epochs, run=None, seed=0, **files):
    """Train some epochs; return their checkpoints and the state after them."""
    folder.mkdir(exist_ok=True)
    checkpoints = [str(folder / f"epoch{epoch}.safetensors") for epoch in epochs]
    state = str(folder / f"state{epochs[-1]}.safetensors")
    settings = (run or image_run()).training_settings()
    names = {"run": "images", "settings": settings, "seed": seed, "data": data, "code": "c0de"}
    outputs = {"checkpoints": checkpoints, "state": state, "log": str(folder / "log.csv")}
    train.run(**names, **outputs, **{"previous": None, "initial": None} | files, **ENGINE)
    return checkpoints, state


def measured(folder, data, checkpoints, run=None, name="images", seed=0, test_data=None):
    """Sample tasks and measure the accuracy; return its table."""
    run = run or image_run()
    own = {"metric": "accuracy", "data": [data, test_data] if test_data else [data]}
    wanted = {"shapes": json.dumps({"test": run.at_test().shape()}), "counts": '{"test": 4}'}
    sample.run("images", **own, seed=0, **wanted, output=str(folder / "tasks"))
    outputs = {"output": str(folder / "a.csv"), "per_task": str(folder / "a.tasks.csv")}
    own |= {"run": name, "seed": seed, "tasks": str(folder / "tasks"), "code": "c0de"}
    measure.run(
        settings=run.settings(),
        **own,
        **outputs,
        checkpoints=checkpoints,
        options='{"tasks": 4}',
        **ENGINE,
    )
    return tables.read(folder / "a.csv")


def test_two_blocks_are_one_training(tmp_path, data):
    whole, _ = trained(tmp_path / "whole", data, [0, 1, 2])
    first, state = trained(tmp_path / "blocks", data, [0, 1])
    second, _ = trained(tmp_path / "blocks", data, [2], previous=state)
    for one, other in zip(whole, [*first, *second], strict=True):
        assert Path(one).read_bytes() == Path(other).read_bytes()
    log = tables.read(tmp_path / "blocks/log.csv")
    assert list(log.columns) == blocks.COLUMNS
    assert log["epoch"].tolist() == [2]


def test_without_epochs_given_weights_are_measured(tmp_path, data):
    (_, last), _ = trained(tmp_path / "first", data, [0, 1])
    (start,), _ = trained(tmp_path / "second", data, [0], initial=last)
    assert _same_weights(last, start)
    table = measured(tmp_path, data, [start])
    assert table["epoch"].unique().tolist() == [0]


def _same_weights(a, b):
    a, b = read_arrays(a)[0], read_arrays(b)[0]
    return a.keys() == b.keys() and all(np.array_equal(a[name], b[name]) for name in a)


def test_measurements_have_every_checkpoint_in_order(tmp_path, data):
    checkpoints, _ = trained(tmp_path / "run", data, [0, 1, 2])
    table = measured(tmp_path, data, checkpoints[::-1])
    assert table["epoch"].drop_duplicates().tolist() == [0, 1, 2]
    assert set(table["split"]) == {"test"} and set(table["n_tasks"]) == {4}
    tables.write(tmp_path / "b.csv", table.assign(seed=1))
    tabulate.run([str(tmp_path / f"{name}.csv") for name in "ab"], str(tmp_path / "joined.csv"))
    assert len(tables.read(tmp_path / "joined.csv")) == 2 * len(table)


def test_a_diverged_training_is_said_once_and_measured_as_nan(tmp_path, data, capsys):
    run = image_run(outer_rate=1e36, iterations=1)
    first, state = trained(tmp_path / "run", data, [0, 1, 2], run)
    assert capsys.readouterr().out == (
        "metalandscape: training of run images, seed 0, diverged in epoch 2, from which on its "
        "results are NaN; lower its inner_rate or outer_rate.\n"
    )
    second, _ = trained(tmp_path / "run", data, [3], run, previous=state)
    assert capsys.readouterr().out == ""
    table = measured(tmp_path, data, [*first, *second], run)
    after = table[table["epoch"] >= 2]
    assert after["value"].isna().all() and (after["n_diverged"] == after["n_tasks"]).all()
    assert set(after["n_tasks"]) == {4} and set(after["epoch"]) == {2, 3}
    before = table[table["epoch"] == 0]
    assert before["value"].notna().all() and set(before["metric"]) == set(after["metric"])


def test_meta_test_has_its_own_settings_and_dataset(tmp_path, data):
    other = tmp_path / "other.safetensors"
    image_dataset(classes=12, instances=9).save(other)
    checkpoints, _ = trained(tmp_path / "run", data, [0, 1])
    run = image_run(test={"dataset": "other", "shot": 4, "inner_steps": 3})
    table = measured(tmp_path, data, checkpoints, run, test_data=str(other))
    assert not table.equals(measured(tmp_path, data, checkpoints))
    assert table["value"].notna().all()


@pytest.mark.parametrize(
    ("wrong", "words"), [({"name": "b"}, "belongs to run images"), ({"seed": 1}, "to seed 0")]
)
def test_files_of_another_run_or_seed_are_refused(tmp_path, data, wrong, words):
    checkpoints, _ = trained(tmp_path / "run", data, [0])
    with pytest.raises(UserError, match=words):
        measured(tmp_path, data, checkpoints, **wrong)
    assert not (tmp_path / "a.csv").exists()


def test_a_training_state_of_another_seed_is_refused(tmp_path, data):
    _, state = trained(tmp_path / "run", data, [0, 1])
    with pytest.raises(UserError, match="belongs to seed 0, but is used for seed 1"):
        trained(tmp_path / "other", data, [2], seed=1, previous=state)


def test_generated_data_are_prepared_without_a_manifest(tmp_path):
    options = json.dumps({"kind": "sine"})
    prepare.run(options, str(tmp_path / "waves.safetensors"), None)
    assert read_arrays(tmp_path / "waves.safetensors")[1]["kind"] == "sine"


@pytest.mark.parametrize("command", COMMANDS)
def test_a_commands_arguments_are_those_of_its_job(command):
    parser, job = argparse.ArgumentParser(), _module(command)
    job.arguments(parser)
    names = {action.dest for action in parser._actions} - {"help"}
    assert names == set(inspect.signature(job.run).parameters)
