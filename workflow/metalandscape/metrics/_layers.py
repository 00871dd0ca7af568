"""Layers of any network: their parameters within theta, and their activations.

A layer is a weight, which is a matrix or the filters of a convolution, with the vectors that follow
it in theta: biases, and the scales and shifts of a norm. The last layer is the head.

No network has to name its activations: what the next weight is applied to is the activation of the
layer before, after its norm, nonlinearity and pooling. Of a network with residual blocks, the
weight of a shortcut shares its input with another one and has no activation of its own.
"""

from collections.abc import Callable, Iterable, Mapping
from itertools import pairwise
from math import prod
from typing import Any

import torch
import torch.nn.functional as F
from jaxtyping import Float
from torch import Tensor
from torch.overrides import TorchFunctionMode

from ..networks import HEAD, Network, unflatten


def spans(network: Network) -> list[slice]:
    """Return where each layer's parameters stand in theta; together they are all of theta."""
    begins, at = [], 0
    for parameter in network.parameters:
        if len(parameter.shape) > 1:
            begins.append(at)
        at += prod(parameter.shape)
    ends = [0, *begins[1:], at]
    return [slice(begin, end) for begin, end in pairwise(ends)]


def activations(
    network: Network, theta: Float[Tensor, "P"], x: Float[Tensor, "n *input"]
) -> dict[int, Float[Tensor, "n ..."]]:
    """Return the activations of a batch by layer, counted from 0; those of the head are outputs.

    A layer without activations of its own is left out.
    """
    p = unflatten(network, theta)
    weight, bias = HEAD
    with torch.no_grad(), _Recorder(p) as recorder:
        outputs = F.linear(network.body(p, x), p[weight], p[bias])
    return recorder.found | {len(spans(network)) - 1: outputs}


class _Recorder(TorchFunctionMode):
    """Sees every call of a torch function, and keeps what weights are applied to.

    Attributes:
        found: the activations by layer.
    """

    def __init__(self, p: Mapping[str, Tensor]) -> None:
        """Know the parameters of a network in theta's order."""
        super().__init__()
        weights = [tensor for tensor in p.values() if tensor.dim() > 1]
        self.found: dict[int, Tensor] = {}
        self._layers = {id(weight): layer for layer, weight in enumerate(weights)}
        self._parameters = {id(tensor): tensor for tensor in p.values()}
        self._input: Tensor | None = None  # what the last weight was applied to
        self._layer = -1  # of the last weight

    def __torch_function__(
        self, func: Callable, types: Any, args: Iterable = (), kwargs: Mapping | None = None
    ) -> Any:
        """Call the function, and note which weight it applies to which input."""
        result = func(*args, **(kwargs or {}))
        tensors = [t for t in (*args, *(kwargs or {}).values()) if isinstance(t, Tensor)]
        layers = [self._layers[id(t)] for t in tensors if id(t) in self._layers]
        if layers and isinstance(result, Tensor):
            inputs = [t for t in tensors if id(t) not in self._parameters]
            if inputs:
                self._apply(layers[0], inputs[0])
            else:  # the weight in another shape, such as its transpose
                self._layers[id(result)] = layers[0]
                self._parameters[id(result)] = result
        return result

    def _apply(self, layer: int, x: Tensor) -> None:
        if x is not self._input and self._input is not None:
            self.found[self._layer] = x
        self._layer, self._input = layer, x
