"""`image_folder`: any images sorted into one folder per class, in a zip or unpacked."""

import tempfile
from collections.abc import Iterable, Iterator
from pathlib import Path, PurePosixPath
from typing import Literal

import numpy as np
from pydantic import Field, model_validator

from ..ground import randomness
from ..ground.errors import UserError
from . import DatasetOptions, Split, _archives
from ._images import ImageDataset
from ._splits import SplitOrFile

NAME = "images"


class Options(DatasetOptions):
    """Configuration of `kind: image_folder`.

    Attributes:
        archive: a zip or a folder in the folder of archives, or an absolute path.
        image_size: height and width in pixels; other images are resized.
        channels: 1 (grey) or 3 (colour).
        split: numbers of classes or lists of class names for train, val and test, or a JSON file of
            such lists. Numbers are drawn by a fixed permutation of the sorted names.
        url: where the archive is downloaded from; needs `sha256`.
        sha256: the SHA-256 of the file at `url`.
        torchvision: the torchvision dataset that is downloaded and written as `archive`.
        content_sha256: `ImageDataset.digest()` of the prepared images, whatever container or image
            format they came in.
        rotations: whether meta-training also uses classes turned by 90, 180 and 270 degrees.
    """

    kind: Literal["image_folder"]
    archive: str = Field(min_length=1)
    image_size: int = Field(ge=1)
    channels: Literal[1, 3] = 3
    split: SplitOrFile
    url: str | None = None
    sha256: str | None = Field(default=None, pattern=_archives.SHA256)
    torchvision: Literal["CIFAR100"] | None = None
    content_sha256: str | None = Field(default=None, pattern=_archives.SHA256)
    rotations: bool = False

    @model_validator(mode="after")
    def _check(self) -> "Options":
        if (self.url is None) != (self.sha256 is None):
            raise ValueError("url and sha256 belong together; give both or none")
        if self.url and self.torchvision:
            raise ValueError("url and torchvision exclude each other; give one")
        fetched = self.url or self.torchvision
        if fetched and (
            Path(self.archive).suffix != ".zip" or Path(self.archive).name != self.archive
        ):
            raise ValueError("archive should be the plain name of a .zip file if it is downloaded")
        return self

    def archives(self) -> list[str]:
        """Return the name of the one archive."""
        return [self.archive]

    def downloadable(self) -> bool:
        """Return whether the configuration says where the archive comes from."""
        return bool(self.url or self.torchvision)

    def classes(self, split: Split) -> int:
        """Return the number of classes of a split, turned ones included."""
        return self.split.count(split) * (4 if self.rotations and split == "train" else 1)


def download(options: Options, folder: Path) -> None:
    """Fetch the archive into `folder` unless it is there.

    Raises:
        UserError: it can't be reached, or the configuration doesn't say where it comes from.
    """
    if _archives.find(folder, options.archive) is not None:
        return
    if options.url:
        _archives.fetch(options.url, f"sha256:{options.sha256}", folder, options.archive)
    elif options.torchvision:
        _fetch_torchvision(options.torchvision, folder / options.archive)
    else:
        _archives.locate(folder, options.archive)


def _fetch_torchvision(name: str, archive: Path) -> None:
    """Download a torchvision dataset and write it as a zip of one folder per class."""
    import torchvision.datasets

    source = getattr(torchvision.datasets, name)
    archive.parent.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(dir=archive.parent) as scratch:
        try:
            parts = {
                p: source(scratch, train=p == "train", download=True) for p in ("train", "test")
            }
        except (OSError, RuntimeError) as error:
            raise _archives.unreachable(source.url, archive.name, error) from error
        _archives.write_images(archive, _labelled(parts))


def _labelled(parts: dict) -> Iterator[tuple[str, np.ndarray]]:
    """Yield "class/part_number.png" and pixels, uint8 [h, w, 3], of torchvision datasets."""
    for part, data in parts.items():
        for i, (pixels, label) in enumerate(zip(data.data, data.targets, strict=True)):
            yield f"{data.classes[label]}/{part}_{i:05d}.png", pixels


def prepare(options: Options, folder: Path, record: Path) -> ImageDataset:
    """Return the images; a class is named as the folder that holds its images.

    Raises:
        UserError: the archive or a class is missing, a file is no image, or the content is not that
            of `content_sha256`.
    """
    path = _archives.locate(folder, options.archive)
    with _archives.opened(path) as archive:
        members = by_class(archive.names)
        splits = options.split.assign(members, randomness.generator(0, "image_folder", "split"))
        _check_classes(path, splits, members)
        classes = {name: _images(archive, members[name], options) for name in splits}
    dataset = ImageDataset.from_classes(classes, splits, options.rotations)
    _check_content(path, dataset, options.content_sha256)
    return dataset


def by_class(names: Iterable[str]) -> dict[str, list[str]]:
    """Return the files by class: the name of their parent folder.

    Folders that hold folders are no classes: a README beside the class folders is left out.
    """
    parents = {name: PurePosixPath(name).parent for name in names}
    outer = {above for parent in set(parents.values()) for above in parent.parents}
    classes: dict[str, list[str]] = {}
    for name, parent in parents.items():
        if parent not in outer and parent.name:
            classes.setdefault(parent.name, []).append(name)
    return classes


def _check_classes(path: Path, splits: Iterable[str], members: dict) -> None:
    missing = sorted(set(splits) - set(members))
    if missing:
        raise UserError(
            f"{path} has no images of class {missing[0]!r}, which split names ({len(missing)} "
            f"missing, {len(members)} found); correct split or the archive."
        )


def _images(archive: _archives.Archive, members: list[str], options: Options) -> list[np.ndarray]:
    """Return the images of some members, uint8 [size, size, channels]."""
    size, channels = options.image_size, options.channels
    return [
        _archives.decode(archive.read(m), f"{archive.path}: {m}", size, channels) for m in members
    ]


def _check_content(path: Path, dataset: ImageDataset, expected: str | None) -> None:
    found = dataset.digest()
    if expected is not None and found != expected:
        raise UserError(
            f"{path}: the prepared images have the digest {found}, not content_sha256 {expected}; "
            "correct the archive or the key."
        )
