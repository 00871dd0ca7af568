"""Whether numbers are finite, and refusals of files whose numbers are not."""

from collections.abc import Iterable, Mapping
from pathlib import Path

import torch
from torch import Tensor

from ..ground.errors import UserError


def all_finite(tensors: Iterable[Tensor]) -> bool:
    """Return whether no number is NaN or infinite."""
    return all(bool(torch.isfinite(tensor).all()) for tensor in tensors)


def check_made(path: str | Path, tensors: Mapping[str, Tensor], diverged: int | None) -> None:
    """Refuse numbers that aren't finite in a file that doesn't say that training diverged.

    Args:
        path: a file that training wrote.
        tensors: its tensors by name.
        diverged: the epoch in which training diverged, if the file says so.

    Raises:
        UserError: the sentence names the file and a tensor.
    """
    if diverged is None and (name := _first(tensors)):
        raise UserError(
            f"{path} is damaged: its tensor {name} has numbers that are not finite; remove it, and "
            "it is made anew."
        )


def check_usable(
    path: str | Path, tensors: Mapping[str, Tensor], diverged: int | None = None
) -> None:
    """Refuse weights that nothing can be computed with; arguments as those of `check_made`.

    Raises:
        UserError: the sentence names the file.
    """
    if diverged is not None:
        raise UserError(
            f"{path} has no weights, for training diverged in epoch {diverged}; take a checkpoint "
            "of an earlier epoch."
        )
    if name := _first(tensors):
        raise UserError(
            f"{path}: its tensor {name} has numbers that are not finite; give other weights."
        )


def _first(tensors: Mapping[str, Tensor]) -> str | None:
    """Return the name of the first tensor that isn't finite."""
    return next((name for name, tensor in tensors.items() if not all_finite([tensor])), None)
