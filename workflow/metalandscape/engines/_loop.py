"""Several tasks with an engine that takes one: one after the other, or `threads` at a time."""

from collections.abc import Callable, Iterable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import torch
from jaxtyping import Float
from torch import Tensor

from ..tasks.task import Task
from . import Answers, Engine, Group, Inputs, LossGradient, Product, Products, Rates, Thetas


class Loop(Engine):
    """What `engines.Engine` asks for several tasks, by its methods for one.

    A task is computed by one thread, and results are in the order of tasks, so they are the same
    bytes whatever the number of threads.
    """

    def __init__(self, threads: int = 1) -> None:
        """Compute `threads` tasks at a time."""
        # No thread of the pool starts further threads.
        pool = ThreadPoolExecutor(threads, initializer=torch.set_num_threads, initargs=(1,))
        self._pool = pool if threads > 1 else None

    def _each(self, one: Callable[..., Any], *arguments: Iterable[Any]) -> list[Any]:
        """Return `one` of every task's arguments, in their order."""
        return list((self._pool.map if self._pool else map)(one, *arguments))

    def evaluate_each(self, thetas: Thetas, xs: Inputs, ys: Answers) -> list[tuple[float, float]]:
        """Return the mean loss and the accuracy of every task at its own theta."""
        return self._each(self.evaluate, _apart(thetas), xs, ys)

    def gradient_each(self, thetas: Thetas, xs: Inputs, ys: Answers) -> list[LossGradient]:
        """Return the gradient of every task's mean loss at its own theta."""
        return self._each(self.gradient, _apart(thetas), xs, ys)

    def adapt_each(self, thetas: Thetas, tasks: Sequence[Task], steps: int, rates: Rates) -> Thetas:
        """Return theta~ of every task from its own theta."""

        def one(theta: Float[Tensor, "P"], task: Task) -> Float[Tensor, "P"]:
            return self.adapt(theta, task, steps, rates)

        return torch.stack(self._each(one, _apart(thetas), tasks))

    def pull_back_each(
        self, thetas: Thetas, tasks: Sequence[Task], steps: int, rates: Rates, cotangents: Thetas
    ) -> Thetas:
        """Return (d theta~ / d theta)^T of every task times its own cotangent."""

        def one(theta: Float[Tensor, "P"], task: Task, v: Float[Tensor, "P"]) -> Tensor:
            return self.pull_back(theta, task, steps, rates, v)

        return torch.stack(self._each(one, _apart(thetas), tasks, _apart(cotangents)))

    def hessian_products(self, thetas: Thetas, xs: Inputs, ys: Answers) -> Iterator[Group]:
        """Yield every task's V -> H V by itself, V with one row."""
        for index, (theta, x, y) in enumerate(zip(_apart(thetas), xs, ys, strict=True)):
            yield Group([index], _of_one_row(self.hessian_product(theta, x, y)))


def _apart(thetas: Thetas) -> list[Float[Tensor, "P"]]:
    """Return the rows, each in memory of its own: rounding depends on where a vector begins."""
    return [theta.clone() for theta in thetas]


def _of_one_row(product: Product) -> Products:
    return lambda v: product(v[0]).unsqueeze(0)
