"""The convolutional network with derivatives by hand, in C++: see kernel/kernel.cpp.

It serves `conv` with any number of modules, for classification; regression by `conv` is left to
the reference engine.
"""

import ctypes
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from queue import Empty, SimpleQueue
from typing import Any

import torch
from jaxtyping import Float, Int
from torch import Tensor

from ..networks import HEAD, Network, size, unflatten
from ..tasks.task import Task
from . import Choice, LossGradient, Product, Rates, mean, pull_back_step, rates_like
from ._library import build as build
from ._library import load
from ._loop import Loop

NETWORK = "metalandscape.networks.conv"
SUPPORT, TARGET = 0, 1  # slots for images
MOST_FILTERS = 4096  # of the kernel's fixed buffers


def serve(network: Network, choice: Choice) -> "Engine | None":
    """Return the engine, if the kernel knows the network and runs on this processor."""
    if choice.kernel is None or not _knows(network):
        return None
    library = load(choice.kernel)
    return Engine(network, library, choice.threads) if library else None


def _knows(network: Network) -> bool:
    if type(network).__module__ != NETWORK or network.tasks != "classification":
        return False
    options: Any = network.options  # those of `conv`, which is not imported
    return max(options.filters, network.output_size) <= MOST_FILTERS


class Engine(Loop):
    """Implements `engines.Engine` for a ConvNet.

    The kernel wants the weights of convolutions as [3, 3, inputs, filters], and the bias as last
    column of the linear layer's weights; vectors in that order are called packed.
    """

    def __init__(self, network: Network, library: ctypes.CDLL, threads: int = 1) -> None:
        """Compute with this network, on `threads` tasks at a time."""
        super().__init__(threads)
        self._library = library
        options: Any = network.options
        stride = 2 if options.downsampling == "stride" else 1
        averaged = options.output == "mean"
        self._settings = (
            network.output_size,
            *network.input_shape,
            options.filters,
            options.modules,
            stride,
            averaged,
        )
        own = unflatten(network, torch.arange(size(network)))
        weight, bias = (own.pop(name) for name in HEAD)
        parts = [p.permute(2, 3, 1, 0) if p.dim() == 4 else p for p in own.values()]
        parts.append(torch.cat([weight, bias.unsqueeze(1)], 1))
        self._order = torch.cat([p.reshape(-1) for p in parts])
        self._back = self._order.argsort()
        self._free: dict[str, SimpleQueue] = {"float": SimpleQueue(), "double": SimpleQueue()}

    def evaluate(
        self,
        theta: Float[Tensor, "P"],
        x: Float[Tensor, "n channels height width"],
        y: Int[Tensor, "n"],
    ) -> tuple[float, float]:
        """Return the mean loss and the accuracy at theta."""
        with self._workspace(theta) as kernel:
            kernel.images(SUPPORT, x)
            result = kernel.gradient(SUPPORT, None, self._pack(theta), y, wanted=False)
        return result.loss, result.accuracy

    def gradient(
        self,
        theta: Float[Tensor, "P"],
        x: Float[Tensor, "n channels height width"],
        y: Int[Tensor, "n"],
    ) -> LossGradient:
        """Return the gradient of the mean loss at theta."""
        with self._workspace(theta) as kernel:
            kernel.images(SUPPORT, x)
            return self._unpack(kernel.gradient(SUPPORT, None, self._pack(theta), y))

    def adapt(
        self, theta: Float[Tensor, "P"], task: Task, steps: int, rates: Rates
    ) -> Float[Tensor, "P"]:
        """Return theta~ after `steps` gradient steps on the support loss, Eq. 1."""
        rates = self._pack_rates(rates, theta)
        with self._workspace(theta) as kernel:
            return self._own(kernel.descend(self._pack(theta), task, steps, rates, keep=False)[0])

    def pull_back(
        self,
        theta: Float[Tensor, "P"],
        task: Task,
        steps: int,
        rates: Rates,
        cotangent: Float[Tensor, "P"],
    ) -> Float[Tensor, "P"]:
        """Return (d theta~ / d theta)^T cotangent."""
        rates, v = self._pack_rates(rates, theta), self._pack(cotangent)
        with self._workspace(theta) as kernel:
            kernel.descend(self._pack(theta), task, steps, rates, keep=True)
            for step in reversed(range(steps)):
                v = kernel.pull_back(step, rates, v)
        return self._own(v)

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
        packed, rates = self._pack(theta), self._pack_rates(rates, theta)

        def one(task: Task) -> LossGradient:
            with self._workspace(theta) as kernel:
                adapted, moves = kernel.descend(packed, task, steps, rates, keep=second_order)
                kernel.images(TARGET, task.target_x)
                result = kernel.gradient(TARGET, None, adapted, task.target_y)
                v, of_rates = result.gradient, torch.zeros_like(packed)
                for step in reversed(range(steps)):
                    if learn_rates:
                        of_rates -= moves[step] * v
                    if second_order:
                        v = kernel.pull_back(step, rates, v)
            return result._replace(gradient=v, rates=of_rates if learn_rates else None)

        return self._unpack(mean(self._each(one, tasks)))

    def hessian_product(
        self,
        theta: Float[Tensor, "P"],
        x: Float[Tensor, "n channels height width"],
        y: Int[Tensor, "n"],
    ) -> Product:
        """Return v -> H v; forward and backward pass at theta are done once."""
        kernel = _Workspace(self._library, _kind(theta), self._settings)
        kernel.images(SUPPORT, x)
        kernel.gradient(SUPPORT, 0, self._pack(theta), y)
        return lambda v: self._own(kernel.product(SUPPORT, 0, self._pack(v)))

    def _pack(self, vector: Float[Tensor, "P"]) -> Float[Tensor, "P"]:
        # Four times faster than indexing.
        return vector.detach().index_select(0, self._order)

    def _own(self, packed: Float[Tensor, "P"]) -> Float[Tensor, "P"]:
        return packed.index_select(0, self._back)

    def _pack_rates(self, rates: Rates, theta: Float[Tensor, "P"]) -> Rates:
        rates = rates_like(rates, theta)
        return self._pack(rates) if isinstance(rates, Tensor) else rates

    def _unpack(self, result: LossGradient) -> LossGradient:
        rates = None if result.rates is None else self._own(result.rates)
        return result._replace(gradient=self._own(result.gradient), rates=rates)

    @contextmanager
    def _workspace(self, theta: Float[Tensor, "P"]) -> Iterator["_Workspace"]:
        """Lend a workspace that nobody uses."""
        kind = _kind(theta)
        try:
            workspace = self._free[kind].get_nowait()
        except Empty:
            workspace = _Workspace(self._library, kind, self._settings)
        yield workspace
        self._free[kind].put(workspace)


class _Workspace:
    """Memory of the kernel for one thread, kept from call to call; vectors are packed."""

    def __init__(self, library: ctypes.CDLL, kind: str, settings: tuple[int, ...]) -> None:
        self._release = getattr(library, f"release_{kind}")
        self._calls = {
            c: getattr(library, f"{c}_{kind}") for c in ("images", "gradient", "product")
        }
        self._address = ctypes.c_void_p(getattr(library, f"create_{kind}")(*settings))

    def images(self, slot: int, x: Float[Tensor, "n channels height width"]) -> None:
        """Fill a slot with images."""
        x = x.permute(0, 2, 3, 1).contiguous()
        self._calls["images"](self._address, slot, _pointer(x), len(x))

    def gradient(
        self,
        slot: int,
        step: int | None,
        theta: Float[Tensor, "P"],
        y: Int[Tensor, "n"],
        wanted: bool = True,
    ) -> LossGradient:
        """Return loss, accuracy and, if wanted, the gradient.

        If `step` is given, keep the state for Hessian products there.
        """
        out, result = torch.empty_like(theta), (ctypes.c_double * 2)()
        self._calls["gradient"](
            self._address,
            slot,
            -1 if step is None else step,
            _pointer(theta),
            _pointer(y.contiguous()),
            _pointer(out) if wanted else None,
            result,
        )
        return LossGradient(out, *result)

    def product(self, slot: int, step: int, v: Float[Tensor, "P"]) -> Float[Tensor, "P"]:
        """Return the Hessian at a step times v."""
        out = torch.empty_like(v)
        self._calls["product"](self._address, slot, step, _pointer(v), _pointer(out))
        return out

    def descend(
        self, theta: Float[Tensor, "P"], task: Task, steps: int, rates: Rates, keep: bool
    ) -> tuple[Float[Tensor, "P"], list[Float[Tensor, "P"]]]:
        """Return theta~ and every step's gradient; keep what Hessian products at the steps need."""
        self.images(SUPPORT, task.support_x)
        gradients = []
        for step in range(steps):
            at = self.gradient(SUPPORT, step if keep else None, theta, task.support_y)
            theta = theta - rates * at.gradient
            gradients.append(at.gradient)
        return theta, gradients

    def pull_back(self, step: int, rates: Rates, v: Float[Tensor, "P"]) -> Float[Tensor, "P"]:
        """Return v at theta_t of v at theta_{t+1}, t the step: v - H(theta_t) (r v)."""
        return pull_back_step(v, rates, lambda v: self.product(SUPPORT, step, v))

    def __del__(self) -> None:
        self._release(self._address)


def _pointer(tensor: Tensor) -> ctypes.c_void_p:
    return ctypes.c_void_p(tensor.data_ptr())


def _kind(theta: Float[Tensor, "P"]) -> str:
    return {torch.float32: "float", torch.float64: "double"}[theta.dtype]
