"""Adam with decoupled weight decay (Loshchilov & Hutter 2019, Algorithm 2).

Equal to `torch.optim.AdamW`, against which it is tested: the decay is multiplied by the outer rate.
"""

from collections.abc import Mapping

from jaxtyping import Float
from pydantic import NonNegativeFloat
from torch import Tensor

from . import adam

SLOTS = adam.SLOTS


class Options(adam.Options):
    """Configuration of AdamW: that of Adam, and one key more.

    Attributes:
        weight_decay: Every step shrinks the meta-parameters by the outer rate times this share.
    """

    weight_decay: NonNegativeFloat = 0.01


def step(
    parameter: Float[Tensor, "*shape"],
    slots: Mapping[str, Float[Tensor, "*shape"]],
    gradient: Float[Tensor, "*shape"],
    step: int,
    rate: float,
    options: Options,
) -> None:
    """Change a parameter and its moments, all [P], in place."""
    parameter.mul_(1 - rate * options.weight_decay)
    adam.step(parameter, slots, gradient, step, rate, options)
