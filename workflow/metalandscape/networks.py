"""The configuration of networks; `models` builds them. Kept apart because it needs no torch."""

from typing import Literal

from pydantic import Field, PositiveInt

from .ground.strict import Strict


class ConvNetwork(Strict):
    """Four modules of 3x3 convolution, batch norm and ReLU, then one linear layer.

    Vinyals et al. 2016, Finn et al. 2017.
    """

    kind: Literal["conv"]
    filters: PositiveInt = 64
    downsampling: Literal["stride", "pool"] = "stride"
    output: Literal["mean", "flatten"] = "mean"


class MLPNetwork(Strict):
    """A fully connected network with ReLU between its layers."""

    kind: Literal["mlp"]
    hidden: list[PositiveInt] = Field(default=[40, 40], min_length=1)
