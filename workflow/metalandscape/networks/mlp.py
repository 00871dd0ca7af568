"""`mlp`: a fully connected network with ReLU between its layers; images are flattened."""

from collections.abc import Mapping
from itertools import pairwise
from math import prod

import torch.nn.functional as F
from jaxtyping import Float
from pydantic import Field
from torch import Tensor

from .. import networks
from ..ground import options
from ..ground.options import Width

TASKS = ("classification", "regression")
INPUTS = "any"


class Options(options.Options):
    """Configuration of `kind: mlp`.

    Attributes:
        hidden: Widths of the hidden layers. Paper: 40, 40.
    """

    hidden: list[Width] = Field(default=[40, 40], min_length=1, max_length=32)


class Network(networks.Network):
    """Linear layers with ReLU between them."""

    options: Options

    @property
    def uses_batch_statistics(self) -> bool:
        """False: it has no norm."""
        return False

    def body_parameters(self) -> tuple[list[networks.Parameter], int]:
        """Return the parameters of the hidden layers, and the width of the last one."""
        widths = [prod(self.input_shape), *self.options.hidden]
        parameters = [
            parameter
            for layer, (inputs, outputs) in enumerate(pairwise(widths), 1)
            for parameter in (
                networks.Parameter(f"hidden{layer}.weight", (outputs, inputs), None),
                networks.Parameter(f"hidden{layer}.bias", (outputs,), 0.0),
            )
        ]
        return parameters, widths[-1]

    def body(
        self, p: Mapping[str, Tensor], x: Float[Tensor, "n *input"]
    ) -> Float[Tensor, "n features"]:
        """Return the last hidden layer."""
        x = x.flatten(1)
        for layer in range(1, len(self.options.hidden) + 1):
            x = F.relu(F.linear(x, p[f"hidden{layer}.weight"], p[f"hidden{layer}.bias"]))
        return x
