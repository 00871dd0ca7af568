"""One task as tensors."""

from typing import NamedTuple

from torch import Tensor


class Task(NamedTuple):
    """One task: the network adapts on the support set and is judged on the target set.

    Images are [n, channels, height, width] with labels int64 [n]; regression has [n, inputs] and
    [n, outputs].
    """

    support_x: Tensor
    support_y: Tensor
    target_x: Tensor
    target_y: Tensor
