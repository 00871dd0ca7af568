"""Convolution and batch norm in operations that stay right and fast when mapped over tasks.

Under `torch.func.vmap`, a convolution with weights of each task becomes one with groups, which
libraries are slow at, and the second derivatives of torch's batch norm are silently wrong.
"""

from typing import Any

import torch.nn.functional as F
from jaxtyping import Float
from torch import Tensor
from torch.overrides import TorchFunctionMode


def convolution(
    x: Float[Tensor, "n channels height width"],
    weight: Float[Tensor, "filters _ _ _"],
    bias: Float[Tensor, "filters"] | None = None,
    stride: Any = 1,
    padding: Any = 0,
    **others: Any,
) -> Float[Tensor, "n filters _ _"]:
    """Return `F.conv2d` of these arguments, as a product of patches and weights.

    Other arguments, and strides or paddings that are no number, are left to torch.
    """
    if others or bias is not None or not isinstance(stride, int) or not isinstance(padding, int):
        return F.conv2d(x, weight, bias, stride, padding, **others)
    filters, _, height, width = weight.shape
    # Channels lie innermost, so that patches are copied in long runs.
    padded = F.pad(x.permute(0, 2, 3, 1), (0, 0, padding, padding, padding, padding))
    patches = padded.unfold(1, height, stride).unfold(2, width, stride).permute(0, 1, 2, 4, 5, 3)
    product = patches.flatten(3).flatten(0, 2) @ weight.permute(2, 3, 1, 0).reshape(-1, filters)
    return product.unflatten(0, patches.shape[:3]).permute(0, 3, 1, 2)


def batch_norm(
    x: Float[Tensor, "n channels height width"],
    mean: None,
    variance: None,
    weight: Float[Tensor, "channels"],
    bias: Float[Tensor, "channels"],
    training: bool,
    momentum: float = 0.1,
    eps: float = 1e-5,
) -> Float[Tensor, "n channels height width"]:
    """Return `F.batch_norm` of these arguments, with the statistics of the batch."""
    centered = x - x.mean((0, 2, 3), keepdim=True)
    scale = (centered.square().mean((0, 2, 3), keepdim=True) + eps).rsqrt()
    return centered * scale * weight.view(-1, 1, 1) + bias.view(-1, 1, 1)


WRITTEN_OUT: dict[Any, Any] = {F.conv2d: convolution, F.batch_norm: batch_norm}


class WrittenOut(TorchFunctionMode):
    """A context in which calls of torch's functions use those above."""

    def __torch_function__(
        self, function: Any, types: Any, args: Any = (), kwargs: Any = None
    ) -> Any:
        """Call a function, or its replacement."""
        return WRITTEN_OUT.get(function, function)(*args, **(kwargs or {}))
