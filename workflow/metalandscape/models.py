"""The networks, as functions of one flat parameter vector theta.

A flat theta makes every formula of the paper read as it is printed: adaptation, gradients,
displacements and Hessian-vector products are operations on vectors of length P.
"""

from collections.abc import Sequence
from itertools import pairwise
from math import prod, sqrt
from typing import NamedTuple, Protocol

import numpy as np
import torch
import torch.nn.functional as F
from torch import Tensor

from .networks import ConvNetwork, MLPNetwork

BATCH_NORM_EPSILON = 1e-5


class Parameter(NamedTuple):
    """Name, shape and initialisation of one parameter tensor.

    `initial` is a constant, or None for Xavier (Glorot & Bengio 2010).
    """

    name: str
    shape: tuple[int, ...]
    initial: float | None


class Model(Protocol):
    """A network without state: its parameters are the vector theta [P]."""

    parameters: Sequence[Parameter]

    def features(self, theta: Tensor, x: Tensor) -> Tensor:
        """Return h = f_feat(x) [n, features], the input of the last linear layer."""

    def outputs(self, theta: Tensor, x: Tensor) -> Tensor:
        """Return the logits [n, classes], or the predictions [n, 1]."""

    def criterion(self, outputs: Tensor, y: Tensor) -> Tensor:
        """Return the mean loss over the batch, a scalar."""


def build(network: ConvNetwork | MLPNetwork, image_shape: tuple | None, classes: int) -> Model:
    """Return the network for images [height, width, channels], or for regression if None."""
    return MLP(network) if image_shape is None else ConvNet(network, image_shape, classes)


def loss(model: Model, theta: Tensor, x: Tensor, y: Tensor) -> Tensor:
    """Return the mean loss of a batch, a scalar."""
    return model.criterion(model.outputs(theta, x), y)


def accuracy(outputs: Tensor, y: Tensor) -> float:
    """Return the share of logits [n, classes] that are right; NaN for regression."""
    return (
        float("nan") if y.is_floating_point() else (outputs.argmax(1) == y).double().mean().item()
    )


def size(model: Model) -> int:
    """Return P, the number of parameters."""
    return sum(prod(p.shape) for p in model.parameters)


def unflatten(model: Model, theta: Tensor) -> dict[str, Tensor]:
    """Return views of theta [P] by parameter name."""
    parts = theta.split([prod(p.shape) for p in model.parameters])
    return {p.name: part.view(p.shape) for p, part in zip(model.parameters, parts, strict=True)}


def flatten(model: Model, tensors: dict[str, Tensor]) -> Tensor:
    """Return theta [P]; the inverse of `unflatten`."""
    return torch.cat([tensors[p.name].reshape(-1) for p in model.parameters])


def initialise(model: Model, rng: np.random.Generator) -> Tensor:
    """Return a float32 theta [P]: Xavier-uniform weights, constant biases and batch-norm scales."""
    return torch.from_numpy(
        np.concatenate([_draw(p, rng).ravel() for p in model.parameters]).astype(np.float32)
    )


def _draw(parameter: Parameter, rng: np.random.Generator) -> np.ndarray:
    shape = parameter.shape
    if parameter.initial is not None:
        return np.full(shape, parameter.initial)
    receptive = prod(shape[2:])
    bound = sqrt(6 / (receptive * (shape[0] + shape[1])))
    return rng.uniform(-bound, bound, shape)


class ConvNet:
    """Four modules of 3x3 convolution, batch norm, ReLU (and max-pool), then a linear layer.

    The convolutions have no bias: batch norm subtracts it, so its gradient is zero.
    """

    def __init__(
        self, network: ConvNetwork, image_shape: tuple[int, int, int], classes: int
    ) -> None:
        """Build the network for images [height, width, channels] and a number of classes.

        Raises:
            ValueError: max-pooling leaves nothing of an image.
        """
        self.network = network
        self.image_shape = image_shape
        self.classes = classes
        height, width, channels = image_shape
        filters = network.filters
        self.parameters: list[Parameter] = []
        for module in range(1, 5):
            self.parameters += [
                Parameter(f"conv{module}.weight", (filters, channels, 3, 3), None),
                Parameter(f"norm{module}.weight", (filters,), 1.0),
                Parameter(f"norm{module}.bias", (filters,), 0.0),
            ]
            channels = filters
            # A stride-2 convolution with padding 1 rounds up, a 2x2 max-pool rounds down.
            up = 1 if network.downsampling == "stride" else 0
            height, width = (height + up) // 2, (width + up) // 2
        if height == 0 or width == 0:
            raise ValueError(f"images of {image_shape[0]}x{image_shape[1]} vanish in four poolings")
        features = filters if network.output == "mean" else filters * height * width
        self.parameters += [
            Parameter("linear.weight", (classes, features), None),
            Parameter("linear.bias", (classes,), 0.0),
        ]

    def features(self, theta: Tensor, x: Tensor) -> Tensor:
        """Return h [n, features] of images x [n, channels, height, width]."""
        return self._features(unflatten(self, theta), x)

    def outputs(self, theta: Tensor, x: Tensor) -> Tensor:
        """Return the logits [n, classes]."""
        p = unflatten(self, theta)
        return F.linear(self._features(p, x), p["linear.weight"], p["linear.bias"])

    def criterion(self, outputs: Tensor, y: Tensor) -> Tensor:
        """Return the mean cross-entropy with labels y [n]."""
        return F.cross_entropy(outputs, y)

    def _features(self, p: dict[str, Tensor], x: Tensor) -> Tensor:
        stride = 2 if self.network.downsampling == "stride" else 1
        for module in range(1, 5):
            x = F.conv2d(x, p[f"conv{module}.weight"], stride=stride, padding=1)
            # Always the statistics of the batch given, at meta-test too (Finn et al. 2017).
            x = F.batch_norm(
                x,
                None,
                None,
                p[f"norm{module}.weight"],
                p[f"norm{module}.bias"],
                training=True,
                eps=BATCH_NORM_EPSILON,
            )
            x = F.relu(x)
            if self.network.downsampling == "pool":
                x = F.max_pool2d(x, 2)
        return x.mean((2, 3)) if self.network.output == "mean" else x.flatten(1)


class MLP:
    """A fully connected network with ReLU between its layers, for regression with MSE."""

    def __init__(self, network: MLPNetwork) -> None:
        """Build the network from one input to one output."""
        widths = [1, *network.hidden, 1]
        self.layers = len(widths) - 1
        self.parameters = [
            parameter
            for layer, (inputs, outputs) in enumerate(pairwise(widths), 1)
            for parameter in (
                Parameter(f"linear{layer}.weight", (outputs, inputs), None),
                Parameter(f"linear{layer}.bias", (outputs,), 0.0),
            )
        ]

    def features(self, theta: Tensor, x: Tensor) -> Tensor:
        """Return the last hidden layer [n, width] of inputs x [n, 1]."""
        return self._features(unflatten(self, theta), x)

    def outputs(self, theta: Tensor, x: Tensor) -> Tensor:
        """Return the predictions [n, 1]."""
        p = unflatten(self, theta)
        last = f"linear{self.layers}"
        return F.linear(self._features(p, x), p[f"{last}.weight"], p[f"{last}.bias"])

    def criterion(self, outputs: Tensor, y: Tensor) -> Tensor:
        """Return the mean squared error against y [n, 1]."""
        return F.mse_loss(outputs, y)

    def _features(self, p: dict[str, Tensor], x: Tensor) -> Tensor:
        for layer in range(1, self.layers):
            x = F.relu(F.linear(x, p[f"linear{layer}.weight"], p[f"linear{layer}.bias"]))
        return x
