"""The plain loop: one task at a time, every derivative by `torch.autograd.grad`."""

from collections.abc import Callable, Sequence

import torch
from torch import Tensor

from ..models import Model, accuracy, loss
from ..tasks import Task
from . import LossGradient, mean


class Engine:
    """Implements `engines.Engine` for any network."""

    def __init__(self, model: Model) -> None:
        """Compute with this network."""
        self.model = model

    def evaluate(self, theta: Tensor, x: Tensor, y: Tensor) -> tuple[float, float]:
        """Return the mean loss and the accuracy at theta [P]."""
        with torch.no_grad():
            outputs = self.model.outputs(theta, x)
            return self.model.criterion(outputs, y).item(), accuracy(outputs, y)

    def gradient(self, theta: Tensor, x: Tensor, y: Tensor) -> LossGradient:
        """Return the gradient of the mean loss at theta [P]."""
        theta = theta.detach().requires_grad_()
        return self._differentiate(theta, theta, x, y)

    def adapt(self, theta: Tensor, task: Task, steps: int, rate: float) -> Tensor:
        """Return theta~ [P] after `steps` gradient steps on the support loss, Eq. 1."""
        return self._descend(theta.detach().requires_grad_(), task, steps, rate, False).detach()

    def pull_back(
        self, theta: Tensor, task: Task, steps: int, rate: float, cotangent: Tensor
    ) -> Tensor:
        """Return (d theta~ / d theta)^T cotangent [P]."""
        start = theta.detach().requires_grad_()
        adapted = self._descend(start, task, steps, rate, True)
        return torch.autograd.grad(adapted, start, cotangent)[0]

    def meta_gradient(
        self, theta: Tensor, tasks: Sequence[Task], steps: int, rate: float, second_order: bool
    ) -> LossGradient:
        """Return the gradient of the mean target loss over tasks, Eq. 2."""
        results = []
        for task in tasks:
            start = theta.detach().requires_grad_()
            adapted = self._descend(start, task, steps, rate, second_order)
            point = start if second_order else adapted
            results.append(self._differentiate(adapted, point, task.target_x, task.target_y))
        return mean(results)

    def hessian_product(self, theta: Tensor, x: Tensor, y: Tensor) -> Callable[[Tensor], Tensor]:
        """Return v [P] -> H v [P]; the graph of the gradient is built once, and used for each v."""
        theta = theta.detach().requires_grad_()
        result = loss(self.model, theta, x, y)
        (gradient,) = torch.autograd.grad(result, theta, create_graph=True)

        def product(v: Tensor) -> Tensor:
            return torch.autograd.grad(gradient, theta, v, retain_graph=True)[0]

        return product

    def _descend(
        self, theta: Tensor, task: Task, steps: int, rate: float, create_graph: bool
    ) -> Tensor:
        """Return theta~ [P]; with `create_graph` it is a function of theta, without a new leaf."""
        for _ in range(steps):
            result = loss(self.model, theta, task.support_x, task.support_y)
            (gradient,) = torch.autograd.grad(result, theta, create_graph=create_graph)
            theta = theta - rate * gradient
            if not create_graph:
                theta = theta.detach().requires_grad_()
        return theta

    def _differentiate(self, theta: Tensor, point: Tensor, x: Tensor, y: Tensor) -> LossGradient:
        """Return loss and accuracy at theta, and the gradient with respect to `point`."""
        outputs = self.model.outputs(theta, x)
        result = self.model.criterion(outputs, y)
        (gradient,) = torch.autograd.grad(result, point)
        return LossGradient(gradient, result.item(), accuracy(outputs, y))
