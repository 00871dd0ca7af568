"""Small, exact stand-ins shared by tests: tiny networks, tasks, a plain MAML."""

import functools
import tempfile
from pathlib import Path

import numpy as np
import torch

from metalandscape.engines import Choice, native
from metalandscape.networks import conv, initialize, mlp
from metalandscape.tasks.task import Task


def conv_network(shape=(1, 12, 12), way=3, tasks="classification", **options):
    return conv.Network(conv.Options(**({"filters": 4} | options)), shape, way, tasks)


def mlp_network(hidden=(5, 5), shape=(1,), outputs=1, tasks="regression"):
    return mlp.Network(mlp.Options(hidden=list(hidden)), shape, outputs, tasks)


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
    return Choice(name, kernel(), threads).of(network)


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
