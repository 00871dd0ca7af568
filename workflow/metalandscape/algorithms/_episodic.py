"""What MAML and First-Order MAML share: episodes, and the meta-update of Eq. 2."""

from collections.abc import Callable
from functools import partial

import torch
from torch import Tensor

from .. import plugins, tasks
from ..adaptation import Task, adapt
from ..config import Run
from ..datasets import Dataset
from ..models import Model, accuracy
from ..models import build as build_network
from . import Outer


def build(run: Run, dataset: Dataset) -> Model:
    """Return the network with one output per class of a task."""
    return build_network(run.network, getattr(dataset, "image_shape", None), run.way or 1)


def starting_point(
    model: Model, theta: Tensor, run: Run, dataset: Dataset, seed: int
) -> tuple[Model, Tensor]:
    """Return what was meta-trained: meta-test adaptation starts from theta^s itself."""
    return model, theta


def step(
    model: Model,
    theta: Tensor,
    run: Run,
    dataset: Dataset,
    seed: int,
    iteration: int,
    second_order: bool,
) -> Outer:
    """Return the meta-gradient over the tasks of one meta-iteration, regularised if the run is."""
    batch = tasks.sample(dataset, run, seed, iteration)
    inner = (run.inner_steps, run.inner_rate, second_order)
    if run.regularizer is None:
        return meta_gradient(model, theta, batch, *inner)
    options = dict(run.regularizer)
    regularizer = plugins.load("regularizers", options.pop("name"))
    correct = partial(regularizer.correct, options=options)
    return regularised_meta_gradient(model, theta, batch, *inner, correct)


def meta_gradient(
    model: Model, theta: Tensor, batch: list[Task], steps: int, rate: float, second_order: bool
) -> Outer:
    """Return the gradient of the mean target loss over tasks, Eq. 2.

    Second order differentiates through adaptation; first order takes the gradient at theta~_i as if
    theta~_i did not depend on theta (Finn et al. 2017, section 5.2).
    """
    total = torch.zeros_like(theta)
    results = []
    for task in batch:
        start = theta.detach().requires_grad_()
        adapted = adapt(model, start, task, steps, rate, create_graph=second_order)
        point = start if second_order else adapted.requires_grad_()
        loss, result = _target(model, adapted, task)
        total += torch.autograd.grad(loss, point)[0]
        results.append(result)
    return _mean(total, results)


def regularised_meta_gradient(
    model: Model,
    theta: Tensor,
    batch: list[Task],
    steps: int,
    rate: float,
    second_order: bool,
    correct: Callable[[Tensor, Tensor], Tensor],
) -> Outer:
    """Return the gradient of the mean target loss at the regularised solutions (Algorithm 1).

    The correction ties the tasks of a batch together. So as not to hold the graphs of all of them,
    the chain rule is taken in two passes: the gradients g_i at theta^_i are pulled back through the
    correction to cotangents of every theta~_j and of theta^s, and these through one adaptation
    after the other. Exact; it costs one more adaptation per task, without its graph.
    """
    adapted = torch.stack([adapt(model, theta, task, steps, rate) for task in batch])
    adapted, start = adapted.requires_grad_(), theta.detach().requires_grad_()
    corrected = correct(adapted, start)
    gradients, results = [], []
    for solution, task in zip(corrected.detach(), batch, strict=True):
        loss, result = _target(model, solution.requires_grad_(), task)
        gradients.append(torch.autograd.grad(loss, solution)[0])
        results.append(result)
    cotangents, total = torch.autograd.grad(corrected, (adapted, start), torch.stack(gradients))
    for cotangent, task in zip(cotangents, batch, strict=True):
        total = total + _pull_back(model, theta, task, steps, rate, second_order, cotangent)
    return _mean(total, results)


def _pull_back(
    model: Model,
    theta: Tensor,
    task: Task,
    steps: int,
    rate: float,
    second_order: bool,
    cotangent: Tensor,
) -> Tensor:
    """Return (d theta~_i / d theta)^T cotangent [P]; first order takes theta~_i = theta + const."""
    if not second_order:
        return cotangent
    start = theta.detach().requires_grad_()
    adapted = adapt(model, start, task, steps, rate, create_graph=True)
    return torch.autograd.grad(adapted, start, cotangent)[0]


def _target(model: Model, theta: Tensor, task: Task) -> tuple[Tensor, tuple[float, float]]:
    """Return the target loss with its graph, and loss and accuracy as numbers."""
    outputs = model.outputs(theta, task.target_x)
    loss = model.criterion(outputs, task.target_y)
    return loss, (loss.item(), accuracy(outputs, task.target_y))


def _mean(total: Tensor, results: list[tuple[float, float]]) -> Outer:
    n = len(results)
    losses, accuracies = zip(*results, strict=True)
    return Outer(total / n, sum(losses) / n, sum(accuracies) / n)
