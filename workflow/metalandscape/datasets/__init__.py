"""Datasets: from an archive, a download or a generator to one prepared file.

A module of this folder is a kind of dataset (`kind:` in the configuration). It defines

- `class Options(Strict)`: its configuration keys, with `kind: Literal["<module name>"]` first. The
  methods `archives()`, `classes(split)` and `instances()` of `DatasetOptions` are overridden where
  the answer is known before any file is read.
- `NAME`: a literal, its name on figures, for a dataset that is called like its kind.
- `prepare(options, folder, record)`: returns a `Dataset`; `folder` holds the archives, `record` is
  the path of a small file beside the prepared one that outlives it. A kind whose archive nobody can
  vouch for writes the archive's digest there at first use; the other kinds ignore it.
- `download(options, folder)`: only for `downloadable()` options; fetches them into `folder`.

It imports nothing heavy at its top: the workflow imports it to validate the configuration.
"""

import os
from pathlib import Path
from typing import ClassVar, Protocol

import numpy as np

from ..ground.files import read_arrays
from ..ground.strict import Strict

ARCHIVES = "METALANDSCAPE_ARCHIVES"
"""The environment variable that names the folder of pre-staged archives."""

Split = str  # "train", "val" or "test"


class DatasetOptions(Strict):
    """What the workflow asks of a dataset's configuration before anything is prepared."""

    tasks: ClassVar[str] = "classification"
    kind: str

    def archives(self) -> list[str]:
        """Return the names of the files or folders that must lie in the archive folder."""
        return []

    def downloadable(self) -> bool:
        """Return whether the archives can be fetched where they aren't staged."""
        return False

    def classes(self, split: Split) -> int | None:
        """Return the number of classes to sample tasks from, or None if it isn't known yet."""
        return None

    def instances(self) -> int | None:
        """Return the number of instances of the smallest class, or None if it isn't known yet."""
        return None


class Dataset(Protocol):
    """Anything that tasks can be sampled from. All randomness comes from `rng`."""

    def save(self, path: Path) -> None:
        """Write the prepared file."""

    def sample(
        self, rng: np.random.Generator, split: Split, tasks: int, way: int, shot: int, targets: int
    ) -> dict[str, np.ndarray]:
        """Return a task list: arrays whose first axis is the task.

        The first n tasks of a longer list are the list of n tasks.
        """

    def materialise(self, task: dict[str, np.ndarray], shot: int) -> tuple[np.ndarray, ...]:
        """Return `support_x, support_y, target_x, target_y` of one row of a task list."""


def open_dataset(path: str | Path) -> Dataset:
    """Open a prepared file, memory-mapped."""
    from ._images import ImageDataset
    from ._regression import SineDataset

    arrays, metadata = read_arrays(path)
    family = {"images": ImageDataset, "sine": SineDataset}[metadata.pop("family")]
    return family(**arrays, **metadata)


def missing_archives(options: DatasetOptions) -> str | None:
    """Return a sentence about archives that can neither be found nor downloaded, or None."""
    from ._archives import find

    staged = os.environ.get(ARCHIVES)
    absent = [name for name in options.archives() if find(Path(staged or "."), name) is None]
    names = ", ".join(absent)
    if absent and staged:
        return f"{names} not found in {staged}, the folder of archives"
    if absent and not options.downloadable():
        return f"{names} cannot be downloaded; put it in a folder and name that in {ARCHIVES}"
    return None
