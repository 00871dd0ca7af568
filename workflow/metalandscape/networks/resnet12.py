"""`resnet12`: residual blocks of three convolutions (Oreshkin et al. 2018, Lee et al. 2019).

A block with filters f maps x to pool(a(N(C(a(N(C(a(N(C(x))))))))) + N(S(x)))), with C a 3x3
convolution, S a 1x1 convolution (the shortcut), N a norm, a the leaky ReLU and pool a 2x2
max-pool. The last map is averaged over space, and a linear layer follows.

Unlike these papers' networks, it has no dropout: its losses are functions of theta and the batch
alone. Lee et al. have 64, 160, 320 and 640 filters and flatten the last map.

The norms are written out, so that every derivative and functional transform is exact.
"""

from collections.abc import Mapping
from itertools import pairwise
from typing import Literal

import torch.nn.functional as F
from jaxtyping import Float
from pydantic import Field, NonNegativeFloat, PositiveInt, model_validator
from torch import Tensor

from .. import networks
from ..ground import options
from ..ground.options import Width

TASKS = ("classification", "regression")
INPUTS = "images"
NORM_EPSILON = 1e-5
CONVOLUTIONS = 3  # of a block


class Options(options.Options):
    """Configuration of `kind: resnet12`.

    Attributes:
        filters: Filters of every block. The default is Oreshkin et al.'s, with 8 million
            parameters; Lee et al. have `[64, 160, 320, 640]`, and `[8, 16, 32, 64]` has 0.13
            million. Four blocks (3 * 4 = 12 layers) need images of at least 16 pixels; n blocks
            need at least 2^n.
        norm: `batch`: mean and variance are those of the batch given, at meta-test too; `group`:
            those of an image and a group of channels (Wu & He 2018), so that no image's prediction
            depends on another.
        groups: How many groups the channels are divided into; must divide every entry of `filters`.
            Only for `norm: group`, which requires it.
        slope: Slope of the leaky ReLU below zero; 0 makes it a ReLU.
    """

    filters: list[Width] = Field(default=[64, 128, 256, 512], min_length=1, max_length=10)
    norm: Literal["batch", "group"] = "batch"
    groups: PositiveInt | None = None
    slope: NonNegativeFloat = 0.1

    @model_validator(mode="after")
    def _groups_fit(self) -> "Options":
        if self.norm == "batch":
            if self.groups is not None:
                raise ValueError("groups are for norm: group; set that or remove them")
        elif self.groups is None or any(f % self.groups for f in self.filters):
            raise ValueError("norm: group needs groups, a number that divides every one of filters")
        return self

    def batch_statistics(self) -> bool:
        """Return whether an output depends on the other inputs of its batch."""
        return self.norm == "batch"

    def complaint(self, input_shape: tuple[int, ...]) -> str | None:
        """Return why images (channels, height, width) can't be taken, or None if they can."""
        height, width = input_shape[1:]
        if min(height, width) >> len(self.filters) == 0:
            return (
                f"{len(self.filters)} poolings leave nothing of images of {height}x{width} pixels; "
                "shorten the list filters, which has a block for each entry"
            )
        return None


class Network(networks.Network):
    """Residual blocks, a mean over space, then a linear layer."""

    options: Options

    @property
    def uses_batch_statistics(self) -> bool:
        """Whether its norm is over the batch."""
        return self.options.batch_statistics()

    def body_parameters(self) -> tuple[list[networks.Parameter], int]:
        """Return the parameters of the blocks, and the number of features."""
        if complaint := self.options.complaint(self.input_shape):
            raise ValueError(complaint)
        widths = [self.input_shape[0], *self.options.filters]
        parameters = [
            parameter
            for block, (inputs, filters) in enumerate(pairwise(widths), 1)
            for parameter in _block_parameters(f"block{block}", inputs, filters)
        ]
        return parameters, widths[-1]

    def body(
        self, p: Mapping[str, Tensor], x: Float[Tensor, "n channels height width"]
    ) -> Float[Tensor, "n features"]:
        """Return h = f_feat(x) of images."""
        for block in range(1, len(self.options.filters) + 1):
            x = self._block(p, f"block{block}", x)
        return x.mean((2, 3))

    def _block(
        self, p: Mapping[str, Tensor], block: str, x: Float[Tensor, "n channels height width"]
    ) -> Float[Tensor, "n filters height//2 width//2"]:
        """Return a block's output."""
        shortcut = self._norm(p, f"{block}.shortcut", F.conv2d(x, p[f"{block}.shortcut.weight"]))
        for layer in range(1, CONVOLUTIONS + 1):
            name = f"{block}.conv{layer}"
            x = self._norm(p, name, F.conv2d(x, p[f"{name}.weight"], padding=1))
            if layer < CONVOLUTIONS:
                x = F.leaky_relu(x, self.options.slope)
        return F.max_pool2d(F.leaky_relu(x + shortcut, self.options.slope), 2)

    def _norm(
        self, p: Mapping[str, Tensor], name: str, x: Float[Tensor, "n channels height width"]
    ) -> Float[Tensor, "n channels height width"]:
        """Return x normalized, scaled and shifted by channel."""
        if self.options.norm == "batch":
            x = normalized(x, (0, 2, 3))
        else:
            grouped = x.unflatten(1, (self.options.groups, -1))
            x = normalized(grouped, (2, 3, 4)).flatten(1, 2)
        scale, shift = p[f"{name}.norm.weight"], p[f"{name}.norm.bias"]
        return x * scale.view(-1, 1, 1) + shift.view(-1, 1, 1)


def normalized(x: Float[Tensor, "*shape"], over: tuple[int, ...]) -> Float[Tensor, "*shape"]:
    """Return x with mean 0 and variance 1 over some of its dimensions (Ioffe & Szegedy 2015)."""
    centered = x - x.mean(over, keepdim=True)
    variance = centered.square().mean(over, keepdim=True)
    return centered * (variance + NORM_EPSILON).rsqrt()


def _block_parameters(block: str, inputs: int, filters: int) -> list[networks.Parameter]:
    """Return the parameters of a block; no convolution has a bias, as norms subtract it."""
    convolutions = {f"{block}.shortcut": (filters, inputs, 1, 1)}
    for layer in range(1, CONVOLUTIONS + 1):
        shape = (filters, inputs if layer == 1 else filters, 3, 3)
        convolutions[f"{block}.conv{layer}"] = shape
    return [
        parameter
        for name, shape in convolutions.items()
        for parameter in (
            networks.Parameter(f"{name}.weight", shape, None),
            networks.Parameter(f"{name}.norm.weight", (filters,), 1.0),
            networks.Parameter(f"{name}.norm.bias", (filters,), 0.0),
        )
    ]
