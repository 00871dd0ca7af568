"""What metrics are measured on: a learner of a small network, and tasks on which it adapts."""

from dataclasses import dataclass

import numpy as np
import pytest

from helpers import (
    algorithm,
    conv_network,
    engine,
    image_dataset,
    image_run,
    initialize,
    mlp_network,
    sine_dataset,
    sine_run,
)
from metalandscape.ground import plugins
from metalandscape.ground.options import Part
from metalandscape.learner import Learner
from metalandscape.tasks import lists
from metalandscape.tasks.episodes import Tasks

COUNTS = {"test": 5, "val": 3, "train": 4}
STEPS, RATE = 2, 0.1


@dataclass
class Measured:
    """A learner, its tasks, and what a metric measures on them."""

    learner: Learner
    tasks: Tasks

    def by(self, metric, **options):
        """Quantity and split -> Measurement."""
        part = Part(name=metric, options=options)
        module, chosen = plugins.chosen("metrics", part)
        found = list(module.measure(self.learner, self.tasks, chosen))
        assert len({(m.name, m.split) for m in found}) == len(found)
        return {(m.name, m.split): m for m in found}

    def listed(self, split="test"):
        return list(self.tasks.of(split))


def listed(path, dataset, run, splits=tuple(COUNTS)):
    wanted = {split: lists.Wanted(dataset, run.shape(), COUNTS[split]) for split in splits}
    lists.save(path, wanted, "images", 0, "any")
    return Tasks.listed(path, dict.fromkeys(COUNTS, dataset), dict.fromkeys(COUNTS, run.shot), 0)


@pytest.fixture(params=["reference", "auto", "vectorized"])
def images(request, tmp_path):
    """Of classification, by every engine."""
    network = conv_network()
    theta = initialize(network, np.random.default_rng(0))
    learner = Learner(network, engine(network, request.param), theta, STEPS, RATE)
    return Measured(
        learner, listed(tmp_path / "tasks", image_dataset(classes=10, train=4, val=3), image_run())
    )


@pytest.fixture
def sines(tmp_path):
    """Of regression."""
    network = mlp_network()
    theta = initialize(network, np.random.default_rng(0))
    learner = Learner(network, engine(network), theta, STEPS, 0.01)
    return Measured(learner, listed(tmp_path / "tasks", sine_dataset(), sine_run(), ["test"]))


@pytest.fixture
def baseline(tmp_path):
    """Of the Finetuning baseline, whose start depends on the task."""
    run = image_run(algorithm={"name": "finetuning", "head": "per_task"})
    own = algorithm(run, image_dataset(classes=10, train=4, val=3))
    return Measured(
        own.learner(own.initial()),
        listed(tmp_path / "tasks", image_dataset(classes=10, train=4, val=3), run),
    )
