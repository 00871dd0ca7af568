"""Fully connected networks: the tasks of a meta-iteration in one batch of matrix products.

Such a network is so small that calling torch takes longer than computing. Derivatives are written
out, because recording them costs more calls: with d_l the gradient of the loss with respect to the
l-th layer's output z_l = a_{l-1} W_l^T + b_l, a_l = max(z_l, 0), and ' for the derivative along v,

    dW_l  = d_l^T a_{l-1},                        d_{l-1}  = (d_l W_l) where z_{l-1} > 0
    z'_l  = a_{l-1} W'_l^T + a'_{l-1} W_l^T + b'_l,  a'_l  = z'_l where z_l > 0
    dW'_l = d'_l^T a_{l-1} + d_l^T a'_{l-1},      d'_{l-1} = (d'_l W_l + d_l W'_l) where z_{l-1} > 0

and (dW', db') is the Hessian times v (Pearlmutter 1994). Through the steps of adaptation, the
gradient v_T at theta_T is pulled back by v_t = v_{t+1} - H(theta_t) (r v_{t+1}), and the gradient
with respect to the rates r is -sum_t g_t v_{t+1}.
"""

from collections.abc import Sequence
from functools import partial
from math import prod
from typing import NamedTuple

import torch
import torch.nn.functional as F
from jaxtyping import Float, Num
from torch import Tensor

from ..networks import Network
from ..tasks.task import Task
from . import Choice, LossGradient, Rates, pull_back_step, rates_like, reference

NETWORK = "metalandscape.networks.mlp"

# Weight [tasks, outputs, inputs] and bias [tasks, 1, outputs] of each layer.
Layers = list[tuple[Float[Tensor, "tasks _ _"], Float[Tensor, "tasks 1 _"]]]


class Pass(NamedTuple):
    """What one pass through the network leaves behind, a list with an entry per layer.

    Attributes:
        layers: the weights.
        inputs: a_{l-1} [tasks, n, inputs].
        masks: 1 where z_l > 0, else 0, of all layers but the last; numbers, because a product with
            booleans converts them every time.
        deltas: d_l [tasks, n, outputs].
        outputs: z_L, of the last layer.
        loss: the loss of every task.
    """

    layers: Layers
    inputs: list[Float[Tensor, "tasks n _"]]
    masks: list[Float[Tensor, "tasks n _"]]
    deltas: list[Float[Tensor, "tasks n _"]]
    outputs: Float[Tensor, "tasks n outputs"]
    loss: Float[Tensor, "tasks"]


def serve(network: Network, choice: Choice) -> "Engine | None":
    """Return the engine for a fully connected network, of any inputs and kind of task."""
    return Engine(network) if type(network).__module__ == NETWORK else None


class Engine(reference.Engine):
    """The reference engine, with all tasks of a meta-gradient at once; they have equal sizes."""

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
        support_x, support_y, target_x, target_y = map(torch.stack, zip(*tasks, strict=True))
        rates = rates_like(rates, theta)
        adapted = theta.detach().expand(len(tasks), -1)
        passes = []
        for _ in range(steps):
            passes.append(self._run(adapted, support_x, support_y))
            adapted = adapted - rates * _gradient(passes[-1])
        last = self._run(adapted, target_x, target_y)
        v = _gradient(last)
        of_rates = torch.zeros_like(v) if learn_rates else None
        for step in reversed(passes):
            if of_rates is not None:
                of_rates -= _gradient(step) * v
            if second_order:
                v = pull_back_step(v, rates, partial(self._product, step))
        return LossGradient(
            v.mean(0),
            last.loss.mean().item(),
            self._accuracy(last, target_y),
            None if of_rates is None else of_rates.mean(0),
        )

    def _layers(self, theta: Float[Tensor, "tasks P"]) -> Layers:
        """Return views of theta."""
        shapes = [p.shape for p in self.network.parameters]
        parts = theta.split([prod(shape) for shape in shapes], 1)
        views = [p.view(-1, *s) for p, s in zip(parts, shapes, strict=True)]
        return [(w, b.unsqueeze(1)) for w, b in zip(views[::2], views[1::2], strict=True)]

    def _run(
        self,
        theta: Float[Tensor, "tasks P"],
        x: Float[Tensor, "tasks n *input"],
        y: Num[Tensor, "tasks n *output"],
    ) -> Pass:
        """Go forward and backward at the tasks' own theta."""
        layers = self._layers(theta)
        inputs = [x.flatten(2)]
        for weight, bias in layers[:-1]:
            inputs.append(torch.baddbmm(bias, inputs[-1], weight.mT).relu_())
        weight, bias = layers[-1]
        outputs = torch.baddbmm(bias, inputs[-1], weight.mT)
        loss, delta = self._criterion(outputs, y)
        masks = [(a > 0).to(a.dtype) for a in inputs[1:]]
        deltas = [delta]
        for (weight, _), mask in zip(layers[:0:-1], masks[::-1], strict=True):
            deltas.append(torch.bmm(deltas[-1], weight) * mask)
        return Pass(layers, inputs, masks, deltas[::-1], outputs, loss)

    def _criterion(
        self, outputs: Float[Tensor, "tasks n outputs"], y: Num[Tensor, "tasks n *output"]
    ) -> tuple[Float[Tensor, "tasks"], Float[Tensor, "tasks n outputs"]]:
        """Return the loss of every task, and its gradient with respect to the outputs."""
        if self.network.tasks == "classification":
            likelihood = F.log_softmax(outputs, 2).gather(2, y.unsqueeze(2))
            right = torch.zeros_like(outputs).scatter_(2, y.unsqueeze(2), 1.0)
            return -likelihood.mean((1, 2)), (outputs.softmax(2) - right) / outputs.shape[1]
        error = outputs - y
        return (error * error).mean((1, 2)), error * (2 / error[0].numel())

    def _accuracy(self, at: Pass, y: Num[Tensor, "tasks n *output"]) -> float:
        """Return the mean accuracy over tasks, which have equally many targets."""
        return self.network.accuracy(at.outputs.flatten(0, 1), y.flatten(0, 1))

    def _criterion_tangent(
        self, outputs: Float[Tensor, "tasks n outputs"], tangent: Float[Tensor, "tasks n outputs"]
    ) -> Float[Tensor, "tasks n outputs"]:
        """Return the derivative of the loss's gradient along a tangent of the outputs."""
        if self.network.tasks == "classification":
            p = outputs.softmax(2)
            return p * (tangent - (p * tangent).sum(2, keepdim=True)) / outputs.shape[1]
        return tangent * (2 / tangent[0].numel())

    def _product(self, at: Pass, v: Float[Tensor, "tasks P"]) -> Float[Tensor, "tasks P"]:
        """Return H v of every task."""
        along = self._layers(v)
        tangents: list[Tensor | None] = [None]  # a' of the inputs, which do not depend on theta
        masks = [*at.masks, None]
        layers = zip(at.layers, along, at.inputs, masks, strict=True)
        for (weight, _), (dweight, dbias), a, mask in layers:
            z = torch.baddbmm(dbias, a, dweight.mT)
            if tangents[-1] is not None:
                z = z.baddbmm_(tangents[-1], weight.mT)
            tangents.append(z if mask is None else z.mul_(mask))
        last = tangents.pop()
        assert last is not None  # every network has a layer
        delta = self._criterion_tangent(at.outputs, last)
        parts = []
        for index in range(len(at.layers) - 1, -1, -1):
            a, tangent, d = at.inputs[index], tangents[index], at.deltas[index]
            weight = torch.bmm(delta.mT, a)
            if tangent is not None:
                weight = weight.baddbmm_(d.mT, tangent)
            parts += [delta.sum(1), weight.flatten(1)]
            if index:
                below = torch.bmm(delta, at.layers[index][0])
                delta = below.baddbmm_(d, along[index][0]).mul_(at.masks[index - 1])
        return torch.cat(parts[::-1], 1)


def _gradient(at: Pass) -> Float[Tensor, "tasks P"]:
    """Return the gradients of the tasks' own losses."""
    parts = []
    for a, delta in zip(at.inputs, at.deltas, strict=True):
        parts += [torch.bmm(delta.mT, a).flatten(1), delta.sum(1)]
    return torch.cat(parts, 1)
