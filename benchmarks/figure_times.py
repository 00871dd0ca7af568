"""Minutes that each figure takes from nothing, computed from the jobs' own CPU times.

After `snakemake` has drawn all figures of a configuration:

    PYTHONPATH=workflow python benchmarks/figure_times.py [CONFIG]

A figure's jobs are its runs' blocks of training, each after the one before, and its metric jobs,
each after the training of its run. They are given to 2 and to 8 cores in the order in which they
become ready, training first, as the workflow does. Jobs without a benchmark file (task lists,
tables, drawing) count with the seconds below.
"""

import heapq
import sys
from collections.abc import Iterator, Sequence
from pathlib import Path

import pandas as pd
import yaml

from metalandscape.ground import plugins
from metalandscape.settings import config
from metalandscape.settings.plan import Plan

CORES = (2, 8)
# Sampling tasks, joining tables and drawing start Python for some seconds, too.
TASK_LIST, TABLE, DRAWING = 0.6, 0.9, 4.0

Job = tuple[str, float, list[str]]  # name, seconds, names of the jobs before it


def seconds(path: Path) -> float:
    """Return the CPU time of a job."""
    return float(pd.read_csv(path, sep="\t")["cpu_time"].iloc[0])


def jobs_of(plan: Plan, figures: list[str]) -> list[Job]:
    """Return the jobs of some figures, each once, in an order in which they can run."""
    jobs: dict[str, Job] = {}
    for figure in figures:
        metrics = plugins.declared("figures", figure, "METRICS")
        for run in plan.settings.figures[figure]:
            for seed in plan.settings.runs[run].seeds:
                jobs |= {job[0]: job for job in jobs_of_seed(plan, run, seed, metrics)}
            for metric in metrics:
                jobs[f"{metric} {run}"] = (f"{metric} {run}", TABLE, [])
        jobs[figure] = (figure, DRAWING, [])
    return list(jobs.values())


def jobs_of_seed(plan: Plan, run: str, seed: int, metrics: Sequence[str]) -> Iterator[Job]:
    """Yield the jobs that train a run with a seed, and those that measure it."""
    folder, before = Path(plan.benchmarks), []
    for first, last in plan.settings.runs[run].blocks():
        path = folder / "train" / run / f"seed{seed}" / f"epochs{first}-{last}.tsv"
        yield str(path), seconds(path), before
        before = [str(path)]
    for metric in metrics:
        for epochs in plan.epochs_of_jobs(run):
            path = folder / "measure" / metric / run / f"seed{seed}" / f"epochs{epochs}.tsv"
            yield str(path), seconds(path) + TASK_LIST, before


def makespan(jobs: list[Job], cores: int) -> float:
    """Return the seconds that list scheduling takes."""
    done_at: dict[str, float] = {}
    free = [0.0] * cores
    waiting = list(jobs)
    while waiting:
        now = heapq.heappop(free)
        ready = [j for j in waiting if all(done_at.get(b, float("inf")) <= now for b in j[2])]
        if not ready:
            later = [t for t in done_at.values() if t > now]
            heapq.heappush(free, min(later))
            continue
        chosen = min(ready, key=lambda j: "/train/" not in j[0])
        waiting.remove(chosen)
        done_at[chosen[0]] = now + chosen[1]
        heapq.heappush(free, now + chosen[1])
    return max(done_at.values())


def main() -> None:
    """Print a table."""
    path = sys.argv[1] if len(sys.argv) > 1 else "config.yaml"
    plan = Plan(config.load(yaml.safe_load(Path(path).read_text())))
    shown = plan.settings.figures
    print("| figure | jobs |", " | ".join(f"minutes on {n} cores" for n in CORES), "|")
    print("|---|---|" + "---|" * len(CORES))
    for name, figures in [*((f, [f]) for f in shown), ("all", list(shown))]:
        jobs = jobs_of(plan, figures)
        times = " | ".join(f"{makespan(jobs, n) / 60:.1f}" for n in CORES)
        print(f"| {name} | {len(jobs)} | {times} |")
    files = Path(plan.benchmarks).rglob("*.tsv")
    memory = max(pd.read_csv(f, sep="\t")["max_rss"].max() for f in files)
    print(f"\nLargest memory of a job: {memory:.0f} MB.")


if __name__ == "__main__":
    main()
