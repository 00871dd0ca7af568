"""The outer loop's update: learning rate, clipping, optimizer."""

from math import cos, pi

import torch
from jaxtyping import Float
from torch import Tensor

from ..algorithms import Meta
from ..ground import plugins
from ..settings.run import Clip, Constant, Cosine, Run, Step

Slots = dict[str, dict[str, Float[Tensor, "..."]]]
"""The vectors that the optimizer keeps, by meta-parameter and name."""


class Optimizer:
    """The optimizer that a run names, with its schedule and clipping."""

    def __init__(self, run: Run) -> None:
        """Load the optimizer of a run."""
        self._run = run
        self._module, self._options = plugins.chosen("optimizers", run.optimizer)

    def initial(self, meta: Meta) -> Slots:
        """Return the vectors that are kept for each meta-parameter, all zero."""
        return {
            name: {slot: torch.zeros_like(tensor) for slot in self._module.SLOTS}
            for name, tensor in meta.items()
        }

    def step(self, meta: Meta, slots: Slots, gradients: Meta, iteration: int) -> None:
        """Change the meta-parameters in place by one meta-iteration (counted from 0).

        Raises:
            OverflowError: the step's length is no float32.
        """
        gradients = clipped(gradients, self._run.clip_gradient)
        rate = scheduled(self._run, iteration // self._run.iterations)
        for name, tensor in meta.items():
            own = (slots[name], gradients[name], iteration + 1, rate, self._options)
            try:
                self._module.step(tensor, *own)
            except RuntimeError as error:
                # torch refuses such a number instead of computing with infinity.
                if "without overflow" in str(error):
                    raise OverflowError("the outer step") from error
                raise


def scheduled(run: Run, epoch: int) -> float:
    """Return the outer rate of an epoch (counted from 0), constant within it.

    Equal to `torch.optim.lr_scheduler`'s CosineAnnealingLR and StepLR when these are stepped once
    an epoch; after its epochs the cosine stays at its end.
    """
    schedule, rate = run.schedule, run.outer_rate
    if isinstance(schedule, Constant):
        return rate
    if isinstance(schedule, Step):
        return rate * schedule.factor ** (epoch // schedule.every)
    return rate * _cosine(schedule, epoch)


def _cosine(schedule: Cosine, epoch: int) -> float:
    done = min(epoch, schedule.epochs) / schedule.epochs
    return schedule.final + (1 - schedule.final) * (1 + cos(pi * done)) / 2


def clipped(gradients: Meta, clip: Clip | None) -> Meta:
    """Return the gradients, clipped as `torch.nn.utils.clip_grad_value_` or `clip_grad_norm_` do.

    The norm is that of all meta-parameters together.
    """
    if clip is None:
        return gradients
    if clip.value is not None:
        return {name: g.clamp(-clip.value, clip.value) for name, g in gradients.items()}
    norm = torch.stack([g.norm() for g in gradients.values()]).norm()
    # The small number is torch's.
    share = min(1.0, clip.norm / (norm.item() + 1e-6))
    return {name: g * share for name, g in gradients.items()}
