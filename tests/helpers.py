"""Small, exact stand-ins shared by tests: data sets, runs, networks, tasks, engines, oracles.

The oracles (`gradient`, `adapt`, `meta_gradients`) use nothing but autograd.
"""

import functools
import tempfile
from pathlib import Path

import numpy as np
import torch
from jaxtyping import jaxtyped

from checked import typechecked
from metalandscape import algorithms
from metalandscape.datasets import sine
from metalandscape.datasets._images import ImageDataset
from metalandscape.engines import Choice, Group, LossGradient, batched, native, vectorized
from metalandscape.metrics import Measurement
from metalandscape.networks import conv, initialize, mlp, resnet12
from metalandscape.settings import parts
from metalandscape.settings.run import Run
from metalandscape.tasks.task import Spec, Task
from metalandscape.training.artifacts import Origin

# The import hook, which checks functions and dataclasses, leaves named tuples out.
for each in (Group, LossGradient, Measurement, Task, batched.Pass, vectorized.Point):
    each.__new__ = jaxtyped(each.__new__, typechecker=typechecked)


def image_dataset(classes=9, train=5, instances=8, shape=(12, 12, 1), rotations=False, val=0):
    """Classes of random images: first those for meta-training, then `val`, then those for test."""
    rng = np.random.default_rng(5)
    names = [f"class{i}" for i in range(classes)]
    images = {n: rng.integers(0, 256, (instances, *shape), np.uint8) for n in names}
    order = ["train"] * train + ["val"] * val + ["test"] * (classes - train - val)
    splits = dict(zip(names, order, strict=True))
    return ImageDataset.from_classes(images, splits, rotations)


def sine_dataset():
    return sine.prepare(sine.Options(kind="sine"), Path(), Path())


IMAGE_RUN = {
    "dataset": "images",
    "algorithm": "maml",
    "network": {"kind": "conv", "filters": 4},
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


def image_run(**changes):
    """A run on `image_dataset`; changes are written as in a configuration."""
    return Run.model_validate(parts.of_run(IMAGE_RUN | changes, "runs.images.{}".format))


def sine_run(**changes):
    """A run on `sine_dataset`."""
    network = {"kind": "mlp", "hidden": [5, 5]}
    sines = {"dataset": "waves", "way": None, "network": network, "inner_rate": 0.01}
    return image_run(**sines | changes)


def algorithm(run=None, dataset=None, seed=0, engine="reference"):
    """The algorithm of a run, with an engine."""
    spec = Spec.of(dataset or image_dataset())
    choice = Choice(engine, kernel() if engine == "auto" else None)
    return algorithms.create(algorithms.Setup(run or image_run(), spec, seed, choice))


def origin(run=None, dataset=None, **changes):
    """What the files of a run and seed belong to."""
    known = {
        "run": "images",
        "seed": 0,
        "settings": (run or image_run()).settings(),
        "dataset": (dataset or image_dataset()).digest,
        "preprocessing": {},
        "spec": Spec.of(dataset or image_dataset())._asdict(),
        "code": "c0de",
        "version": "0",
    }
    return Origin(**known | changes)


def conv_network(shape=(1, 12, 12), way=3, tasks="classification", **options):
    return conv.Network(conv.Options(**({"filters": 4} | options)), shape, way, tasks)


def mlp_network(hidden=(5, 5), shape=(1,), outputs=1, tasks="regression"):
    return mlp.Network(mlp.Options(hidden=list(hidden)), shape, outputs, tasks)


def resnet_network(shape=(1, 12, 12), way=3, tasks="classification", **options):
    options = resnet12.Options(**({"filters": [2, 4]} | options))
    return resnet12.Network(options, shape, way, tasks)


def start(network, seed=0):
    """A float64 theta away from the initialization's special values (unit scales, zero biases)."""
    rng = np.random.default_rng(seed)
    theta = initialize(network, rng).double()
    return theta + 0.1 * torch.from_numpy(rng.standard_normal(len(theta)))


def rates(network, size=0.1, seed=0):
    """A float64 vector of inner rates, a third of them zero."""
    rng = np.random.default_rng(seed)
    drawn = size * rng.random(len(start(network)))
    return torch.from_numpy(drawn * (rng.random(len(drawn)) > 1 / 3))


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


def engine(network, name="reference", threads=1):
    return Choice(name, kernel() if name == "auto" else None, threads).of(network)


def gradient(network, theta, x, y, create_graph=False):
    """The gradient of the loss, by nothing but autograd."""
    theta = theta if theta.requires_grad else theta.clone().requires_grad_()
    return torch.autograd.grad(network.loss(theta, x, y), theta, create_graph=create_graph)[0]


def adapt(network, theta, task, steps, rates, create_graph=False):
    """Eq. 1, by nothing but autograd."""
    for _ in range(steps):
        step = gradient(network, theta, task.support_x, task.support_y, create_graph)
        theta = theta - rates * step
    return theta


def meta_gradients(network, theta, tasks, steps, rates, second_order):
    """Gradients of the mean target loss with respect to theta and rates [P], on one graph."""
    theta, rates = theta.clone().requires_grad_(), rates.clone().requires_grad_()
    losses = []
    for task in tasks:
        at = theta
        for _ in range(steps):
            step = network.loss(at, task.support_x, task.support_y)
            (step,) = torch.autograd.grad(step, at, create_graph=True)
            at = at - rates * (step if second_order else step.detach())
        losses.append(network.loss(at, task.target_x, task.target_y))
    return torch.autograd.grad(torch.stack(losses).mean(), (theta, rates))


def relative(found, expected):
    """The l2 distance of two vectors as a share of the second's norm."""
    return ((found - expected).norm() / expected.norm()).item()
