"""Engines: what computes adaptation, meta-gradients and Hessian products.

A module of this folder is an engine. `reference` is the plain loop of automatic differentiation
over one task at a time, against which the tests compare the others. All of them see theta as one
flat vector [P] in the order of `network.parameters`. Within one engine results are the same bytes
at every call, whatever the number of threads; between engines they differ by rounding.

Every engine adapts with rates r, one number or a vector [P]: a step is theta - r g, with g the
gradient at theta, and its transposed Jacobian maps v to v - H (r v), with H the Hessian at theta.

An engine says itself which networks it knows: `serve(network, choice)` of its module returns the
engine, or None. It recognizes a network by the name of the network's module, without importing it.
"""

from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import NamedTuple, Protocol, runtime_checkable

import torch
from jaxtyping import Float, Num
from torch import Tensor

from ..ground.errors import UserError
from ..networks import Network
from ..tasks.task import Task

Rates = float | Float[Tensor, "P"]
"""Inner learning rates: a number, or a vector of any signs (zero: no adaptation there)."""

Thetas = Float[Tensor, "tasks P"]
"""A theta of its own for each of several tasks, or a vector that belongs to it."""

Inputs = Sequence[Float[Tensor, "_ *input"]]
Answers = Sequence[Num[Tensor, "_ *output"]]
"""What `x` and `y` are, of several tasks."""

Product = Callable[[Float[Tensor, "P"]], Float[Tensor, "P"]]
"""v -> H v, with H a Hessian."""

Products = Callable[[Thetas], Thetas]
"""V -> H V: every row times the Hessian of a task of its own."""


class Group(NamedTuple):
    """Tasks whose Hessian products are computed at once.

    Attributes:
        members: which ones, by their index.
        product: V -> H V, with a row for each of them.
    """

    members: list[int]
    product: Products


class LossGradient(NamedTuple):
    """A loss, its gradient, and the accuracy that belongs to it.

    Attributes:
        gradient: of the mean loss.
        loss: the mean loss.
        accuracy: the share of right answers; NaN for regression.
        rates: the gradient with respect to the inner rates, where it was asked for.
    """

    gradient: Float[Tensor, "P"]
    loss: float
    accuracy: float
    rates: Float[Tensor, "P"] | None = None


@runtime_checkable
class Engine(Protocol):
    """What algorithms and metrics compute with. Arguments called x and y are as in `Task`."""

    def evaluate(
        self, theta: Float[Tensor, "P"], x: Float[Tensor, "n *input"], y: Num[Tensor, "n *output"]
    ) -> tuple[float, float]:
        """Return the mean loss and the accuracy at theta."""

    def gradient(
        self, theta: Float[Tensor, "P"], x: Float[Tensor, "n *input"], y: Num[Tensor, "n *output"]
    ) -> LossGradient:
        """Return the gradient of the mean loss at theta."""

    def adapt(
        self, theta: Float[Tensor, "P"], task: Task, steps: int, rates: Rates
    ) -> Float[Tensor, "P"]:
        """Return theta~ after `steps` gradient steps on the support loss, Eq. 1."""

    def pull_back(
        self,
        theta: Float[Tensor, "P"],
        task: Task,
        steps: int,
        rates: Rates,
        cotangent: Float[Tensor, "P"],
    ) -> Float[Tensor, "P"]:
        """Return (d theta~ / d theta)^T cotangent, exactly, through all steps."""

    def meta_gradient(
        self,
        theta: Float[Tensor, "P"],
        tasks: Sequence[Task],
        steps: int,
        rates: Rates,
        second_order: bool,
        learn_rates: bool = False,
    ) -> LossGradient:
        """Return the gradient of the mean target loss over tasks, Eq. 2.

        Second order differentiates through adaptation; first order takes the gradient at theta~_i
        as if theta~_i did not depend on theta (Finn et al. 2017, section 5.2).

        With `learn_rates`, the result has the gradient with respect to the rates, too (Li et al.
        2017): with v_t the gradient with respect to theta_t, and g_t the step's, the mean over
        tasks of -sum_t g_t v_{t+1}. First order has the same v_t at every t.
        """

    def hessian_product(
        self, theta: Float[Tensor, "P"], x: Float[Tensor, "n *input"], y: Num[Tensor, "n *output"]
    ) -> Product:
        """Return v -> H v, H the Hessian of the loss at theta."""

    def evaluate_each(self, thetas: Thetas, xs: Inputs, ys: Answers) -> list[tuple[float, float]]:
        """Return what `evaluate` does, of every task."""

    def gradient_each(self, thetas: Thetas, xs: Inputs, ys: Answers) -> list[LossGradient]:
        """Return what `gradient` does, of every task."""

    def adapt_each(self, thetas: Thetas, tasks: Sequence[Task], steps: int, rates: Rates) -> Thetas:
        """Return theta~ of every task."""

    def pull_back_each(
        self, thetas: Thetas, tasks: Sequence[Task], steps: int, rates: Rates, cotangents: Thetas
    ) -> Thetas:
        """Return what `pull_back` does, of every task and its own cotangent."""

    def hessian_products(self, thetas: Thetas, xs: Inputs, ys: Answers) -> Iterator[Group]:
        """Yield all tasks in groups, each with its Hessian products; use one before the next."""


class Choice(NamedTuple):
    """Which engine a job computes with.

    Attributes:
        name: "reference"; "vectorized"; or "auto" for the fastest that knows the network: on a GPU
            `vectorized`, on a CPU `batched` for `mlp`, and `native` for `conv` if its kernel was
            built and runs on this processor; otherwise `reference`.
        kernel: the file that `native.build` wrote, or None.
        threads: how many tasks at a time on a CPU; no result depends on it.
        device: "cpu"; "cuda" for a GPU; "auto" for a GPU if there is one.
        precision: "float32", or "tf32" for products on a GPU.
        tasks_at_once: tasks of a group of `vectorized`; None for what memory holds.
    """

    name: str = "auto"
    kernel: str | Path | None = None
    threads: int = 1
    device: str = "cpu"
    precision: str = "float32"
    tasks_at_once: int | None = None

    def of(self, network: Network) -> Engine:
        """Return the engine for a network.

        Raises:
            UserError: a GPU is asked for, and torch sees none.
        """
        from . import batched, native, reference, vectorized

        place = self.place()
        fastest = [vectorized] if place == "cuda" else [batched, native]
        known = {"auto": fastest, "vectorized": [vectorized], "reference": []}
        for fast in known[self.name]:
            if engine := fast.serve(network, self):
                return engine
        return reference.Engine(network, place, self.threads, self.precision)

    def place(self) -> str:
        """Return "cuda" if a GPU is wanted and there, otherwise "cpu".

        Raises:
            UserError: a GPU is asked for, and torch sees none.
        """
        present = self.device != "cpu" and torch.cuda.is_available()
        if self.device == "cuda" and not present:
            raise UserError(
                "config key device: cuda is asked for, but torch sees no GPU on this machine; "
                "set auto or cpu, or install a build of torch for its GPU."
            )
        return "cuda" if present else "cpu"


def mean(results: Sequence[LossGradient]) -> LossGradient:
    """Return the mean over tasks, summed in their order."""
    n = len(results)
    rates = [r.rates for r in results if r.rates is not None]
    return LossGradient(
        average([r.gradient for r in results]),
        sum(r.loss for r in results) / n,
        sum(r.accuracy for r in results) / n,
        average(rates) if rates else None,
    )


def average(vectors: Sequence[Float[Tensor, "P"]]) -> Float[Tensor, "P"]:
    """Return the mean of vectors, summed in their order."""
    total = vectors[0].clone()
    for vector in vectors[1:]:
        total += vector
    return total / len(vectors)


def rates_like(rates: Rates, theta: Float[Tensor, "P"]) -> Rates:
    """Return rates in theta's precision; a number stays the number it is.

    Raises:
        ValueError: a vector of rates is not as long as theta.
    """
    if not isinstance(rates, Tensor):
        return rates
    if rates.shape != theta.shape:
        raise ValueError(f"rates {tuple(rates.shape)} do not fit theta {tuple(theta.shape)}")
    return rates.detach().to(theta.dtype)


def pull_back_step(
    v: Float[Tensor, "*tasks P"], rates: Rates, product: Callable[[Tensor], Tensor]
) -> Float[Tensor, "*tasks P"]:
    """Return v - H (r v) for one step of adaptation, with `product` v -> H v at its start."""
    if isinstance(rates, Tensor):
        return v - product(rates * v)
    return v - rates * product(v)
