"""Fixed task lists, an artefact that all epochs of a run share. Needs no torch."""

from collections.abc import Iterator
from pathlib import Path

import numpy as np

from ..datasets import Dataset
from ..ground import randomness
from ..ground.files import read_arrays, write_arrays

Row = dict[str, np.ndarray]


def save(
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
            sampled = dataset.sample(rng, split, count, **shape)
            arrays |= {f"{split}.{name}": array for name, array in sampled.items()}
    write_arrays(path, arrays, counts=counts)


def read(path: str | Path, split: str) -> Iterator[Row]:
    """Return the rows of a split, as `Dataset.materialise` takes them."""
    arrays, metadata = read_arrays(path)
    prefix = f"{split}."
    own = {k.removeprefix(prefix): v for k, v in arrays.items() if k.startswith(prefix)}
    return rows(own, metadata["counts"].get(split, 0))


def rows(arrays: dict[str, np.ndarray], count: int) -> Iterator[Row]:
    """Yield the rows of the arrays that `Dataset.sample` returns."""
    for index in range(count):
        yield {name: array[index] for name, array in arrays.items()}
