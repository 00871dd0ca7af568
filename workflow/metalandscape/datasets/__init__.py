"""Datasets: from an archive, a download or a generator to one prepared file.

A module of this folder is a kind of dataset (`kind:` in the configuration). It defines

- `class Options(Strict)`: its configuration keys, with `kind: Literal["<module name>"]` first. The
  methods `archives()`, `classes(split)` and `instances()` of `DatasetOptions` are overridden where
  the answer is known before any file is read.
- `NAME`: a literal, its name on figures, for a dataset that is called like its kind.
- `prepare(options, folder, record)`: returns a `Dataset`; `folder` holds the archives, `record` is
  the path of a small file beside the prepared one that outlives it. A kind whose archive has no
  known checksum writes the archive's digest there at first use; the other kinds ignore it.
- `download(options, folder)`: only for `downloadable()` options; fetches them into `folder`.
- `restore(arrays, metadata)`: returns the `Dataset` of a prepared file, whose metadata name the
  kind as `kind`. Image datasets are `ImageDataset`s, and regression ones derive from
  `RegressionDataset`; both write such files and have a `restore` to call.

The module imports nothing slow at its top: the workflow imports it to validate the configuration.
"""

import json
import os
from pathlib import Path
from types import ModuleType
from typing import ClassVar, Protocol, runtime_checkable

import numpy as np
from pydantic import model_validator

from ..ground import plugins
from ..ground.damage import refused
from ..ground.errors import UserError
from ..ground.files import read_arrays
from ..ground.strict import Strict
from ._images import ImageDataset, network_inputs
from ._pixels import described, preprocess
from ._regression import RegressionDataset

__all__ = [
    "ARCHIVES",
    "Dataset",
    "DatasetOptions",
    "ImageDataset",
    "ImageOptions",
    "RegressionDataset",
    "described",
    "identity",
    "missing_archives",
    "network_inputs",
    "open_dataset",
    "preprocess",
]

ARCHIVES = "METALANDSCAPE_ARCHIVES"
"""The environment variable that names the folder of pre-staged archives."""

Split = str  # "train", "val" or "test"


class DatasetOptions(Strict):
    """What the workflow asks of a dataset's configuration before anything is prepared.

    Attributes:
        tasks: The kind of tasks, "classification" or "regression"; no key.
        kind: Which kind of data: the name of a module in `workflow/metalandscape/datasets` or in
            your folder of `plugins`.
    """

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

    def input_shape(self) -> tuple[int, ...] | None:
        """Return (channels, height, width) or (inputs,), or None if it isn't known yet."""
        return None

    def largest_way(self, split: Split) -> int | None:
        """Return how many classes a task of a split can have, or None if it isn't known yet."""
        return self.classes(split)


class ImageOptions(DatasetOptions):
    """The options of all kinds of image datasets.

    Attributes:
        rotations: Whether classes rotated by 90, 180 and 270 degrees are additional classes in
            meta-training.
        turned_together: Whether one task may contain two rotations of one class.
    """

    rotations: bool = False
    turned_together: bool = False

    @model_validator(mode="after")
    def _turned_only_with_rotations(self) -> "ImageOptions":
        if self.turned_together and not self.rotations:
            raise ValueError("turned_together needs rotations: true; set that or remove the key")
        return self

    def largest_way(self, split: Split) -> int | None:
        """Return how many classes a task can have; rotations count if one may contain several."""
        count = self.classes(split)
        apart = self.rotations and not self.turned_together and split == "train"
        return count // 4 if apart and count is not None else count


@runtime_checkable
class Dataset(Protocol):
    """Anything that tasks can be sampled from. All randomness comes from `rng`.

    Attributes:
        tasks: "classification" or "regression".
        input_shape: the shape of one input of a network: (channels, height, width) of images,
            (inputs,) of regression.
        output_size: the number of outputs of regression; None for classification, where it is the
            number of classes of a task.
        digest: the content's identity, a SHA-256 that is read from the prepared file.
    """

    tasks: str
    input_shape: tuple[int, ...]
    output_size: int | None
    digest: str

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
    """Open a prepared file, memory-mapped.

    Raises:
        UserError: it is no prepared file, a damaged one, or of a version that named no kind.
    """
    arrays, metadata = read_arrays(path)
    kind = metadata.get("kind")
    if kind not in plugins.names("datasets"):
        raise UserError(
            f"{path} names no kind of dataset that is known; delete it, so that it is prepared "
            "anew."
        )
    with refused(path):
        return plugins.load("datasets", kind).restore(arrays, metadata)


def identity(options: DatasetOptions, manifest: str | Path) -> str:
    """Return what changes when the content of a dataset's archives does."""
    from ._manifest import identity

    return identity(options, manifest)


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


def chosen(dataset: str) -> tuple[ModuleType, DatasetOptions]:
    """Return the module of a dataset's kind and the dataset's options, given as JSON."""
    kind = plugins.load("datasets", json.loads(dataset)["kind"])
    return kind, kind.Options.model_validate_json(dataset)
