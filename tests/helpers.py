"""Small, exact stand-ins shared by the tests: float64 data, a tiny network, a plain MAML."""

import functools
import tempfile
from pathlib import Path

import numpy as np
import torch

from metalandscape.datasets._images import ImageDataset
from metalandscape.engines import Choice, native
from metalandscape.models import build, initialise, loss
from metalandscape.networks import ConvNetwork, MLPNetwork
from metalandscape.settings.config import Run
from metalandscape.tasks.episodes import Task


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


def conv_model(**network):
    shape = network.pop("shape", (12, 12, 1))
    return build(ConvNetwork(kind="conv", **({"filters": 4} | network)), shape, 3)


def mlp_model(hidden=(5, 5)):
    return build(MLPNetwork(kind="mlp", hidden=list(hidden)), None, 1)


def start(model, seed=0):
    """A float64 theta away from the initialisation's special values (unit scales, zero biases)."""
    rng = np.random.default_rng(seed)
    theta = initialise(model, rng).double()
    return theta + 0.1 * torch.from_numpy(rng.standard_normal(len(theta)))


def conv_tasks(count, seed=1, shape=(1, 12, 12)):
    rng = np.random.default_rng(seed)

    def images(n):
        return torch.from_numpy(rng.random((3 * n, *shape)))

    labels = torch.arange(3)
    return [
        Task(images(2), labels.repeat_interleave(2), images(3), labels.repeat_interleave(3))
        for _ in range(count)
    ]


def sine_tasks(count, seed=1):
    rng = np.random.default_rng(seed)
    tasks = []
    for _ in range(count):
        x = torch.from_numpy(rng.uniform(-5, 5, (10, 1)))
        y = rng.uniform(1, 5) * torch.sin(x + rng.uniform(0, 3))
        tasks.append(Task(x[:4], y[:4], x[4:], y[4:]))
    return tasks


@functools.cache
def kernel():
    """The native engine's kernel, compiled once."""
    path = Path(tempfile.mkdtemp()) / "kernel.so"
    native.build(path)
    return path


def engine(model, name="reference", threads=1):
    return Choice(name, kernel(), threads).of(model)


def gradient(model, theta, x, y, create_graph=False):
    """The gradient of the loss, by nothing but autograd."""
    theta = theta if theta.requires_grad else theta.clone().requires_grad_()
    return torch.autograd.grad(loss(model, theta, x, y), theta, create_graph=create_graph)[0]


def adapt(model, theta, task, steps, rate, create_graph=False):
    """Eq. 1, by nothing but autograd."""
    for _ in range(steps):
        step = gradient(model, theta, task.support_x, task.support_y, create_graph)
        theta = theta - rate * step
    return theta
