"""`image_folder`: any images sorted into one folder per class, in a zip or unpacked."""

import logging
import tempfile
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path
from typing import Any, Literal

import numpy as np
from pydantic import Field, PositiveInt, model_validator

from ..ground import randomness
from ..ground.errors import UserError
from . import ImageOptions, Split, _archives, _downloads, _folders, _pixels
from ._images import ImageDataset
from ._splits import FolderSplit, SplitOrFile

SMALL = 16  # images of a class that 1 shot and the usual 15 targets need
log = logging.getLogger(__name__)

NAME = "images"


class Options(ImageOptions):
    """Configuration of `kind: image_folder`.

    Attributes:
        archive: A folder, zip or tar in the folder of archives, or an absolute path.
        image_size: Height and width in pixels; other images are resized.
        channels: 1 for gray, 3 for color.
        ground: The background of transparent parts of an image.
        minimum_images: Classes with fewer images are left out.
        split: A mapping of train, val and test; a JSON file that holds one, such as
            `config/splits/cifar_fs.json`; or `folders`, where the archive has folders train, val
            and test.
        url: Where the archive, a zip or tar, is downloaded from; needs `sha256`.
        sha256: SHA-256 of the file at `url`, 64 hexadecimal digits.
        torchvision: Download this dataset through torchvision, and write it as `archive`, instead
            of from a `url`.
        content_sha256: SHA-256 of the prepared images, the same whatever container or image format
            they came in; a mismatch stops the workflow.
    """

    kind: Literal["image_folder"]
    archive: str = Field(min_length=1)
    image_size: int = Field(ge=1, le=1024)
    channels: Literal[1, 3] = 3
    ground: _pixels.Ground = "white"
    minimum_images: PositiveInt = 1
    split: SplitOrFile
    url: str | None = None
    sha256: str | None = Field(default=None, pattern=_archives.SHA256)
    torchvision: Literal["CIFAR100"] | None = None
    content_sha256: str | None = Field(default=None, pattern=_archives.SHA256)

    @model_validator(mode="after")
    def _check(self) -> "Options":
        if (self.url is None) != (self.sha256 is None):
            raise ValueError("url and sha256 belong together; give both or none")
        if self.url and self.torchvision:
            raise ValueError("url and torchvision exclude each other; give one")
        archive = Path(self.archive)
        packed = archive.suffix == ".zip" or (self.url and _archives.is_tar(archive))
        if (self.url or self.torchvision) and (not packed or archive.name != self.archive):
            raise ValueError(
                "archive should be the plain name of a .zip file (or a tar from a url) if it is "
                "downloaded"
            )
        return self

    def archives(self) -> list[str]:
        """Return the name of the one archive."""
        return [self.archive]

    def downloadable(self) -> bool:
        """Return whether the configuration says where the archive comes from."""
        return bool(self.url or self.torchvision)

    def classes(self, split: Split) -> int | None:
        """Return the number of classes of a split, turned ones included, if it is known."""
        count = self.split.count(split)
        named = isinstance(self.split.train, list)  # which of them are too small isn't known
        if count is None or (named and self.minimum_images > 1):
            return None
        return count * (4 if self.rotations and split == "train" else 1)

    def input_shape(self) -> tuple[int, int, int]:
        """Return (channels, height, width)."""
        return self.channels, self.image_size, self.image_size


def download(options: Options, folder: Path) -> None:
    """Fetch the archive into `folder` unless it is there.

    Raises:
        UserError: it can't be reached, or the configuration doesn't say where it comes from.
    """
    if _archives.find(folder, options.archive) is not None:
        return
    if options.url:
        _downloads.fetch(options.url, f"sha256:{options.sha256}", folder, options.archive)
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
            raise _downloads.unreachable(source.url, archive.name, error) from error
        _downloads.write_images(archive, _labelled(parts))


def _labelled(parts: dict) -> Iterator[tuple[str, np.ndarray]]:
    """Yield "class/part_number.png" and pixels, uint8 [h, w, 3], of torchvision datasets."""
    for part, data in parts.items():
        for i, (pixels, label) in enumerate(zip(data.data, data.targets, strict=True)):
            yield f"{data.classes[label]}/{part}_{i:05d}.png", pixels


def prepare(options: Options, folder: Path, record: Path) -> ImageDataset:
    """Return the images; a class is named by the path of the folder that holds its images.

    Raises:
        UserError: the archive or a class is missing, a file is no image, all images of a class are
            alike, or the content is not that of `content_sha256`.
    """
    path = _archives.locate(folder, options.archive)
    with _archives.opened(path) as archive:
        found = _folders.classes(archive)
        splits = _splits_of(found, options)
        _tell(archive, found, splits, options.minimum_images)
        classes = _images(archive, found, splits, options)
    dataset = ImageDataset.from_classes(
        classes,
        splits,
        options.rotations,
        turned_together=options.turned_together,
        preprocessing=_pixels.described(options.image_size, options.channels, options.ground),
        kind=options.kind,
    )
    dataset.refuse_alike(path)
    _check_content(path, dataset, options.content_sha256)
    return dataset


def restore(arrays: Mapping[str, np.ndarray], metadata: Mapping[str, Any]) -> ImageDataset:
    """Return the dataset of a prepared file."""
    return ImageDataset.restore(arrays, metadata)


def _splits_of(found: _folders.Classes, options: Options) -> dict[str, str]:
    """Return the split of every class that is to be kept."""
    split = options.split
    large = {name for name, m in found.members.items() if len(m) >= options.minimum_images}
    if isinstance(split, FolderSplit):
        splits = _folders.by_folders(found)
    elif isinstance(split.train, int):
        _folders.refuse_parted(found)
        splits = split.assign(large, randomness.generator(0, "image_folder", "split"))
    else:
        splits = _folders.by_names(found, split.named())
    return _of_size(found, {name: s for name, s in splits.items() if name in large}, options)


def _of_size(found: _folders.Classes, splits: dict[str, str], options: Options) -> dict[str, str]:
    """Return the splits if those that had classes still have some."""
    for split in ("train", "test"):
        if split not in splits.values() and options.split.count(split) != 0:
            raise UserError(
                f"{found.path}: no class of {split} has {options.minimum_images} images; lower "
                "minimum_images."
            )
    return splits


def _tell(
    archive: _archives.Archive, found: _folders.Classes, splits: Mapping[str, str], minimum: int
) -> None:
    """Log what was passed over, and the classes that are too small or may surprise, a line each."""
    sizes = {name: len(found.members[name]) for name in sorted(found.members)}
    small = [f"{name} ({sizes[name]})" for name in sizes if name in splits and sizes[name] < SMALL]
    left = [f"{name} ({size})" for name, size in sizes.items() if size < minimum]
    inner = [f"{name} in {outer}" for name, outer in _folders.nested(splits)]
    passed = archive.passed_over + found.others
    if passed or found.strays:
        log.info(
            f"{archive.path}: passed over {passed} files (hidden or no images) and "
            f"{len(found.strays)} images (in no class folder)"
        )
    for what, names in (
        (f"left out, for having fewer than {minimum} images", left),
        (f"with fewer than {SMALL} images, which 1 shot and 15 targets need", small),
        ("in the folder of another class", inner),
    ):
        if names:
            log.info(f"{archive.path}: classes {what} ({len(names)}): {', '.join(names)}")


def _images(
    archive: _archives.Archive, found: _folders.Classes, splits: Iterable[str], options: Options
) -> dict[str, list[np.ndarray]]:
    """Return the images of some classes, uint8 [size, size, channels], by class."""
    of = {member: name for name in splits for member in found.members[name]}
    classes: dict[str, list[np.ndarray]] = {name: [] for name in splits}
    for member in archive.sizes:  # in the order in which they are read fastest
        if member in of:
            where = f"{archive.path}: {member}"
            pixels = _pixels.decode(
                archive.read(member), where, options.image_size, options.channels, options.ground
            )
            classes[of[member]].append(pixels)
    return classes


def _check_content(path: Path, dataset: ImageDataset, expected: str | None) -> None:
    found = dataset.digest
    if expected is not None and found != expected:
        raise UserError(
            f"{path}: the prepared images have the digest {found}, not content_sha256 {expected}; "
            "correct the archive or the key."
        )
