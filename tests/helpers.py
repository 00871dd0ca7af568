"""Small data sets and runs shared by the tests; `stand_ins` has networks, tasks and engines."""

import numpy as np

from metalandscape.datasets._images import ImageDataset
from metalandscape.networks import ConvNetwork
from metalandscape.settings.config import Run
from stand_ins import adapt as adapt
from stand_ins import conv_network as conv_network
from stand_ins import conv_tasks as conv_tasks
from stand_ins import engine as engine
from stand_ins import gradient as gradient
from stand_ins import kernel as kernel
from stand_ins import mlp_network as mlp_network
from stand_ins import sine_tasks as sine_tasks
from stand_ins import start as start


def image_dataset(classes=9, train=5, instances=8, shape=(12, 12, 1), rotations=False):
    rng = np.random.default_rng(5)
    names = [f"class{i}" for i in range(classes)]
    images = {n: rng.integers(0, 256, (instances, *shape), np.uint8) for n in names}
    splits = {n: "train" if i < train else "test" for i, n in enumerate(names)}
    return ImageDataset.from_classes(images, splits, rotations)


def image_run(**changes):
    settings = {
        "dataset": "images",
        "algorithm": "maml",
        "network": ConvNetwork(kind="conv", filters=4),
        "way": 3,
        "shot": 2,
        "targets": 3,
        "inner_steps": 2,
        "inner_rate": 0.1,
        "outer_rate": 0.01,
        "batch_size": 2,
        "iterations": 3,
        "epochs": 4,
        "epochs_per_job": 2,
        "seeds": [0],
    }
    return Run.model_validate(settings | changes)
