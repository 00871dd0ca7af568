"""Fixed task lists, an artifact that all epochs of a run share. Needs no torch."""

from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np

from ..datasets import Dataset
from ..ground import randomness
from ..ground.damage import item, refused
from ..ground.files import check_belongs, read_arrays, write_arrays

Row = dict[str, Any]  # arrays, or numbers where a task has one of a kind, such as an amplitude
KIND = "task list"


class Wanted(NamedTuple):
    """The tasks that a metric wants of one split.

    Attributes:
        dataset: where they come from.
        shape: their way, shot and targets.
        number: how many.
    """

    dataset: Dataset
    shape: Mapping[str, int]
    number: int


def save(path: str | Path, wanted: Mapping[str, Wanted], run: str, seed: int, metric: str) -> None:
    """Write the task list of a metric.

    The tasks depend on the seed, the split, the dataset and the shape of a task only: runs that
    share them are compared on the same tasks, and a metric with fewer tasks uses the first of them.

    Args:
        path: the file.
        wanted: by split.
        run: the run's name.
        seed: the run's seed.
        metric: the metric's name.
    """
    arrays: dict[str, np.ndarray] = {}
    for split, (dataset, shape, count) in wanted.items():
        if count:
            rng = randomness.generator(seed, "metric tasks", split)
            sampled = dataset.sample(rng, split, count, **shape)
            arrays |= {f"{split}.{name}": array for name, array in sampled.items()}
    counts = {split: count for split, (_, _, count) in wanted.items()}
    write_arrays(path, arrays, kind=KIND, run=run, seed=seed, metric=metric, counts=counts)


def check(path: str | Path, run: str, seed: int, metric: str) -> None:
    """Refuse the list of another run, seed or metric, and a damaged one.

    Raises:
        UserError: the sentence names the file, and what it belongs to.
    """
    _, metadata = read_arrays(path)
    check_belongs(path, metadata, kind=KIND, run=run, seed=seed, metric=metric)
    with refused(path):
        known = item(metadata, "counts", dict)
        for split in known:
            item(known, split, int)


def read(path: str | Path, split: str) -> Iterator[Row]:
    """Return the rows of a split, as `Dataset.materialise` takes them."""
    arrays, metadata = read_arrays(path)
    prefix = f"{split}."
    own = {k.removeprefix(prefix): v for k, v in arrays.items() if k.startswith(prefix)}
    return rows(own, metadata["counts"].get(split, 0))


def counts(path: str | Path) -> dict[str, int]:
    """Return the number of tasks by split."""
    return read_arrays(path)[1]["counts"]


def rows(arrays: Mapping[str, np.ndarray], count: int) -> Iterator[Row]:
    """Yield the rows of the arrays that `Dataset.sample` returns."""
    for index in range(count):
        yield {name: array[index] for name, array in arrays.items()}
