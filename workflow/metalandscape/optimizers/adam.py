"""Adam (Kingma & Ba 2015, Algorithm 1).

Equal to `torch.optim.Adam`, against which it is tested; that class imports torch's compiler at its
first step, which would cost every training job more than a second.
"""

from collections.abc import Mapping
from typing import TYPE_CHECKING

from pydantic import Field

from ..ground import options

# The workflow imports this module for the options of `adamw`, and starts without torch.
if TYPE_CHECKING:
    from jaxtyping import Float
    from torch import Tensor

SLOTS = ("first_moment", "second_moment")


class Options(options.Options):
    """Configuration of Adam; the names are those of the paper.

    Attributes:
        beta1: Decay of the running mean of the gradient.
        beta2: Decay of the running mean of the squared gradient.
        epsilon: Added to the square root of the latter.
    """

    beta1: float = Field(default=0.9, ge=0, lt=1)
    beta2: float = Field(default=0.999, ge=0, lt=1)
    epsilon: float = Field(default=1e-8, gt=0)


def step(
    parameter: 'Float[Tensor, "*shape"]',
    slots: 'Mapping[str, Float[Tensor, "*shape"]]',
    gradient: 'Float[Tensor, "*shape"]',
    step: int,
    rate: float,
    options: Options,
) -> None:
    """Change a parameter and its moments, all [P], in place."""
    first, second = (slots[name] for name in SLOTS)
    first.lerp_(gradient, 1 - options.beta1)
    second.mul_(options.beta2).addcmul_(gradient, gradient, value=1 - options.beta2)
    scale = (second.sqrt() / (1 - options.beta2**step) ** 0.5).add_(options.epsilon)
    parameter.addcdiv_(first, scale, value=-rate / (1 - options.beta1**step))
