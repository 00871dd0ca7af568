"""What TF32 does to a meta-gradient: factors of all products rounded to its 10 bits, on a CPU.

    PYTHONPATH=workflow python benchmarks/rounding.py [RESULTS]

RESULTS, the results folder of a finished run of the embedded default, adds gradients of its
networks on its letters, before and after meta-training. Matrix units may sum in another order and
precision than float32 sums here; no GPU has been asked.
"""

import sys
from collections.abc import Callable
from dataclasses import replace
from typing import Any

import torch
from torch import Tensor
from torch.utils._python_dispatch import TorchDispatchMode
from work import META_ITERATIONS, Work

import metalandscape
from metalandscape.engines.vectorized import Engine
from metalandscape.tasks.task import Task

FACTORS = {"mm": (0, 1), "bmm": (0, 1), "addmm": (1, 2), "baddbmm": (1, 2)}
BITS = 13  # of float32's 23 that TF32 lacks
WORKS = (
    "Omniglot 5w1s, 16 tasks, T=5, second-order",
    "32x32x3, 48 filters, 4 tasks, T=5, second-order",
)
LETTERS = {
    "few_5w1s_maml": "few_letters",
    "grey_5w1s_maml": "grey_letters",
    "colour_5w1s_maml": "colour_letters",
}


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


def errors(of: Callable[[torch.dtype], Tensor]) -> str:
    """Return the relative errors of a gradient, given by its precision, in words."""
    exact, single = of(torch.float64), of(torch.float32)
    with Rounded():
        coarse = of(torch.float32)
    found = [((g - exact).norm() / exact.norm()).item() for g in (single, coarse)]
    return f"float32 {found[0]:.1e}, TF32 {found[1]:.1e}"


def on_letters(results: str, run: str, dataset: str, epoch: int) -> None:
    """Print the errors of a run's gradients at a checkpoint of its first seed, on four tasks."""
    data = metalandscape.open_dataset(f"{results}/data/{dataset}.safetensors")
    path = f"{results}/checkpoints/{run}/seed0/epoch{epoch}.safetensors"
    learner = metalandscape.load(path)
    tasks = metalandscape.sample_tasks(data, 4, way=5, shot=1, targets=5)
    engine, theta = Engine(learner.network), learner.start(tasks[0])

    def at(steps: int, dtype: torch.dtype) -> Tensor:
        cast = [
            Task(t.support_x.to(dtype), t.support_y, t.target_x.to(dtype), t.target_y)
            for t in tasks
        ]
        return engine.meta_gradient(theta.to(dtype), cast, steps, learner.rates, True).gradient

    for steps in (0, learner.steps):
        print(f"{run}, epoch {epoch}, T={steps}: {errors(lambda dtype, t=steps: at(t, dtype))}")


def main() -> None:
    """Print relative errors against double precision."""
    for name in WORKS:
        work = META_ITERATIONS[name]
        print(f"{name}: {errors(lambda dtype, w=work: gradient(replace(w, dtype=dtype)))}")
    for results in sys.argv[1:]:
        for run, dataset in LETTERS.items():
            for epoch in (0, 10):
                on_letters(results, run, dataset, epoch)


if __name__ == "__main__":
    main()
