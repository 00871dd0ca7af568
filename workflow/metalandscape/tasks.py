"""Task lists: fixed lists for the metrics, fresh ones for meta-training."""

from collections.abc import Iterator
from pathlib import Path

import torch

from . import randomness
from .adaptation import Task
from .config import Run
from .datasets import Dataset
from .files import read_arrays, write_arrays


def save_fixed(
    path: str | Path, dataset: Dataset, shape: dict[str, int], seed: int, counts: dict[str, int]
) -> None:
    """Write the task list of a metric: `counts[split]` tasks of each split.

    The list depends on the seed, the split and the `shape` of a task only (its way, shot and
    targets): runs that share them are compared on the same tasks, and a metric with fewer tasks
    uses the first of them.
    """
    arrays = {}
    for split, count in counts.items():
        if count:
            rng = randomness.generator(seed, "metric tasks", split)
            rows = dataset.sample(rng, split, count, **shape)
            arrays |= {f"{split}.{name}": array for name, array in rows.items()}
    write_arrays(path, arrays, counts=counts)


def read_fixed(path: str | Path, dataset: Dataset, run: Run, split: str) -> Iterator[Task]:
    """Yield the tasks of a split from a list written by `save_fixed`."""
    arrays, metadata = read_arrays(path)
    prefix = f"{split}."
    rows = {k.removeprefix(prefix): v for k, v in arrays.items() if k.startswith(prefix)}
    for index in range(metadata["counts"].get(split, 0)):
        yield _task(dataset, {name: array[index] for name, array in rows.items()}, run)


def sample(dataset: Dataset, run: Run, seed: int, iteration: int) -> list[Task]:
    """Return the meta-train tasks of one meta-iteration (counted from 0 over all epochs)."""
    rng = randomness.generator(seed, "meta-training tasks", iteration)
    rows = dataset.sample(rng, "train", run.batch_size, **run.shape())
    return [
        _task(dataset, {name: array[index] for name, array in rows.items()}, run)
        for index in range(run.batch_size)
    ]


def _task(dataset: Dataset, row: dict, run: Run) -> Task:
    return Task(*map(torch.from_numpy, dataset.materialise(row, run.shot)))
