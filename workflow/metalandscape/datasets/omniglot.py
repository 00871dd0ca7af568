"""`omniglot`: 1623 handwritten characters of 50 alphabets, 20 drawings each (Lake et al. 2015)."""

import hashlib
from pathlib import Path, PurePosixPath
from typing import Literal

import numpy as np
from pydantic import Field

from ..ground import randomness
from ..ground.errors import UserError
from . import DatasetOptions, Split, _archives
from ._images import ImageDataset
from ._splits import ClassSplit

NAME = "Omniglot"

SOURCE = "https://github.com/brendenlake/omniglot/raw/master/python"
CHARACTERS = 1623
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


class Options(DatasetOptions):
    """Configuration of `kind: omniglot`.

    Finn et al. (2017) train on 1200 characters drawn at random and test on the other 423, but their
    list was never published. Here it is the first `train_classes` of a fixed permutation of the
    1623 sorted names, the same in every run.

    Attributes:
        image_size: height and width in pixels; the drawings have 105.
        train_classes: characters for meta-training; the rest is for meta-test.
        rotations: whether meta-training also uses characters turned by 90, 180 and 270 degrees.
    """

    kind: Literal["omniglot"]
    image_size: int = Field(default=28, ge=1)
    train_classes: int = Field(default=1200, ge=1, lt=CHARACTERS)
    rotations: bool = True

    def archives(self) -> list[str]:
        """Return the names of the two upstream zips."""
        return [f"{name}.zip" for name in PARTS]

    def downloadable(self) -> bool:
        """Return whether the archives can be fetched: from upstream."""
        return True

    def classes(self, split: Split) -> int:
        """Return the number of characters of a split, turned ones included; "val" has none."""
        train = self.train_classes * (4 if self.rotations else 1)
        return {"train": train, "test": CHARACTERS - self.train_classes}.get(split, 0)

    def instances(self) -> int:
        """Return the number of drawings of every character."""
        return DRAWINGS


def download(options: Options, folder: Path) -> None:
    """Fetch the archives that `folder` lacks from the authors' repository."""
    for name, (md5, _) in PARTS.items():
        archive = f"{name}.zip"
        if _archives.find(folder, archive) is None:
            _archives.fetch(f"{SOURCE}/{archive}", f"md5:{md5}", folder, archive)


def prepare(options: Options, folder: Path, record: Path) -> ImageDataset:
    """Return the drawings, strokes 255 on ground 0, of classes named "Alphabet/characterNN".

    Raises:
        UserError: an archive is missing, or its content is not that of the upstream archive.
    """
    classes: dict[str, list[np.ndarray]] = {}
    for name, (_, digest) in PARTS.items():
        for member, data in _verified(folder, name, digest).items():
            drawing = 255 - _archives.decode(data, member, options.image_size, 1)
            classes.setdefault("/".join(PurePosixPath(member).parts[-3:-1]), []).append(drawing)
    test = CHARACTERS - options.train_classes
    split = ClassSplit(train=options.train_classes, val=0, test=test)
    splits = split.assign(classes, randomness.generator(0, "omniglot", "split"))
    return ImageDataset.from_classes(classes, splits, options.rotations)


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
