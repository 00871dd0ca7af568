"""All tasks of a meta-batch in one computation, for any network: the engine for GPUs.

The plain loop gives a GPU thousands of small kernels per meta-iteration, each of which takes longer
to launch than to compute. Here `torch.func.vmap` turns the network's forward pass over one task
into that of many, each at its own theta, and torch differentiates it as any other: the gradients of
all tasks are one backward pass, and their Hessian products another one through it. With g_t and H_t
the gradient and the Hessian at theta_t, the gradient v_T at theta_T is pulled back by
v_t = v_{t+1} - H_t (r v_{t+1}), and the gradient with respect to the rates r is -sum_t g_t v_{t+1}.

Tasks are taken in groups that memory holds; on a CPU, other engines are faster.
"""

from collections.abc import Callable, Iterable, Iterator, Sequence
from itertools import groupby
from typing import NamedTuple

import torch
from jaxtyping import Float, Num
from torch import Tensor
from torch.func import vmap

from ..networks import Network
from ..tasks.task import Task
from . import (
    Answers,
    Choice,
    Group,
    Inputs,
    LossGradient,
    Product,
    Products,
    Rates,
    Thetas,
    average,
    pull_back_step,
    rates_like,
)
from ._device import fitting, prepare
from ._written_out import WrittenOut

NETWORKS = {f"metalandscape.networks.{name}" for name in ("conv", "mlp", "resnet12")}
ON_CPU = 4  # tasks of a group on a CPU

Vector = Float[Tensor, "P"]
Input = Float[Tensor, "n *input"]
Answer = Num[Tensor, "n *output"]
Stack = Num[Tensor, "tasks n ..."]
"""Inputs or answers of a group's tasks."""


class Point(NamedTuple):
    """What one pass at the tasks' own theta leaves behind.

    Attributes:
        gradient: of every task's mean loss.
        loss: the mean losses.
        accuracy: the shares of right answers; NaN for regression.
        product: V -> H V of every task's own Hessian, if what that needs was kept.
    """

    gradient: Thetas
    loss: Float[Tensor, "tasks"]
    accuracy: Float[Tensor, "tasks"]
    product: Products


def serve(network: Network, choice: Choice) -> "Engine | None":
    """Return the engine for a network of the package, or for any where it is asked for by name.

    What `vmap` does to other networks, only their authors can test.
    """
    if choice.name == "auto" and type(network).__module__ not in NETWORKS:
        return None
    return Engine(network, choice.place(), choice.precision, choice.tasks_at_once)


class Engine:
    """Implements `engines.Engine` for any network that `torch.func.vmap` maps over tasks."""

    def __init__(
        self,
        network: Network,
        device: str = "cpu",
        precision: str = "float32",
        tasks_at_once: int | None = None,
    ) -> None:
        """Compute on a device, as `Choice` has it; arguments and results are on the CPU."""
        self.network = network
        self.device = device
        self._tasks_at_once = tasks_at_once
        self._fitting: dict[object, int] = {}
        prepare(device, precision)

    def evaluate(self, theta: Vector, x: Input, y: Answer) -> tuple[float, float]:
        """Return the mean loss and the accuracy at theta."""
        return self.evaluate_each(theta.unsqueeze(0), [x], [y])[0]

    def gradient(self, theta: Vector, x: Input, y: Answer) -> LossGradient:
        """Return the gradient of the mean loss at theta."""
        return self.gradient_each(theta.unsqueeze(0), [x], [y])[0]

    def adapt(self, theta: Vector, task: Task, steps: int, rates: Rates) -> Vector:
        """Return theta~ after `steps` gradient steps on the support loss, Eq. 1."""
        return self.adapt_each(theta.unsqueeze(0), [task], steps, rates)[0]

    def pull_back(
        self, theta: Vector, task: Task, steps: int, rates: Rates, cotangent: Vector
    ) -> Vector:
        """Return (d theta~ / d theta)^T cotangent."""
        cotangents = cotangent.unsqueeze(0)
        return self.pull_back_each(theta.unsqueeze(0), [task], steps, rates, cotangents)[0]

    def hessian_product(self, theta: Vector, x: Input, y: Answer) -> Product:
        """Return v -> H v; the graph of the gradient is built once, and used for each v."""
        (group,) = self.hessian_products(theta.unsqueeze(0), [x], [y])
        return lambda v: group.product(v.unsqueeze(0))[0]

    def meta_gradient(
        self,
        theta: Vector,
        tasks: Sequence[Task],
        steps: int,
        rates: Rates,
        second_order: bool,
        learn_rates: bool = False,
    ) -> LossGradient:
        """Return the gradient of the mean target loss over tasks, Eq. 2."""
        start, inner = theta.detach().to(self.device), self._rates(rates, theta)

        def of_group(x: Tensor, y: Tensor, target_x: Tensor, target_y: Tensor) -> list[Tensor]:
            thetas = start.expand(len(x), -1)
            adapted, points = self._descend(thetas, x, y, steps, inner, keep=second_order)
            last = self._differentiate(adapted, target_x, target_y)
            v, of_rates = last.gradient, torch.zeros_like(last.gradient)
            while points:  # each is released once it is used
                point = points.pop()
                if learn_rates:
                    of_rates -= point.gradient * v
                if second_order:
                    v = pull_back_step(v, inner, point.product)
            return [v, of_rates, last.loss, last.accuracy]

        kind = ("meta-gradient", steps, second_order)
        vs, of_rates, losses, accuracies = self._grouped(kind, of_group, *zip(*tasks, strict=True))
        return LossGradient(
            average(list(vs)).cpu(),
            losses.double().mean().item(),
            accuracies.mean().item(),
            average(list(of_rates)).cpu() if learn_rates else None,
        )

    def evaluate_each(self, thetas: Thetas, xs: Inputs, ys: Answers) -> list[tuple[float, float]]:
        """Return the mean loss and the accuracy of every task at its own theta."""

        @torch.no_grad()
        def of_group(theta: Tensor, x: Tensor, y: Tensor) -> list[Tensor]:
            outputs, loss = self._run(theta, x, y)
            return [loss, self._accuracy(outputs, y)]

        losses, accuracies = self._grouped("evaluation", of_group, thetas, xs, ys)
        return list(zip(losses.tolist(), accuracies.tolist(), strict=True))

    def gradient_each(self, thetas: Thetas, xs: Inputs, ys: Answers) -> list[LossGradient]:
        """Return the gradient of every task's mean loss at its own theta."""

        def of_group(theta: Tensor, x: Tensor, y: Tensor) -> list[Tensor]:
            return list(self._differentiate(theta, x, y)[:3])

        gradients, losses, accuracies = self._grouped("gradient", of_group, thetas, xs, ys)
        return list(map(LossGradient, gradients.cpu(), losses.tolist(), accuracies.tolist()))

    def adapt_each(self, thetas: Thetas, tasks: Sequence[Task], steps: int, rates: Rates) -> Thetas:
        """Return theta~ of every task from its own theta."""
        inner = self._rates(rates, thetas[0])

        def of_group(theta: Tensor, x: Tensor, y: Tensor) -> list[Tensor]:
            return [self._descend(theta, x, y, steps, inner)[0]]

        return self._grouped(("adaptation", steps), of_group, thetas, *_supports(tasks))[0].cpu()

    def pull_back_each(
        self, thetas: Thetas, tasks: Sequence[Task], steps: int, rates: Rates, cotangents: Thetas
    ) -> Thetas:
        """Return (d theta~ / d theta)^T of every task times its own cotangent."""
        inner = self._rates(rates, thetas[0])

        def of_group(theta: Tensor, v: Tensor, x: Tensor, y: Tensor) -> list[Tensor]:
            _, points = self._descend(theta, x, y, steps, inner, keep=True)
            while points:
                v = pull_back_step(v, inner, points.pop().product)
            return [v]

        arguments = (thetas, cotangents, *_supports(tasks))
        return self._grouped(("pull-back", steps), of_group, *arguments)[0].cpu()

    def hessian_products(self, thetas: Thetas, xs: Inputs, ys: Answers) -> Iterator[Group]:
        """Yield groups of tasks and their V -> H V, each of which keeps its group's graph."""

        def once(theta: Tensor, x: Tensor, y: Tensor) -> Tensor:
            return self._products(theta, x, y)(theta)

        for members, there in self._groups("Hessian product", once, thetas, xs, ys):
            yield Group(members, self._products(*there))

    def _products(self, theta: Tensor, x: Tensor, y: Tensor) -> Products:
        product = self._differentiate(theta, x, y, keep=True).product
        return lambda v: product(v.to(self.device)).cpu()

    def _descend(
        self, theta: Thetas, x: Stack, y: Stack, steps: int, rates: Rates, keep: bool = False
    ) -> tuple[Thetas, list[Point]]:
        """Return theta~, and the points where the steps start."""
        points = []
        for _ in range(steps):
            points.append(self._differentiate(theta, x, y, keep))
            theta = theta - rates * points[-1].gradient
        return theta, points

    def _differentiate(self, theta: Thetas, x: Stack, y: Stack, keep: bool = False) -> Point:
        """Go forward and backward; `keep` what Hessian products need."""
        theta = theta.detach().requires_grad_()
        outputs, loss = self._run(theta, x, y)
        # A task's loss depends on its own theta alone, so one backward pass has all gradients.
        (gradient,) = torch.autograd.grad(loss.sum(), theta, create_graph=keep)

        def product(v: Thetas) -> Thetas:
            return torch.autograd.grad(gradient, theta, v, retain_graph=True)[0]

        accuracy = self._accuracy(outputs.detach(), y)
        return Point(gradient.detach(), loss.detach(), accuracy, product)

    def _run(
        self, theta: Thetas, x: Stack, y: Stack
    ) -> tuple[Float[Tensor, "tasks n outputs"], Float[Tensor, "tasks"]]:
        """Return outputs and mean losses of the tasks."""
        with WrittenOut():
            outputs = vmap(self.network.outputs)(theta, x)
            return outputs, vmap(self.network.criterion)(outputs, y)

    def _accuracy(
        self, outputs: Float[Tensor, "tasks n outputs"], y: Stack
    ) -> Float[Tensor, "tasks"]:
        """Return the shares of right answers, on the device."""
        if self.network.tasks != "classification":
            return torch.full_like(outputs[:, 0, 0], torch.nan)
        return (outputs.argmax(2) == y).double().mean(1)

    def _rates(self, rates: Rates, theta: Vector) -> Rates:
        rates = rates_like(rates, theta)
        return rates.to(self.device) if isinstance(rates, Tensor) else rates

    def _grouped(
        self, kind: object, compute: Callable[..., Sequence[Tensor]], *arguments: Iterable[Tensor]
    ) -> list[Tensor]:
        """Return what `compute` returns of stacked arguments, for all tasks, on the device."""
        parts = [compute(*there) for _, there in self._groups(kind, compute, *arguments)]
        return [torch.cat(each) for each in zip(*parts, strict=True)]

    def _groups(
        self, kind: object, compute: Callable[..., object], *arguments: Iterable[Tensor]
    ) -> Iterator[tuple[list[int], list[Tensor]]]:
        """Yield groups of tasks in order, with their arguments stacked on the device.

        Tasks of a group have equal shapes. The memory that `compute` takes is remembered by its
        `kind` and shapes.
        """
        rows = list(zip(*arguments, strict=True))

        def shapes(index: int) -> tuple[object, ...]:
            return tuple((each.shape, each.dtype) for each in rows[index])

        for alike, several in groupby(range(len(rows)), shapes):
            tasks = list(several)
            size = self._at_once((kind, alike), compute, rows[tasks[0]])
            for start in range(0, len(tasks), size):
                members = tasks[start : start + size]
                yield members, self._stacked([rows[index] for index in members])

    def _stacked(self, rows: Sequence[Sequence[Tensor]]) -> list[Tensor]:
        stacks = (torch.stack(each) for each in zip(*rows, strict=True))
        return [stack.detach().to(self.device) for stack in stacks]

    def _at_once(self, kind: object, compute: Callable[..., object], task: Sequence[Tensor]) -> int:
        """Return how many tasks a group has, by trying one unless the number is set."""
        if self._tasks_at_once or self.device == "cpu":
            return self._tasks_at_once or ON_CPU
        if kind not in self._fitting:
            self._fitting[kind] = fitting(lambda: compute(*self._stacked([task])))
        return self._fitting[kind]


def _supports(tasks: Sequence[Task]) -> tuple[list[Tensor], list[Tensor]]:
    return [task.support_x for task in tasks], [task.support_y for task in tasks]
