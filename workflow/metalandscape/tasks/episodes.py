"""Tasks as tensors: the fixed ones of a list, and fresh ones for meta-training."""

from collections.abc import Iterator
from pathlib import Path

import torch

from ..datasets import Dataset
from ..ground import randomness
from ..settings.config import Run
from . import lists as tasklists
from .task import Task


def read_fixed(path: str | Path, dataset: Dataset, run: Run, split: str) -> Iterator[Task]:
    """Yield the tasks of a split from a list written by `tasklists.save`."""
    for row in tasklists.read(path, split):
        yield _task(dataset, row, run)


def sample(dataset: Dataset, run: Run, seed: int, iteration: int) -> list[Task]:
    """Return the meta-train tasks of one meta-iteration (counted from 0 over all epochs)."""
    rng = randomness.generator(seed, "meta-training tasks", iteration)
    sampled = dataset.sample(rng, "train", run.batch_size, **run.shape())
    return [_task(dataset, row, run) for row in tasklists.rows(sampled, run.batch_size)]


def _task(dataset: Dataset, row: tasklists.Row, run: Run) -> Task:
    return Task(*map(torch.from_numpy, dataset.materialise(row, run.shot)))
