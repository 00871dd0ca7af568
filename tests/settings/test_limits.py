"""Sizes that are refused, and that the documentation names them."""

import copy
import time
from pathlib import Path

import pytest

from configurations import VALID, changed
from metalandscape.ground.errors import UserError
from metalandscape.settings import config, limits

RUN = "runs/letters_maml_T1"
NETWORK = f"{RUN}/network"


def refusal(raw):
    started = time.process_time()
    with pytest.raises(UserError) as caught:
        config.load(raw)
    assert time.process_time() - started < 20
    return str(caught.value)


ABSURD = {
    "scale": ("scale", "x" * 301, "at most 300 characters"),
    "epochs": (f"{RUN}/epochs", 10**9, "at most 10000, got 1000000000"),
    "seed": (f"{RUN}/seeds", [2**64], "less than 1.84467e+19"),
    "inner rate": (f"{RUN}/inner_rate", 1e39, "at most 3e+38"),
    "outer rate": (f"{RUN}/outer_rate", 1e39, "at most 3e+38"),
    "batch": (f"{RUN}/batch_size", 10**9, "at most 1e+06"),
    "steps": (f"{RUN}/inner_steps", 10**9, "at most 1e+06"),
    "filters": (NETWORK, {"kind": "conv", "filters": 10**9}, "at most 16384"),
    "modules": (NETWORK, {"kind": "conv", "modules": 10**9}, "at most 32"),
    "hidden": (NETWORK, {"kind": "mlp", "hidden": [10**9]}, "at most 16384"),
    "layers": (NETWORK, {"kind": "mlp", "hidden": [4] * 100}, "at most 32"),
    "resnet": (NETWORK, {"kind": "resnet12", "filters": [10**9]}, "at most 16384"),
    "image": ("datasets/letters/image_size", 100_000, "at most 1024"),
    "image of a folder": ("datasets/folder/image_size", 100_000, "at most 1024"),
    "images": ("datasets/letters/instances_per_class", 10**9, "at most 10000"),
    "tasks": ("metrics/hessian", {"tasks": 10**9}, "at most 1e+06"),
    "embeddings": ("metrics/embeddings", {"batch_size": 1}, "at least 2"),
    "one class": (f"{RUN}/way", 1, "one class leaves nothing to tell apart; give 2"),
    "one class at test": (f"{RUN}/test", {"way": 1}, "one class leaves nothing to tell apart"),
}


@pytest.mark.parametrize("size", ABSURD)
def test_absurd_sizes_are_refused_by_name(size):
    path, value, words = ABSURD[size]
    text = refusal(changed(path, value))
    assert text.startswith("config key ") and words in text, text


def test_a_batch_of_one_image_needs_a_network_without_batch_norm():
    one = {"way": 3, "algorithm": "finetuning", "batch_size": 1}
    text = refusal(changed(RUN, one))
    assert text.startswith(f"config key {RUN.replace('/', '.')}.batch_size: finetuning would train")
    group = {"kind": "resnet12", "filters": [4], "norm": "group", "groups": 2}
    for network in (group, {"kind": "mlp"}):
        assert config.load(changed(RUN, one | {"network": network}))
    assert config.load(changed(RUN, {"way": 3, "batch_size": 1}))  # one task of several images


def many(runs, **more):
    raw = copy.deepcopy(VALID)
    raw["runs"]["r{inner_steps}"] = {
        "way": 3,
        "matrix": {"inner_steps": list(range(1, runs + 1))},
        **more,
    }
    raw["figures"]["fig5"] += ["r*"]
    return raw


def test_more_runs_than_the_limit_are_refused():
    text = refusal(many(limits.RUNS))
    assert text.startswith("config key runs.r{inner_steps}: ") and "more than 10,000 runs" in text


def test_more_jobs_than_the_limit_are_refused():
    text = refusal(many(1, seeds=list(range(20_000)), epochs=10))
    assert text.startswith("config key figures: they need ") and "at most 100,000" in text


def test_more_blocks_than_the_limit_are_refused():
    assert config.load(many(1, epochs=1000, epochs_per_job=1, seeds=[0]))
    text = refusal(many(1, epochs=1001, epochs_per_job=1, seeds=[0]))
    assert text.startswith("config key epochs_per_job: the runs have 1,0")


def test_jobs_are_counted_as_the_workflow_has_them():
    """Two runs of seed 0 with 5 epochs, and of them accuracy and trajectories, by fig5."""
    raw = changed("checkpoints_per_job", 4)
    raw["defaults"] |= {"epochs": 5, "epochs_per_job": 2, "seeds": [0]}
    # Three blocks; a list of tasks, two measurements and a table of each metric.
    assert limits.jobs(config.load(raw)) == 2 * (3 + 2 * (1 + 2 + 1))


@pytest.mark.parametrize(
    "number", [limits.EPOCHS, limits.RUNS, limits.BLOCKS, limits.JOBS, limits.SCALE]
)
def test_limits_are_documented(number):
    text = (Path(__file__).parents[2] / "config" / "README.md").read_text()
    section = text.split("## Limits")[1].split("\n## ")[0]
    assert f"{number:,}" in section
