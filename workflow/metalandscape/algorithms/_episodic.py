"""What MAML and First-Order MAML share: episodes, and the meta-update of Eq. 2."""

import torch
from torch import Tensor

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


def meta_gradient(
    model: Model, theta: Tensor, tasks: list[Task], steps: int, rate: float, second_order: bool
) -> Outer:
    """Return the gradient of the mean target loss over tasks, Eq. 2.

    Second order differentiates through adaptation; first order takes the gradient at theta~_i as if
    theta~_i did not depend on theta (Finn et al. 2017, section 5.2).
    """
    total = torch.zeros_like(theta)
    losses = accuracies = 0.0
    for task in tasks:
        start = theta.detach().requires_grad_()
        adapted = adapt(model, start, task, steps, rate, create_graph=second_order)
        point = start if second_order else adapted.requires_grad_()
        outputs = model.outputs(adapted, task.target_x)
        loss = model.criterion(outputs, task.target_y)
        total += torch.autograd.grad(loss, point)[0]
        losses += loss.item()
        accuracies += accuracy(outputs, task.target_y)
    n = len(tasks)
    return Outer(total / n, losses / n, accuracies / n)
