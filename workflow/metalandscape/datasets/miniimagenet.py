"""`miniimagenet`: 100 classes of ImageNet, 600 images each (Vinyals et al. 2016).

It can't be downloaded here: its images are ImageNet's. The user provides the archive in one of the
forms in which the community keeps it; the splits are those of Ravi & Larochelle (2017).
"""

import csv
import hashlib
import io
import itertools
import json
import logging
from collections import Counter
from collections.abc import Mapping
from pathlib import Path, PurePosixPath
from typing import Any, Literal, cast

import numpy as np
from pydantic import Field

from ..ground.errors import UserError
from . import DatasetOptions, Split, _archives, _pickles, _pixels
from ._images import ImageDataset
from ._splits import SPLITS, shipped

NAME = "MiniImagenet"

RAVI = shipped("config/splits/miniimagenet_ravi.json")
COUNTS = {
    "ravi": {"train": 64, "val": 16, "test": 20},
    "paper": {"train": 64, "val": 12, "test": 24},
}
IMAGES = 600
SIDE = 84
PICKLES = {split: f"mini-imagenet-cache-{split}.pkl" for split in SPLITS}
# The same in the files of MetaOptNet (Lee et al. 2019), after Gidaris & Komodakis (2018).
CATEGORIES = {
    split: f"miniImageNet_category_split_{'train_phase_' if split == 'train' else ''}{split}.pickle"
    for split in SPLITS
}
TABLES = {split: f"{split}.csv" for split in SPLITS}
EXPECTED = (
    f"a folder, zip or tar with {', '.join(PICKLES.values())}, with "
    f"{', '.join(CATEGORIES.values())}, or with {', '.join(TABLES.values())} and images/; it can't "
    "be downloaded and must be provided by you, see the docs"
)

Classes = Mapping[str, np.ndarray | list[np.ndarray]]  # images uint8 [h, w, 3] by class


class Options(DatasetOptions):
    """Configuration of `kind: miniimagenet`.

    Attributes:
        archive: A folder, zip or tar in the folder of archives, or an absolute path.
        image_size: Height and width in pixels; other images are resized. Paper: 84.
        split: `ravi`: the true split, 64 / 16 / 20 classes; `paper`: the 64 / 12 / 24 that the
            paper prints, a slip, obtained by moving the last four validation classes to test.
        sha256: SHA-256 of the archive's content. Without it, the SHA-256 at first use is recorded,
            and no other is accepted later.
    """

    kind: Literal["miniimagenet"]
    archive: str = Field(default="miniimagenet", min_length=1)
    image_size: int = Field(default=SIDE, ge=1, le=1024)
    split: Literal["ravi", "paper"] = "ravi"
    sha256: str | None = Field(default=None, pattern=_archives.SHA256)

    def archives(self) -> list[str]:
        """Return the name of the one archive."""
        return [self.archive]

    def classes(self, split: Split) -> int:
        """Return the number of classes of a split."""
        return COUNTS[self.split][split]

    def instances(self) -> int:
        """Return the number of images of every class."""
        return IMAGES


def prepare(options: Options, folder: Path, record: Path) -> ImageDataset:
    """Return the images.

    Raises:
        UserError: the archive is missing, is not MiniImagenet, or is not the one named by `sha256`
            or `record`.
    """
    path = _archives.locate(folder, options.archive, EXPECTED)
    digest = fingerprint(path)
    if options.sha256 is not None:
        _check_digest(path, digest, options.sha256)
    elif record.exists():
        _archives.hold(record, digest, path)
    classes, splits = _read(path, options.image_size)
    if options.split == "paper":
        splits = paper_split(splits)
    dataset = ImageDataset.from_classes(
        classes,
        splits,
        rotations=False,
        preprocessing=_pixels.described(options.image_size, 3),
        kind=options.kind,
    )
    dataset.refuse_alike(path)
    if options.sha256 is None:
        _archives.hold(record, digest, path)  # after the checks: nothing else is worth recording
    return dataset


def restore(arrays: Mapping[str, np.ndarray], metadata: Mapping[str, Any]) -> ImageDataset:
    """Return the dataset of a prepared file."""
    return ImageDataset.restore(arrays, metadata)


def fingerprint(path: Path) -> str:
    """Return the SHA-256 of an archive's content: the same zipped, unpacked or in another folder.

    It is `_archives.content_digest` over the pickles, or the CSVs and all images, by file name.
    """
    with _archives.opened(path) as archive:
        members, form = _members(archive)
        names = members if form is TABLES else form.values()
        return _archives.content_digest({n: _sha256(archive, members[n]) for n in names})


def _sha256(archive: _archives.Archive, member: str) -> bytes:
    with archive.open(member) as file:
        return hashlib.file_digest(cast("Any", file), "sha256").digest()


def _check_digest(path: Path, found: str, expected: str) -> None:
    if found != expected:
        raise UserError(
            f"{path}: its content has the SHA-256 {found}, not the configured sha256 {expected}; "
            "correct the archive or the key."
        )


def paper_split(splits: Mapping[str, str]) -> dict[str, str]:
    """Return the split with the last four validation classes, by name, moved to test."""
    logging.getLogger(__name__).warning(
        "split: paper gives 64 / 12 / 24 classes, a slip of the paper; Ravi & Larochelle's split "
        "has 64 / 16 / 20"
    )
    moved = sorted(name for name, split in splits.items() if split == "val")[-4:]
    return {**splits, **dict.fromkeys(moved, "test")}


def _members(archive: _archives.Archive) -> tuple[dict[str, str], dict[str, str]]:
    """Return the archive's members by file name, and its form: `PICKLES`, `CATEGORIES` or `TABLES`.

    Members go by their file names because the folders around them differ among copies.

    Raises:
        UserError: it has the files of neither form, or a file name twice.
    """
    members = {PurePosixPath(name).name: name for name in archive.names}
    form = next(
        (f for f in (PICKLES, CATEGORIES, TABLES) if members.keys() >= set(f.values())), None
    )
    if form is None:
        raise UserError(f"{archive.path} is not the expected archive ({EXPECTED}).")
    times = Counter(PurePosixPath(name).name for name in archive.names)
    twice = [name for name in (members if form is TABLES else form.values()) if times[name] > 1]
    if twice:
        raise UserError(f"{archive.path} holds two files named {twice[0]}; remove one.")
    return members, form


def _read(path: Path, size: int) -> tuple[Classes, dict[str, str]]:
    """Return the images of all classes and the classes' splits, both checked."""
    classes: dict[str, np.ndarray | list[np.ndarray]] = {}
    splits: dict[str, str] = {}
    ravi = json.loads(RAVI.read_text())
    with _archives.opened(path) as archive:
        members, form = _members(archive)
        read = read_table if form is TABLES else read_pickle
        for split in SPLITS:
            part = read(archive, members, form[split], size)
            _check(f"{path}: {members[form[split]]}", part, split, ravi[split])
            classes |= part
            splits |= dict.fromkeys(part, split)
    return classes, splits


def _check(where: str, classes: Classes, split: str, expected: list[str]) -> None:
    """Refuse classes that are not Ravi & Larochelle's or not complete; so none is in two splits."""
    odd = sorted(set(classes) ^ set(expected))
    if odd:
        problem = "should not have" if odd[0] in classes else "lacks"
        raise UserError(
            f"{where} {problem} class {odd[0]!r}: the {split} split of Ravi & Larochelle has "
            f"{len(expected)} classes and differs in {len(odd)}."
        )
    for name, images in classes.items():
        if len(images) != IMAGES:
            raise UserError(f"{where} has {len(images)} images of class {name!r}, not {IMAGES}.")


def read_pickle(
    archive: _archives.Archive, members: dict[str, str], name: str, size: int
) -> Classes:
    """Return the images of one pickle by class, resized to `size`.

    Raises:
        UserError: it is refused by `_pickles.load`, or holds no uint8 images of 84 x 84 x 3.
    """
    where = f"{archive.path}: {members[name]}"
    with archive.open(members[name]) as file:
        content = _pickles.load(file, where, archive.sizes[members[name]])
    try:
        pixels, rows = _unpack(content)
    except (KeyError, TypeError, ValueError) as error:
        raise UserError(
            f"{where}: expected image_data and class_dict, or data, labels and catname2label."
        ) from error
    _check_pixels(where, pixels, rows)
    return {name: [_pixels.resized(pixels[i], size) for i in index] for name, index in rows.items()}


def _unpack(content: Any) -> tuple[np.ndarray, dict[str, list[int]]]:
    """Return the images and each class's rows, of either form of the pickles."""
    if not isinstance(content, dict):
        raise TypeError("no mapping")
    if "image_data" in content:
        rows = {_text(name): _integers(index) for name, index in content["class_dict"].items()}
        return content["image_data"], {name: index.tolist() for name, index in rows.items()}
    labels = _integers(content["labels"])
    names = content.get("catname2label") or {str(label): label for label in np.unique(labels)}
    rows = {_text(n): np.flatnonzero(labels == _integers([c])[0]) for n, c in names.items()}
    return content["data"], {name: index.tolist() for name, index in rows.items()}


def _integers(values: Any) -> np.ndarray:
    """Return a flat list of whole numbers as int64 [n]; numpy must not see anything nested."""
    if isinstance(values, np.ndarray) and values.ndim == 1 and values.dtype.kind in "iu":
        return values.astype(np.int64)
    if not isinstance(values, list | tuple):
        raise TypeError("no list")
    if not all(type(v) is int or isinstance(v, np.integer) for v in values):
        raise TypeError("no list of whole numbers")
    return np.array(values, np.int64)


def _text(name: Any) -> str:
    if type(name) is not str:
        raise TypeError("no text")
    return name


def _check_pixels(where: str, pixels: np.ndarray, rows: dict[str, list[int]]) -> None:
    array = pixels if isinstance(pixels, np.ndarray) else np.empty(0)
    shape, dtype = array.shape, array.dtype
    if dtype != np.uint8 or shape[1:] != (SIDE, SIDE, 3):
        raise UserError(f"{where}: images are {dtype} {shape}, not uint8 [n, {SIDE}, {SIDE}, 3].")
    if sorted(itertools.chain(*rows.values())) != list(range(len(pixels))):
        raise UserError(f"{where}: not every image belongs to exactly one class.")


def read_table(
    archive: _archives.Archive, members: dict[str, str], table: str, size: int
) -> Classes:
    """Return the images that a CSV (columns filename, label) names, by class, resized to `size`.

    Raises:
        UserError: a column or an image is missing, or a file is no image.
    """
    where = f"{archive.path}: {members[table]}"
    classes: dict[str, list[np.ndarray]] = {}
    text = archive.read(members[table]).decode("utf-8-sig", "replace")
    for row in csv.DictReader(io.StringIO(text)):
        name, label = row.get("filename"), row.get("label")
        if not name or not label:
            raise UserError(f"{where}: every row should have a filename and a label.")
        if name not in members:
            raise UserError(f"{where} names the image {name}, which the archive lacks.")
        image = _pixels.decode(
            archive.read(members[name]), f"{archive.path}: {members[name]}", size, 3
        )
        classes.setdefault(label, []).append(image)
    return classes
