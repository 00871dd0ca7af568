"""Stochastic gradient descent with momentum (Polyak 1964; Sutskever et al. 2013).

Equal to `torch.optim.SGD`, against which it is tested.
"""

from collections.abc import Mapping

from jaxtyping import Float
from pydantic import Field, NonNegativeFloat, model_validator
from torch import Tensor

from ..ground import options

SLOTS = ("velocity",)


class Options(options.Options):
    """Configuration of SGD.

    Attributes:
        momentum: The share of the velocity that is kept from one step to the next; 0 is plain
            gradient descent.
        nesterov: Whether the step looks ahead along the velocity (Nesterov's momentum).
        weight_decay: This share of the meta-parameters is added to their gradient (an l2 penalty).
    """

    momentum: float = Field(default=0.9, ge=0, lt=1)
    nesterov: bool = False
    weight_decay: NonNegativeFloat = 0.0

    @model_validator(mode="after")
    def _nesterov_needs_momentum(self) -> "Options":
        if self.nesterov and self.momentum == 0:
            raise ValueError("nesterov needs a momentum above 0; raise it or remove nesterov")
        return self


def step(
    parameter: Float[Tensor, "*shape"],
    slots: Mapping[str, Float[Tensor, "*shape"]],
    gradient: Float[Tensor, "*shape"],
    step: int,
    rate: float,
    options: Options,
) -> None:
    """Change a parameter and its velocity, both [P], in place."""
    (velocity,) = (slots[name] for name in SLOTS)
    gradient = gradient.add(parameter, alpha=options.weight_decay)
    velocity.mul_(options.momentum).add_(gradient)
    ahead = gradient.add(velocity, alpha=options.momentum) if options.nesterov else velocity
    parameter.add_(ahead, alpha=-rate)
