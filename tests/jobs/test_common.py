import argparse

import pytest

from helpers import image_run
from metalandscape.jobs import _common


@pytest.mark.parametrize(
    ("path", "epoch"),
    [("epoch0.safetensors", 0), ("a/seed1/epoch17.safetensors", 17), ("epoch100", 100)],
)
def test_an_epoch_is_told_by_its_checkpoints_name(path, epoch):
    assert _common.epoch_of(path) == epoch


@pytest.mark.parametrize("path", ["state7.safetensors", "epoch.safetensors", "epoch7x.safetensors"])
def test_other_files_are_no_checkpoints(path):
    with pytest.raises(ValueError):
        _common.epoch_of(path)


def test_settings_come_back_as_the_run_that_they_were():
    run = image_run(test={"shot": 1})
    assert _common.run_of(run.settings()) == run.model_copy(
        update={"epochs": 100, "epochs_per_job": 1, "seeds": [0, 1, 2]}
    )
    plain = run.model_dump(mode="json")
    assert _common.runs_of({"a": plain}) == {"a": run}


def test_arguments_are_required_texts():
    parser = argparse.ArgumentParser()
    _common.add(parser, "run", "per-task")
    assert vars(parser.parse_args(["--run", "a", "--per-task", "b"])) == {
        "run": "a",
        "per_task": "b",
    }
    with pytest.raises(SystemExit):
        parser.parse_args(["--run", "a"])
