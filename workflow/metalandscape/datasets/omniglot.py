"""`omniglot`: 1623 handwritten characters of 50 alphabets, 20 drawings each (Lake et al. 2015)."""

import hashlib
from collections.abc import Iterable, Mapping
from pathlib import Path, PurePosixPath
from typing import Any, Literal

import numpy as np
from pydantic import Field, model_validator

from ..ground import randomness
from ..ground.errors import UserError
from . import ImageOptions, Split, _archives, _downloads, _pixels
from ._images import ImageDataset
from ._splits import ClassSplit

NAME = "Omniglot"

SOURCE = "https://github.com/brendenlake/omniglot/raw/master/python"
CHARACTERS = 1623
FINN = 1200  # characters for meta-training
OFFICIAL = 964  # characters of the background set
DRAWINGS = 20
# Each archive: the MD5 of the upstream zip and the digest of its content, whatever its container.
PARTS = {
    "images_background": (
        "68d2efa1b9178cc56df9314c21c6e718",
        "07356096b8076fcf915341f8715e94822249e2a4d5b999fd2d0f6cf9ebffebd5",
    ),
    "images_evaluation": (
        "6b91aef0f799c5bb55b94e3f2daec811",
        "f5165eb5f20d18e13c6515650b69a42a2c0507506969d410ba5e4a1c572bd542",
    ),
}


class Options(ImageOptions):
    """Configuration of `kind: omniglot`.

    Two splits are in use. `official` is that of the archives: background characters for
    meta-training, those of other alphabets, named evaluation, for meta-test (Lake et al. 2015).
    `finn`: Finn et al. (2017) train on 1200 characters drawn at random and test on the other 423,
    but their list was never published. Here it is the first `train_classes` of a fixed permutation
    of the 1623 sorted names, the same in every run.

    Attributes:
        image_size: Height and width in pixels; the drawings have 105. Paper: 28.
        split: `finn`: `train_classes` characters, drawn by a fixed permutation, for meta-training
            and the others for meta-test; `official`: the archives' 964 background and 659
            evaluation characters. Paper: `finn`.
        train_classes: Characters for meta-training under `split: finn`. Paper: 1200.
        rotations: Whether characters rotated by 90, 180 and 270 degrees are additional classes in
            meta-training. Paper: true.
        turned_together: Whether one task may contain two rotations of one character. Paper: false,
            as in Finn et al.'s code.
    """

    kind: Literal["omniglot"]
    image_size: int = Field(default=28, ge=1, le=1024)
    split: Literal["finn", "official"] = "finn"
    train_classes: int = Field(default=FINN, ge=1, lt=CHARACTERS)
    rotations: bool = True

    @model_validator(mode="after")
    def _check(self) -> "Options":
        if self.split == "official" and self.train_classes != FINN:
            raise ValueError("train_classes belongs to split: finn; remove one of them")
        return self

    def archives(self) -> list[str]:
        """Return the names of the two upstream zips."""
        return [f"{name}.zip" for name in PARTS]

    def downloadable(self) -> bool:
        """Return whether the archives can be fetched: from upstream."""
        return True

    def classes(self, split: Split) -> int:
        """Return the number of characters of a split, turned ones included; "val" has none."""
        train = OFFICIAL if self.split == "official" else self.train_classes
        turns = 4 if self.rotations else 1
        return {"train": train * turns, "test": CHARACTERS - train}.get(split, 0)

    def input_shape(self) -> tuple[int, int, int]:
        """Return (channels, height, width)."""
        return 1, self.image_size, self.image_size

    def instances(self) -> int:
        """Return the number of drawings of every character."""
        return DRAWINGS


def download(options: Options, folder: Path) -> None:
    """Fetch the archives that `folder` lacks from the authors' repository."""
    for name, (md5, _) in PARTS.items():
        archive = f"{name}.zip"
        if _archives.find(folder, archive) is None:
            _downloads.fetch(f"{SOURCE}/{archive}", f"md5:{md5}", folder, archive)


def prepare(options: Options, folder: Path, record: Path) -> ImageDataset:
    """Return the drawings, strokes 255 on ground 0, of classes named "Alphabet/characterNN".

    Raises:
        UserError: an archive is missing, or its content is not that of the upstream archive.
    """
    classes: dict[str, list[np.ndarray]] = {}
    official: dict[str, str] = {}
    for (name, (_, digest)), part in zip(PARTS.items(), ("train", "test"), strict=True):
        for member, data in _verified(folder, name, digest).items():
            drawing = 255 - _pixels.decode(data, member, options.image_size, 1)
            character = "/".join(PurePosixPath(member).parts[-3:-1])
            classes.setdefault(character, []).append(drawing)
            official[character] = part
    splits = official if options.split == "official" else _finn(classes, options.train_classes)
    return ImageDataset.from_classes(
        classes,
        splits,
        options.rotations,
        turned_together=options.turned_together,
        preprocessing=_pixels.described(options.image_size, 1, inverted=True),
        kind=options.kind,
    )


def _finn(names: Iterable[str], train: int) -> dict[str, str]:
    split = ClassSplit(train=train, val=0, test=CHARACTERS - train)
    return split.assign(names, randomness.generator(0, "omniglot", "split"))


def restore(arrays: Mapping[str, np.ndarray], metadata: Mapping[str, Any]) -> ImageDataset:
    """Return the dataset of a prepared file."""
    return ImageDataset.restore(arrays, metadata)


def _verified(folder: Path, name: str, digest: str) -> dict[str, bytes]:
    """Return an archive's files by their paths from `name`/ on, if they have that digest."""
    path = _archives.locate(folder, f"{name}.zip", "the upstream zip or the unpacked folder")
    with _archives.opened(path) as archive:
        # Unpacking may add or drop folders above the alphabets.
        files = {"/".join((name, *PurePosixPath(n).parts[-3:])): data for n, data in archive}
    found = _archives.content_digest({n: hashlib.sha256(d).digest() for n, d in files.items()})
    if found != digest:
        raise UserError(
            f"{path}: its content (SHA-256 {found}) is not that of Omniglot's {name} ({digest}); "
            "fetch it again."
        )
    return files
