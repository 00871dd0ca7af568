"""Tasks as tensors: the fixed ones of a list, and fresh ones for meta-training."""

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import torch

from ..datasets import Dataset
from ..ground import randomness
from ..ground.damage import refused
from ..settings.run import Run
from . import lists
from .task import Task


@dataclass(frozen=True)
class Tasks:
    """What metrics are measured on.

    Attributes:
        of: returns the tasks of a split; may be called more than once, and gives the same.
        seed: of the run, for random choices of a metric's own.
        dataset: where the tasks come from, for metrics over all images; None where there is none.
    """

    of: Callable[[str], Iterable[Task]]
    seed: int = 0
    dataset: Dataset | None = None

    @classmethod
    def given(cls, tasks: Sequence[Task], split: str = "test", seed: int = 0) -> "Tasks":
        """Return tasks that are at hand; other splits than theirs are empty."""
        return cls(lambda which: tasks if which == split else (), seed)

    @classmethod
    def listed(
        cls, path: str | Path, datasets: Mapping[str, Dataset], shots: Mapping[str, int], seed: int
    ) -> "Tasks":
        """Return the tasks of a list written by `lists.save`.

        Args:
            path: the list.
            datasets: the dataset of each split.
            shots: the shot of each split's tasks.
            seed: of the run.
        """

        def of(split: str) -> Iterator[Task]:
            with refused(path):
                for row in lists.read(path, split):
                    yield task_of(datasets[split], row, shots[split])

        return cls(of, seed, datasets["test"])


def sample(dataset: Dataset, run: Run, seed: int, iteration: int) -> list[Task]:
    """Return the meta-train tasks of one meta-iteration (counted from 0 over all epochs)."""
    rng = randomness.generator(seed, "meta-training tasks", iteration)
    sampled = dataset.sample(rng, "train", run.batch_size, **run.shape())
    return [task_of(dataset, row, run.shot) for row in lists.rows(sampled, run.batch_size)]


def task_of(dataset: Dataset, row: lists.Row, shot: int) -> Task:
    """Return the task of one row of a task list."""
    return Task(*map(torch.from_numpy, dataset.materialise(row, shot)))
