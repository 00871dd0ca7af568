"""The plain loop: one task at a time, every derivative by `torch.autograd.grad`."""

from collections.abc import Sequence

import torch
from jaxtyping import Float, Num
from torch import Tensor

from ..networks import Network
from ..tasks.task import Task
from . import LossGradient, Product, Rates, mean, rates_like
from ._device import prepare
from ._loop import Loop


class Engine(Loop):
    """Implements `engines.Engine` for any network."""

    def __init__(
        self,
        network: Network,
        device: str = "cpu",
        threads: int = 1,
        precision: str = "float32",
    ) -> None:
        """Compute with this network on a device; arguments and results are on the CPU.

        Args:
            network: what is computed.
            device: "cpu" or "cuda".
            threads: tasks at a time, on a CPU.
            precision: "float32" or "tf32", of products on a GPU.
        """
        super().__init__(threads if device == "cpu" else 1)
        self.network = network
        self.device = device
        prepare(device, precision)

    def evaluate(
        self, theta: Float[Tensor, "P"], x: Float[Tensor, "n *input"], y: Num[Tensor, "n *output"]
    ) -> tuple[float, float]:
        """Return the mean loss and the accuracy at theta."""
        theta, x, y = self._there(theta, x, y)
        with torch.no_grad():
            outputs = self.network.outputs(theta, x)
            loss = self.network.criterion(outputs, y)
            return loss.item(), self.network.accuracy(outputs, y)

    def gradient(
        self, theta: Float[Tensor, "P"], x: Float[Tensor, "n *input"], y: Num[Tensor, "n *output"]
    ) -> LossGradient:
        """Return the gradient of the mean loss at theta."""
        theta, x, y = self._there(theta, x, y)
        theta.requires_grad_()
        return self._differentiate(theta, [theta], x, y)

    def adapt(
        self, theta: Float[Tensor, "P"], task: Task, steps: int, rates: Rates
    ) -> Float[Tensor, "P"]:
        """Return theta~ after `steps` gradient steps on the support loss, Eq. 1."""
        start, *there = self._there(theta, *task)
        rates = self._rates(rates, start)
        return self._descend(start.requires_grad_(), Task(*there), steps, rates).detach().cpu()

    def pull_back(
        self,
        theta: Float[Tensor, "P"],
        task: Task,
        steps: int,
        rates: Rates,
        cotangent: Float[Tensor, "P"],
    ) -> Float[Tensor, "P"]:
        """Return (d theta~ / d theta)^T cotangent."""
        start, cotangent, *there = self._there(theta, cotangent, *task)
        rates = self._rates(rates, start)
        adapted = self._descend(start.requires_grad_(), Task(*there), steps, rates, True)
        return torch.autograd.grad(adapted, start, cotangent)[0].cpu()

    def meta_gradient(
        self,
        theta: Float[Tensor, "P"],
        tasks: Sequence[Task],
        steps: int,
        rates: Rates,
        second_order: bool,
        learn_rates: bool = False,
    ) -> LossGradient:
        """Return the gradient of the mean target loss over tasks, Eq. 2."""

        def one(given: Task) -> LossGradient:
            start, *there = self._there(theta, *given)
            task, points = Task(*there), [start.requires_grad_()]
            used = self._rates(rates, start)
            if learn_rates:
                used = used if isinstance(used, Tensor) else torch.full_like(start, used)
                points.append(used.requires_grad_())
            adapted = self._descend(start, task, steps, used, second_order)
            return self._differentiate(adapted, points, task.target_x, task.target_y)

        return mean(self._each(one, tasks))

    def hessian_product(
        self, theta: Float[Tensor, "P"], x: Float[Tensor, "n *input"], y: Num[Tensor, "n *output"]
    ) -> Product:
        """Return v -> H v; the graph of the gradient is built once, and used for each v."""
        theta, x, y = self._there(theta, x, y)
        loss = self.network.loss(theta.requires_grad_(), x, y)
        (gradient,) = torch.autograd.grad(loss, theta, create_graph=True)

        def product(v: Float[Tensor, "P"]) -> Float[Tensor, "P"]:
            (there,) = self._there(v)
            return torch.autograd.grad(gradient, theta, there, retain_graph=True)[0].cpu()

        return product

    def _there(self, *tensors: Tensor) -> list[Tensor]:
        """Return tensors on the engine's device, without history."""
        return [t if t is None else t.detach().to(self.device) for t in tensors]

    def _rates(self, rates: Rates, theta: Float[Tensor, "P"]) -> Rates:
        rates = rates_like(rates, theta)
        return rates.detach().to(self.device) if isinstance(rates, Tensor) else rates

    def _descend(
        self,
        theta: Float[Tensor, "P"],
        task: Task,
        steps: int,
        rates: Rates,
        second_order: bool = False,
    ) -> Float[Tensor, "P"]:
        """Return theta~ as a function of theta; without `second_order`, of constant steps."""
        for _ in range(steps):
            loss = self.network.loss(theta, task.support_x, task.support_y)
            (gradient,) = torch.autograd.grad(loss, theta, create_graph=second_order)
            theta = theta - rates * gradient
        return theta

    def _differentiate(
        self,
        theta: Float[Tensor, "P"],
        points: Sequence[Float[Tensor, "P"]],
        x: Float[Tensor, "n *input"],
        y: Num[Tensor, "n *output"],
    ) -> LossGradient:
        """Return loss and accuracy at theta, and the gradients with respect to `points`.

        These are the start of adaptation and, where their gradient is wanted, the rates.
        """
        outputs = self.network.outputs(theta, x)
        loss = self.network.criterion(outputs, y)
        # No step: the rates play no part, and their gradient is zero.
        gradients = torch.autograd.grad(loss, points, materialize_grads=True)
        gradient, *rates = [g.cpu() for g in gradients]
        return LossGradient(gradient, loss.item(), self.network.accuracy(outputs, y), *rates)
