"""Networks, as functions of one flat parameter vector theta.

A flat theta makes every formula of the paper read as it is printed: adaptation, gradients,
displacements and Hessian-vector products are operations on vectors of length P.

A module of this folder is a network (`network: {kind: ...}` of a run). It defines

- `TASKS`: a literal, the kinds of tasks it can learn: "classification", "regression".
- `INPUTS`: a literal, "images", or "any" where it takes vectors, too.
- `Options`: its configuration keys, a subclass of `ground.options.Options`, where it has any.
- `Network`: a subclass of `networks.Network` with `body_parameters` and `body`.

The same network serves any kind of task: the last linear layer has an output per class, or per
predicted number, and the loss follows from the kind of task.
"""

from abc import ABC, abstractmethod
from collections.abc import Mapping, Sequence
from math import prod, sqrt
from typing import NamedTuple

import numpy as np
import torch
import torch.nn.functional as F
from jaxtyping import Float, Float32, Num
from torch import Tensor

from ..ground import plugins
from ..ground.options import Options, Part

HEAD = ("linear.weight", "linear.bias")
"""The parameters of the last layer, in every network."""


class Parameter(NamedTuple):
    """Name, shape and initialization of one parameter tensor.

    `initial` is a constant, or None for Xavier (Glorot & Bengio 2010).
    """

    name: str
    shape: tuple[int, ...]
    initial: float | None


class Network(ABC):
    """A network without state: its parameters are the vector theta [P].

    Attributes:
        options: the part's options.
        input_shape: (channels, height, width) of images, or (inputs,) of vectors.
        output_size: the number of outputs: classes, or predicted numbers.
        tasks: "classification" or "regression", which decides the loss.
        parameters: name, shape and initialization of every tensor, in theta's order; the last
            layer comes last.
    """

    def __init__(
        self, options: Options, input_shape: Sequence[int], output_size: int, tasks: str
    ) -> None:
        """Lay out the parameters: those of the body, then the last linear layer.

        Raises:
            ValueError: the network cannot take inputs of that shape.
        """
        self.options = options
        self.input_shape = tuple(input_shape)
        self.output_size = output_size
        self.tasks = tasks
        body, features = self.body_parameters()
        weight, bias = HEAD
        self.parameters = [
            *body,
            Parameter(weight, (output_size, features), None),
            Parameter(bias, (output_size,), 0.0),
        ]

    @property
    def uses_batch_statistics(self) -> bool:
        """Whether an output depends on the other inputs of its batch, as with batch norm."""
        return True

    @abstractmethod
    def body_parameters(self) -> tuple[list[Parameter], int]:
        """Return the parameters below the last layer, and the number of features it is given."""

    @abstractmethod
    def body(
        self, p: Mapping[str, Tensor], x: Float[Tensor, "n *input"]
    ) -> Float[Tensor, "n features"]:
        """Return h = f_feat(x), given the parameters by name."""

    def features(
        self, theta: Float[Tensor, "P"], x: Float[Tensor, "n *input"]
    ) -> Float[Tensor, "n features"]:
        """Return h = f_feat(x), the input of the last linear layer."""
        return self.body(unflatten(self, theta), x)

    def outputs(
        self, theta: Float[Tensor, "P"], x: Float[Tensor, "n *input"]
    ) -> Float[Tensor, "n outputs"]:
        """Return the logits, or the predicted numbers."""
        p = unflatten(self, theta)
        weight, bias = HEAD
        return F.linear(self.body(p, x), p[weight], p[bias])

    def criterion(
        self, outputs: Float[Tensor, "n outputs"], y: Num[Tensor, "n *output"]
    ) -> Float[Tensor, ""]:
        """Return the mean loss: cross-entropy, or squared error for regression."""
        loss = F.cross_entropy if self.tasks == "classification" else F.mse_loss
        return loss(outputs, y)

    def accuracy(self, outputs: Float[Tensor, "n outputs"], y: Num[Tensor, "n *output"]) -> float:
        """Return the share of logits that are right; NaN for regression."""
        if self.tasks != "classification":
            return float("nan")
        return (outputs.argmax(1) == y).double().mean().item()

    def loss(
        self, theta: Float[Tensor, "P"], x: Float[Tensor, "n *input"], y: Num[Tensor, "n *output"]
    ) -> Float[Tensor, ""]:
        """Return the mean loss of a batch."""
        return self.criterion(self.outputs(theta, x), y)


def build(network: Part, input_shape: Sequence[int], output_size: int, tasks: str) -> Network:
    """Return the network that a configuration chose."""
    module, options = plugins.chosen("networks", network)
    return module.Network(options, input_shape, output_size, tasks)


def size(network: Network) -> int:
    """Return P, the number of parameters."""
    return sum(prod(p.shape) for p in network.parameters)


def unflatten(network: Network, theta: Num[Tensor, "P"]) -> dict[str, Tensor]:
    """Return views of theta by parameter name."""
    parts = theta.split([prod(p.shape) for p in network.parameters])
    return {p.name: part.view(p.shape) for p, part in zip(network.parameters, parts, strict=True)}


def flatten(network: Network, tensors: Mapping[str, Tensor]) -> Float[Tensor, "P"]:
    """Return theta; the inverse of `unflatten`."""
    return torch.cat([tensors[p.name].reshape(-1) for p in network.parameters])


def head_mask(network: Network) -> Float32[Tensor, "P"]:
    """Return a vector that is 1 at the last layer's parameters and 0 elsewhere."""
    parts = [
        torch.full((prod(p.shape),), 1.0 if p.name in HEAD else 0.0) for p in network.parameters
    ]
    return torch.cat(parts)


def initialize(network: Network, rng: np.random.Generator) -> Float32[Tensor, "P"]:
    """Return theta: Xavier-uniform weights, constant biases and batch-norm scales."""
    return _drawn(network.parameters, rng)


def draw_head(network: Network, rng: np.random.Generator) -> Float32[Tensor, "head"]:
    """Return the last layer's part of theta, drawn as in `initialize`."""
    return _drawn([p for p in network.parameters if p.name in HEAD], rng)


def _drawn(parameters: Sequence[Parameter], rng: np.random.Generator) -> Float32[Tensor, "P"]:
    drawn = [_draw(p, rng).ravel() for p in parameters]
    return torch.from_numpy(np.concatenate(drawn).astype(np.float32))


def _draw(parameter: Parameter, rng: np.random.Generator) -> Float[np.ndarray, "..."]:
    shape = parameter.shape
    if parameter.initial is not None:
        return np.full(shape, parameter.initial)
    receptive = prod(shape[2:])
    bound = sqrt(6 / (receptive * (shape[0] + shape[1])))
    return rng.uniform(-bound, bound, shape)
