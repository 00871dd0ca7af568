"""The plain loop: one task at a time, every derivative by `torch.autograd.grad`."""

import os
from collections.abc import Callable, Sequence

import torch
from torch import Tensor

from ..models import Model, accuracy, loss
from ..tasks.episodes import Task
from . import LossGradient, mean


class Engine:
    """Implements `engines.Engine` for any network."""

    def __init__(self, model: Model, device: str = "cpu") -> None:
        """Compute with this network on a device; arguments and results are on the CPU."""
        self.model = model
        self.device = device
        if device != "cpu":
            # Unless forbidden, sums on a GPU are taken in an order that changes from call to call.
            os.environ.setdefault("CUBLAS_WORKSPACE_CONFIG", ":4096:8")
            torch.use_deterministic_algorithms(True)

    def evaluate(self, theta: Tensor, x: Tensor, y: Tensor) -> tuple[float, float]:
        """Return the mean loss and the accuracy at theta [P]."""
        theta, x, y = self._there(theta, x, y)
        with torch.no_grad():
            outputs = self.model.outputs(theta, x)
            return self.model.criterion(outputs, y).item(), accuracy(outputs, y)

    def gradient(self, theta: Tensor, x: Tensor, y: Tensor) -> LossGradient:
        """Return the gradient of the mean loss at theta [P]."""
        theta, x, y = self._there(theta, x, y)
        theta.requires_grad_()
        return self._differentiate(theta, theta, x, y)

    def adapt(self, theta: Tensor, task: Task, steps: int, rate: float) -> Tensor:
        """Return theta~ [P] after `steps` gradient steps on the support loss, Eq. 1."""
        (start,), task = self._there(theta), Task(*self._there(*task))
        return self._descend(start.requires_grad_(), task, steps, rate, False).detach().cpu()

    def pull_back(
        self, theta: Tensor, task: Task, steps: int, rate: float, cotangent: Tensor
    ) -> Tensor:
        """Return (d theta~ / d theta)^T cotangent [P]."""
        start, cotangent, *task = self._there(theta, cotangent, *task)
        adapted = self._descend(start.requires_grad_(), Task(*task), steps, rate, True)
        return torch.autograd.grad(adapted, start, cotangent)[0].cpu()

    def meta_gradient(
        self, theta: Tensor, tasks: Sequence[Task], steps: int, rate: float, second_order: bool
    ) -> LossGradient:
        """Return the gradient of the mean target loss over tasks, Eq. 2."""
        results = []
        for given in tasks:
            start, *task = self._there(theta, *given)
            task = Task(*task)
            adapted = self._descend(start.requires_grad_(), task, steps, rate, second_order)
            point = start if second_order else adapted
            results.append(self._differentiate(adapted, point, task.target_x, task.target_y))
        return mean(results)

    def hessian_product(self, theta: Tensor, x: Tensor, y: Tensor) -> Callable[[Tensor], Tensor]:
        """Return v [P] -> H v [P]; the graph of the gradient is built once, and used for each v."""
        theta, x, y = self._there(theta, x, y)
        theta.requires_grad_()
        (gradient,) = torch.autograd.grad(loss(self.model, theta, x, y), theta, create_graph=True)

        def product(v: Tensor) -> Tensor:
            (there,) = self._there(v)
            return torch.autograd.grad(gradient, theta, there, retain_graph=True)[0].cpu()

        return product

    def _there(self, *tensors: Tensor) -> list[Tensor]:
        """Return tensors on the engine's device, without history."""
        return [t if t is None else t.detach().to(self.device) for t in tensors]

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
        return LossGradient(gradient.cpu(), result.item(), accuracy(outputs, y))
