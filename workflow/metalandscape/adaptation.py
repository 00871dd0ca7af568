"""Tasks as tensors, and adaptation: the inner loop, Eq. 1 of the paper.

This is the reference engine: a plain loop of `torch.autograd.grad` over one task.
"""

from typing import NamedTuple

import torch
from torch import Tensor

from .models import Model, loss


class Task(NamedTuple):
    """One task: the model adapts on the support set and is judged on the target set.

    Images are [n, channels, height, width] with labels int64 [n]; regression has [n, 1] for both.
    """

    support_x: Tensor
    support_y: Tensor
    target_x: Tensor
    target_y: Tensor


def gradient(
    model: Model, theta: Tensor, x: Tensor, y: Tensor, create_graph: bool = False
) -> Tensor:
    """Return the gradient [P] of the loss with respect to theta [P].

    With `create_graph` the result can itself be differentiated.
    """
    if not theta.requires_grad:
        theta = theta.detach().requires_grad_()
    (result,) = torch.autograd.grad(loss(model, theta, x, y), theta, create_graph=create_graph)
    return result


def adapt(
    model: Model,
    theta: Tensor,
    task: Task,
    steps: int,
    rate: float,
    create_graph: bool = False,
) -> Tensor:
    """Return theta~ [P] after `steps` full-batch gradient steps on the support loss, Eq. 1.

    With `create_graph` the result is a differentiable function of theta (MAML); without, it is a
    constant (First-Order MAML, and every metric).
    """
    if not create_graph:
        theta = theta.detach()
    for _ in range(steps):
        theta = theta - rate * gradient(model, theta, task.support_x, task.support_y, create_graph)
    return theta
