"""Tiny algorithms with tasks in float64, for oracles; and what an algorithm learns on letters."""

from pathlib import Path

import numpy as np
import pytest
import torch

from helpers import (
    algorithm,
    conv_tasks,
    image_dataset,
    image_run,
    origin,
    sine_dataset,
    sine_run,
    sine_tasks,
    start,
)
from metalandscape.datasets import glyphs
from metalandscape.tasks import lists
from metalandscape.tasks.task import Task
from metalandscape.training import blocks

# Run, dataset, tasks and engine.
CASES = {
    "conv, reference": (image_run, image_dataset, conv_tasks, "reference"),
    "conv, native": (image_run, image_dataset, conv_tasks, "auto"),
    "mlp, batched": (sine_run, sine_dataset, sine_tasks, "auto"),
}
RATE = 0.03125  # an inner rate that float32 has exactly


@pytest.fixture(params=CASES)
def case(request):
    """Makes an algorithm of a configuration's words, with theta and two tasks in float64."""
    run, dataset, tasks, engine = CASES[request.param]

    def make(words, **changes):
        settings = {"algorithm": words, "inner_rate": RATE, "inner_steps": 3} | changes
        made = algorithm(run(**settings), dataset(), engine=engine)
        return made, start(made.network), tasks(2)

    return make


@pytest.fixture(scope="session")
def letters():
    options = glyphs.Options(kind="glyphs", train_classes=40, test_classes=20)
    return glyphs.prepare(options, Path(), Path())


@pytest.fixture
def learned(letters, tmp_path):
    """Trains on letters; returns accuracy before and after, and the meta-parameters.

    On meta-train tasks: after so few iterations the accuracy on meta-test tasks has hardly risen,
    and by how much is up to how the processor rounds.
    """

    def learn(words, **changes):
        settings = {
            "algorithm": words,
            "network": {"kind": "conv", "filters": 8},
            "way": 3,
            "shot": 2,
            "targets": 4,
            "inner_steps": 3,
            "inner_rate": 0.1,
            "batch_size": 4,
            "iterations": 100,
        }
        run = image_run(**settings | changes)
        made = algorithm(run, letters, engine="auto")
        begin = blocks.start(made)
        files = {1: tmp_path / "epoch1.safetensors"}
        end, _ = blocks.train(made, letters, begin, files, origin(run, letters))
        tasks = meta_train(letters, run)
        return accuracy(made, begin.meta, tasks), accuracy(made, end.meta, tasks), end.meta

    return learn


def meta_train(dataset, run, count=60):
    sampled = dataset.sample(np.random.default_rng(0), "train", count, **run.shape())
    rows = lists.rows(sampled, count)
    return [Task(*map(torch.from_numpy, dataset.materialise(row, run.shot))) for row in rows]


def accuracy(algorithm, meta, tasks):
    learner = algorithm.learner(meta)
    results = [learner.engine.evaluate(learner.adapt(t), t.target_x, t.target_y) for t in tasks]
    return np.mean([accuracy for _, accuracy in results])
