"""Settings of a GPU before it computes, and how many tasks its memory holds."""

import os
from collections.abc import Callable

import torch

SHARE = 0.8  # of free memory that is filled: a computation's need is measured once


def prepare(device: str, precision: str) -> None:
    """Let a GPU compute in a fixed order, and products of float32 in a precision.

    Args:
        device: "cuda"; a CPU needs nothing.
        precision: "float32", or "tf32" with the 10 bits of TF32 in factors.
    """
    if device != "cuda":
        return
    # Unless forbidden, sums on a GPU are taken in an order that changes from call to call.
    os.environ.setdefault("CUBLAS_WORKSPACE_CONFIG", ":4096:8")
    torch.use_deterministic_algorithms(True)
    # Filling would launch a kernel for each tensor, whose memory is overwritten anyway.
    torch.utils.deterministic.fill_uninitialized_memory = False  # type: ignore[attr-defined]
    torch.backends.cuda.matmul.allow_tf32 = precision == "tf32"
    torch.backends.cudnn.allow_tf32 = precision == "tf32"


def fitting(one: Callable[[], object]) -> int:
    """Return how many times the memory that `one` takes fits, rounded down to a power of two.

    The rounding keeps the number, on which last digits may depend, the same in most runs.
    """
    torch.cuda.reset_peak_memory_stats()
    before = torch.cuda.memory_allocated()
    one()
    taken = torch.cuda.max_memory_allocated() - before
    # Memory that torch has reserved and does not use is free, too.
    unused = torch.cuda.memory_reserved() - torch.cuda.memory_allocated()
    free = torch.cuda.mem_get_info()[0] + unused
    fit = max(1, int(SHARE * free) // max(1, taken))
    return 1 << (fit.bit_length() - 1)
