"""What `threads` gains: the plain loop on ResNet-12, one task a thread.

    PYTHONPATH=workflow python benchmarks/threads.py [THREADS]

Numbers of threads take turns; the machine should be idle. It stops if their bytes differ.
"""

import os
import statistics
import sys
import time
from collections.abc import Callable

os.environ["OMP_NUM_THREADS"] = "1"

import torch
from torch import Tensor
from work import RESNET12

from metalandscape.engines import Choice

ROUNDS = 5


def iteration(threads: int) -> Callable[[], Tensor]:
    """Return what is timed."""
    work = RESNET12
    engine = Choice("reference", None, threads).of(work.built())
    theta, batch = work.theta(), work.batch()
    inner = (work.steps, work.rate, work.second_order)
    return lambda: engine.meta_gradient(theta, batch, *inner).gradient


def main() -> None:
    """Print medians of seconds, and their ratio."""
    most = int(sys.argv[1]) if len(sys.argv) > 1 else os.cpu_count() or 1
    works = {threads: iteration(threads) for threads in (1, most)}
    seconds: dict[int, list[float]] = {threads: [] for threads in works}
    first = works[1]()
    for _ in range(ROUNDS):
        for threads, work in works.items():
            started = time.perf_counter()
            if not torch.equal(work(), first):
                raise SystemExit(f"{threads} threads: other bytes than one thread")
            seconds[threads].append(time.perf_counter() - started)
    medians = {threads: statistics.median(each) for threads, each in seconds.items()}
    for threads, median in medians.items():
        ratio = medians[1] / median
        print(f"{threads} threads: {median:.2f} s, {ratio:.2f} times as fast as one")


if __name__ == "__main__":
    main()
