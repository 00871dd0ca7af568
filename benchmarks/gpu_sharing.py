"""How much several jobs that share one GPU compute together, with and without NVIDIA's MPS.

    PYTHONPATH=workflow python benchmarks/gpu_sharing.py [--jobs 1 4 16] [--seconds 4] [--mps]

Each job is a process of its own, as in the workflow, and computes meta-iterations of the paper's
settings, all at the same time. With `--mps` MPS's control daemon has to run (docs/cluster.md). Rows
are added to results/sharing_gpu.csv.
"""

import argparse
import csv
import multiprocessing
import time
from dataclasses import replace
from multiprocessing.synchronize import Barrier
from pathlib import Path

import torch
from work import META_ITERATIONS, Work

from metalandscape.engines import Choice

FILE = Path(__file__).parent / "results/sharing_gpu.csv"
SLOWER, FASTER = "Omniglot 20w1s, 16 tasks, T=5", "Omniglot 5w1s, 16 tasks, T=1"
WORKS = {
    SLOWER: META_ITERATIONS[f"{SLOWER}, second-order"],
    FASTER: replace(META_ITERATIONS["Omniglot 5w1s, 16 tasks, T=5, second-order"], steps=1),
}
WARM_UP = 3  # iterations, the first of which prepares libraries
COLUMNS = ["work", "engine", "mps", "jobs", "iterations a second", "peak MiB of a job"]


def rate(work: Work, engine: str, seconds: float, together: Barrier) -> float:
    """Return a job's meta-iterations a second, from when all that share the GPU are ready."""
    computing = Choice(engine, device="cuda", tasks_at_once=16).of(work.built())
    theta, batch = work.theta(), work.batch()
    inner = (work.steps, work.rate, work.second_order)
    for _ in range(WARM_UP):
        computing.meta_gradient(theta, batch, *inner)
    torch.cuda.reset_peak_memory_stats()
    together.wait()
    started, done = time.perf_counter(), 0
    while (elapsed := time.perf_counter() - started) < seconds:
        computing.meta_gradient(theta, batch, *inner)  # ends with a copy to the CPU
        done += 1
    return done / elapsed


def job(
    index: int,
    rounds: list[tuple[str, str, int]],
    seconds: float,
    barriers: list[Barrier],
    answers: multiprocessing.Queue,
) -> None:
    """Take part in the rounds that have at least as many jobs."""
    torch.set_num_threads(1)
    for turn, ((work, engine, jobs), (before, together)) in enumerate(
        zip(rounds, barriers, strict=True)
    ):
        before.wait()  # until the round before is over
        if index < jobs:
            found = rate(WORKS[work], engine, seconds, together)
            answers.put((turn, found, torch.cuda.max_memory_allocated() / 2**20))
            torch.cuda.empty_cache()


def main() -> None:
    """Measure, print and write rows."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--jobs", type=int, nargs="+", default=[1, 4, 16])
    parser.add_argument("--seconds", type=float, default=4)
    parser.add_argument("--mps", action="store_true", help="say that MPS runs")
    asked = parser.parse_args()
    rounds = [(work, "vectorized", jobs) for work in WORKS for jobs in asked.jobs]
    rounds += [] if asked.mps else [(work, "reference", 1) for work in WORKS]
    context, most = multiprocessing.get_context("spawn"), max(asked.jobs)
    barriers = [(context.Barrier(most), context.Barrier(jobs)) for _, _, jobs in rounds]
    answers = context.Queue()
    started = [
        context.Process(target=job, args=(i, rounds, asked.seconds, barriers, answers))
        for i in range(most)
    ]
    for process in started:
        process.start()
    found = [answers.get(timeout=300) for _ in range(sum(jobs for *_, jobs in rounds))]
    for process in started:
        process.join()
    rows = []
    for turn, (work, engine, jobs) in enumerate(rounds):
        own = [(speed, memory) for at, speed, memory in found if at == turn]
        total, peak = sum(speed for speed, _ in own), max(memory for _, memory in own)
        rows.append([work, engine, asked.mps, jobs, f"{total:.2f}", f"{peak:.0f}"])
        print(*rows[-1], sep=", ", flush=True)
    new = not FILE.exists()
    with FILE.open("a", newline="") as file:
        writer = csv.writer(file, lineterminator="\n")
        writer.writerows([COLUMNS, *rows] if new else rows)


if __name__ == "__main__":
    main()
