"""What TF32 does to a meta-gradient: factors of all products rounded to its 10 bits, on a CPU.

    PYTHONPATH=workflow python benchmarks/rounding.py

Matrix units may sum in another order and precision than float32 sums here; no GPU has been asked.
"""

from dataclasses import replace
from typing import Any

import torch
from torch import Tensor
from torch.utils._python_dispatch import TorchDispatchMode
from work import META_ITERATIONS, Work

from metalandscape.engines.vectorized import Engine

FACTORS = {"mm": (0, 1), "bmm": (0, 1), "addmm": (1, 2), "baddbmm": (1, 2)}
BITS = 13  # of float32's 23 that TF32 lacks
WORKS = (
    "Omniglot 5w1s, 16 tasks, T=5, second-order",
    "32x32x3, 48 filters, 4 tasks, T=5, second-order",
)


def rounded(x: Tensor) -> Tensor:
    """Return x with 10 bits of mantissa, to the nearest."""
    bits = x.contiguous().view(torch.int32) + (1 << (BITS - 1))
    return (bits & (-1 << BITS)).view(torch.float32)


class Rounded(TorchDispatchMode):
    """Inside of it, products have rounded factors."""

    def __torch_dispatch__(
        self, function: Any, types: Any, args: Any = (), kwargs: Any = None
    ) -> Any:
        """Call a function."""
        if places := FACTORS.get(function.overloadpacket.__name__):
            args = [rounded(a) if i in places else a for i, a in enumerate(args)]
        return function(*args, **(kwargs or {}))


def gradient(work: Work) -> Tensor:
    """Return the meta-gradient of the work's first four tasks."""
    inner = (work.steps, work.rate, work.second_order)
    return Engine(work.built()).meta_gradient(work.theta(), work.batch()[:4], *inner).gradient


def main() -> None:
    """Print relative errors against double precision."""
    for name in WORKS:
        work = META_ITERATIONS[name]
        exact, single = gradient(replace(work, dtype=torch.float64)), gradient(work)
        with Rounded():
            coarse = gradient(work)
        errors = [((g - exact).norm() / exact.norm()).item() for g in (single, coarse)]
        print(f"{name}: float32 {errors[0]:.1e}, TF32 {errors[1]:.1e}")


if __name__ == "__main__":
    main()
