"""Image datasets in memory: one uint8 array, sorted by class."""

import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, ClassVar

import numpy as np

from ..ground.errors import UserError
from ..ground.files import write_arrays


def network_inputs(pixels: np.ndarray) -> np.ndarray:
    """Return what networks get of images uint8 [n, height, width, channels].

    Returns:
        float32 [n, channels, height, width] in [0, 1].
    """
    return pixels.transpose(0, 3, 1, 2).astype(np.float32) / np.float32(255)


@dataclass(frozen=True)
class ImageDataset:
    """Images of labelled classes, each class in one split.

    Attributes:
        pixels: uint8 [images, height, width, channels], the images of a class contiguous.
        first: int64 [classes + 1], class c owns `pixels[first[c]:first[c + 1]]`.
        names: the classes' names.
        splits: the classes' splits, "train", "val" or "test".
        rotations: whether meta-training also uses each class rotated by 90, 180 and 270 degrees as
            three more classes (Santoro et al. 2016; Finn et al. 2017).
        turned_together: whether one task may contain two rotations of one class. By default the
            classes of a task are distinct and each is turned at random, as in Finn et al.'s code.
        preprocessing: what was applied to the images, see `preprocess`.
        kind: the name of the module that opens the prepared file.
        stored_digest: the digest if it is known.
    """

    tasks: ClassVar[str] = "classification"
    output_size: ClassVar[None] = None  # the number of classes is a choice of the task

    pixels: np.ndarray
    first: np.ndarray
    names: list[str]
    splits: list[str]
    rotations: bool = False
    turned_together: bool = False
    preprocessing: dict[str, Any] = field(default_factory=dict)
    kind: str = "image_folder"
    stored_digest: str | None = None

    @classmethod
    def from_classes(
        cls,
        classes: Mapping[str, Sequence[np.ndarray] | np.ndarray],
        splits: Mapping[str, str],
        rotations: bool,
        **described: Any,
    ) -> "ImageDataset":
        """Build a dataset from images by class name.

        Classes are sorted by name and the images of a class by their pixels, so that the same
        images make the same file in whatever order or container they came.

        Args:
            classes: uint8 images [height, width, channels] of one shape, by class name.
            splits: the split of every class that is to be kept.
            rotations: whether meta-training also uses turned classes.
            described: further attributes by name.
        """
        names = sorted(splits)
        first = np.cumsum([0, *(len(classes[name]) for name in names)], dtype=np.int64)
        pixels = np.empty((first[-1], *np.shape(classes[names[0]][0])), np.uint8)
        for name, start in zip(names, first, strict=False):
            for offset, image in enumerate(sorted(classes[name], key=lambda x: x.tobytes())):
                pixels[start + offset] = image
        of = [splits[name] for name in names]
        return cls(pixels, first, names, of, rotations, **described)

    def refuse_alike(self, where: Path) -> None:
        """Refuse classes whose images are all alike: something went wrong before they came here.

        Raises:
            UserError: the images of a class of several, or of all classes, are equal.
        """
        # The images of a class are sorted, so that they are alike if the first and last are.
        firsts, lasts = self.pixels[self.first[:-1]], self.pixels[self.first[1:] - 1]
        alike = (firsts == lasts).all((1, 2, 3))
        if alike.all() and (firsts == firsts[0]).all():
            raise UserError(f"{where}: all images are alike; check what they show.")
        same = [self.names[c] for c in np.flatnonzero(alike & (np.diff(self.first) > 1))]
        if same:
            raise UserError(
                f"{where}: the images of class {same[0]!r} are all alike ({len(same)} such classes)"
                "; check what they show."
            )

    def save(self, path: Path) -> None:
        """Write the prepared file."""
        write_arrays(
            path,
            {"pixels": self.pixels, "first": self.first},
            kind=self.kind,
            digest=self.digest,
            names=self.names,
            splits=self.splits,
            rotations=self.rotations,
            turned_together=self.turned_together,
            preprocessing=self.preprocessing,
        )

    @classmethod
    def restore(
        cls, arrays: Mapping[str, np.ndarray], metadata: Mapping[str, Any]
    ) -> "ImageDataset":
        """Return the dataset of a prepared file.

        Raises:
            ValueError: its parts don't fit together.
        """
        known = {name: value for name, value in metadata.items() if name != "digest"}
        fields: dict[str, Any] = {**arrays, **known}
        dataset = cls(**fields, stored_digest=metadata["digest"])
        if not dataset._is_sound():
            raise ValueError("its classes and images do not fit together")
        return dataset

    def _is_sound(self) -> bool:
        """Return whether the parts fit together, which they don't in a damaged file."""
        texts = [self.kind, self.stored_digest, *self.names, *self.splits]
        return bool(
            all(type(text) is str for text in texts)
            and {type(self.rotations), type(self.turned_together)} == {bool}
            and type(self.preprocessing) is dict
            and self.pixels.dtype == np.uint8
            and self.pixels.ndim == 4
            and self.first.dtype == np.int64
            and self.first.shape == (len(self.names) + 1,) == (len(self.splits) + 1,)
            and (self.first[0], self.first[-1]) == (0, len(self.pixels))
            and (np.diff(self.first) > 0).all()
        )

    @property
    def digest(self) -> str:
        """The SHA-256 over names, splits, class sizes and pixels: the content's identity."""
        return self.stored_digest or self._digest()

    def _digest(self) -> str:
        sha = hashlib.sha256()
        for name, split, first, last in zip(
            self.names, self.splits, self.first[:-1], self.first[1:], strict=True
        ):
            sha.update(f"{name}\0{split}\0{last - first}\0".encode())
            sha.update(np.ascontiguousarray(self.pixels[first:last]).data)
        return sha.hexdigest()

    @property
    def image_shape(self) -> tuple[int, int, int]:
        """Height, width, channels."""
        return self.pixels.shape[1:]

    @property
    def input_shape(self) -> tuple[int, int, int]:
        """Channels, height, width: the shape of one image that a network gets."""
        height, width, channels = self.image_shape
        return channels, height, width

    def classes(self, split: str) -> np.ndarray:
        """Return int64 [n, 2]: class and number of quarter turns, of the classes of a split."""
        own = np.flatnonzero(np.array(self.splits) == split)
        turns = np.arange(4 if self.rotations and split == "train" else 1)
        return np.stack(np.meshgrid(own, turns, indexing="ij"), -1).reshape(-1, 2)

    def images(self, index: np.ndarray, turns: int = 0) -> np.ndarray:
        """Return float32 [n, channels, height, width] in [0, 1], turned by `turns` quarters."""
        return network_inputs(np.rot90(self.pixels[index], turns, axes=(1, 2)))

    def sample(
        self, rng: np.random.Generator, split: str, tasks: int, way: int, shot: int, targets: int
    ) -> dict[str, np.ndarray]:
        """Return a task list: `images` [tasks, way, shot + targets] and `turns` [tasks, way]."""
        pool = self.classes(split)
        apart = self.rotations and not self.turned_together and split == "train"
        if apart:
            pool = pool[pool[:, 1] == 0]
        if way > len(pool):
            raise UserError(f"way: {way} classes asked of the {len(pool)} of split {split!r}.")
        images = np.empty((tasks, way, shot + targets), np.int64)
        turns = np.empty((tasks, way), np.int64)
        for task in range(tasks):
            chosen = pool[rng.choice(len(pool), way, replace=False)]
            turns[task] = rng.integers(4, size=way) if apart else chosen[:, 1]
            for label, c in enumerate(chosen[:, 0]):
                images[task, label] = self._draw(rng, c, shot + targets)
        return {"images": images, "turns": turns}

    def _draw(self, rng: np.random.Generator, c: int, need: int) -> np.ndarray:
        """Return the indices of `need` images of class c."""
        size = int(self.first[c + 1] - self.first[c])
        if need > size:
            raise UserError(
                f"shot + targets: {need} images asked of class {self.names[c]!r}, which has {size}."
            )
        return self.first[c] + rng.choice(size, need, replace=False)

    def materialise(self, task: Mapping[str, np.ndarray], shot: int) -> tuple[np.ndarray, ...]:
        """Return `support_x, support_y, target_x, target_y` of one row of a task list.

        Images are float32 [n, channels, height, width] ordered by class; labels int64 [n].
        """
        x = np.stack(
            [self.images(i, int(t)) for i, t in zip(task["images"], task["turns"], strict=True)]
        )
        y = np.repeat(np.arange(len(x)), x.shape[1]).reshape(x.shape[:2])
        support, target = slice(None, shot), slice(shot, None)
        return tuple(
            np.ascontiguousarray(a[:, part].reshape(-1, *a.shape[2:]))
            for part in (support, target)
            for a in (x, y)
        )
