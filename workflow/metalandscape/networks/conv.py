"""`conv`: modules of 3x3 convolution, batch norm and ReLU (Vinyals et al. 2016, Finn et al. 2017).

The convolutions have no bias: batch norm subtracts it, so its gradient is zero.
"""

from collections.abc import Mapping
from typing import Literal

import torch.nn.functional as F
from jaxtyping import Float
from pydantic import Field
from torch import Tensor

from .. import networks
from ..ground import options
from ..ground.options import Width

TASKS = ("classification", "regression")
INPUTS = "images"
BATCH_NORM_EPSILON = 1e-5


class Options(options.Options):
    """Configuration of `kind: conv`.

    Attributes:
        filters: Filters of every convolution. Paper: Omniglot 64, MiniImagenet 48.
        modules: How many modules. Paper: 4.
        downsampling: `stride`: convolutions of stride 2; `pool`: stride 1 and 2x2 max-pooling,
            which four modules can do with images of at least 16 pixels. Paper: Omniglot stride,
            MiniImagenet pool.
        output: `mean`: the last map is averaged over space; `flatten`: it is flattened. The paper
            is silent; Omniglot mean in Finn et al., MiniImagenet flatten.
    """

    filters: Width = 64
    modules: int = Field(default=4, gt=0, le=32)
    downsampling: Literal["stride", "pool"] = "stride"
    output: Literal["mean", "flatten"] = "mean"

    def map_size(self, height: int, width: int) -> tuple[int, int]:
        """Return height and width of the last module's output."""
        # A stride-2 convolution with padding 1 rounds up, a 2x2 max-pool rounds down.
        up = 1 if self.downsampling == "stride" else 0
        for _ in range(self.modules):
            height, width = (height + up) // 2, (width + up) // 2
        return height, width

    def batch_statistics(self) -> bool:
        """Return whether an output depends on the other inputs of its batch."""
        return True

    def complaint(self, input_shape: tuple[int, ...]) -> str | None:
        """Return why images (channels, height, width) can't be taken, or None if they can."""
        if 0 in self.map_size(*input_shape[1:]):
            return (
                f"{self.modules} poolings leave nothing of images of {input_shape[1]}x"
                f"{input_shape[2]} pixels; set downsampling: stride or fewer modules"
            )
        return None


class Network(networks.Network):
    """Modules of convolution, batch norm, ReLU (and max-pool), then a linear layer."""

    options: Options

    def body_parameters(self) -> tuple[list[networks.Parameter], int]:
        """Return the parameters of the modules, and the number of features."""
        if complaint := self.options.complaint(self.input_shape):
            raise ValueError(complaint)
        channels, *image = self.input_shape
        filters, parameters = self.options.filters, []
        for module in range(1, self.options.modules + 1):
            parameters += [
                networks.Parameter(f"conv{module}.weight", (filters, channels, 3, 3), None),
                networks.Parameter(f"norm{module}.weight", (filters,), 1.0),
                networks.Parameter(f"norm{module}.bias", (filters,), 0.0),
            ]
            channels = filters
        height, width = self.options.map_size(*image)
        return parameters, filters * (1 if self.options.output == "mean" else height * width)

    def body(
        self, p: Mapping[str, Tensor], x: Float[Tensor, "n channels height width"]
    ) -> Float[Tensor, "n features"]:
        """Return h = f_feat(x) of images."""
        stride = 2 if self.options.downsampling == "stride" else 1
        for module in range(1, self.options.modules + 1):
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
            if self.options.downsampling == "pool":
                x = F.max_pool2d(x, 2)
        return x.mean((2, 3)) if self.options.output == "mean" else x.flatten(1)
