"""Classes are what the folders say: a class is a folder of images, and its name is its path."""

import itertools
import unicodedata
from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path, PurePosixPath

from ..ground.errors import UserError
from ._archives import Archive
from ._splits import SPLITS

SUFFIXES = {
    *(".png", ".jpg", ".jpeg", ".jpe", ".jfif", ".gif", ".bmp", ".dib", ".tif", ".tiff", ".webp"),
    *(".ppm", ".pgm", ".pbm", ".pnm", ".jp2", ".j2k", ".jpx"),
}
SIGNATURES = (b"\x89PNG\r\n", b"\xff\xd8\xff", b"GIF87a", b"GIF89a", b"II*\0", b"MM\0*")
# What people call the folders of a split.
FOLDERS = {
    "train": {"train", "training", "train_set", "training_set", "meta_train", "metatrain"},
    "val": {
        *("val", "valid", "validation", "val_set", "validation_set", "dev"),
        *("meta_val", "meta_validation", "metaval"),
    },
    "test": {"test", "testing", "test_set", "eval", "evaluation", "meta_test", "metatest"},
}
ADVICE = "write split: folders to use them, or list class names"


@dataclass(frozen=True)
class Classes:
    """The classes of an archive.

    Attributes:
        path: the archive.
        members: the images of each class, by its name: the path of its folder without the folders
            that all images share, in the Unicode form NFC.
        top: these folders.
        strays: images beside the class folders, which belong to no class.
        others: how many visible files are no images.
    """

    path: Path
    members: dict[str, list[str]]
    top: str
    strays: list[str]
    others: int

    def named(self, name: str) -> str | None:
        """Return the class that a name in a split means, or None if there is none.

        The name is a class's path, or its end: `character01` if one alphabet only has that.

        Raises:
            UserError: several paths end with it.
        """
        wanted = plain(name).strip("/")
        if wanted in self.members:
            return wanted
        full = {f"/{self.top}/{own}".replace("//", "/"): own for own in self.members}
        found = [own for path, own in full.items() if path.endswith(f"/{wanted}")]
        if len(found) > 1:
            raise UserError(
                f"{self.path}: the class {name!r} of split may be {found[0]!r} or {found[1]!r}; "
                "write more of the path."
            )
        return found[0] if found else None

    def parted(self) -> dict[str, str]:
        """Return the split of each class that lies in a folder named as a split, if two do."""
        heads = {
            own: own.split("/")[0].lower().replace("-", "_").replace(" ", "_")
            for own in self.members
        }
        splits = {
            own: split
            for own, head in heads.items()
            for split in SPLITS
            if "/" in own and head in FOLDERS[split]
        }
        return splits if len(set(splits.values())) > 1 else {}


def plain(name: str) -> str:
    """Return a name in the one Unicode form (NFC) in which names are compared."""
    return unicodedata.normalize("NFC", name)


def classes(archive: Archive) -> Classes:
    """Return the classes of an archive.

    Raises:
        UserError: no image lies in a folder.
    """
    images = [name for name in archive.names if _is_image(archive, name)]
    folders = {name: tuple(plain(part) for part in name.split("/")[:-1]) for name in images}
    top = _shared(set(folders.values()))
    members: dict[str, list[str]] = {}
    strays: list[str] = []
    for name, folder in folders.items():
        own = "/".join(folder[len(top) :])
        (members.setdefault(own, []) if own else strays).append(name)
    if not members:
        raise UserError(f"{archive.path} has no folders of images; put each class into a folder.")
    others = len(archive.names) - len(images)
    return Classes(archive.path, members, "/".join(top), strays, others)


def _is_image(archive: Archive, name: str) -> bool:
    """Return whether a file is an image by its name, or by its first bytes."""
    if PurePosixPath(name).suffix.lower() in SUFFIXES:
        return True
    head = archive.read(name, 16)
    bitmap = head[:2] == b"BM" and head[6:10] == bytes(4)
    return head.startswith(SIGNATURES) or head[8:12] == b"WEBP" or bitmap


def _shared(folders: set[tuple[str, ...]]) -> tuple[str, ...]:
    """Return the folders that all images share; a single class keeps its own."""
    if len(folders) < 2:
        return next(iter(folders), ())[:-1]
    pairs = zip(min(folders), max(folders), strict=False)
    return tuple(a for a, _ in itertools.takewhile(lambda pair: pair[0] == pair[1], pairs))


def by_folders(found: Classes) -> dict[str, str]:
    """Return the split of every class as the folders train, val and test say.

    Raises:
        UserError: there are no such folders, a class lies in none, or in two of them.
    """
    splits = found.parted()
    if not {"train", "test"} <= set(splits.values()):
        raise UserError(f"{found.path} has no folders train and test; give split as numbers.")
    outside = sorted(found.members.keys() - splits.keys())
    if outside:
        raise UserError(
            f"{found.path}: the class {outside[0]!r} lies in none of the folders train, val and "
            f"test ({len(outside)} do); move it or list the class names of split."
        )
    own = {(split, name.split("/", 1)[1]) for name, split in splits.items()}
    name, times = Counter(name for _, name in own).most_common(1)[0]
    if times > 1:
        raise UserError(
            f"{found.path}: the class {name!r} lies in {times} of the folders train, val and test; "
            "a class belongs to one split."
        )
    return splits


def by_names(found: Classes, wanted: Mapping[str, str]) -> dict[str, str]:
    """Return the split of every class that `wanted` (name to split) names.

    Raises:
        UserError: a class is missing, or two names mean the same one.
    """
    meant = {name: found.named(name) for name in wanted}
    missing = sorted(name for name, own in meant.items() if own is None)
    if missing:
        raise UserError(
            f"{found.path} has no images of class {missing[0]!r}, which split names "
            f"({len(missing)} missing, {len(found.members)} found); correct split or the archive."
        )
    own, times = Counter(meant.values()).most_common(1)[0] if meant else (None, 0)
    if times > 1:
        raise UserError(f"{found.path}: split names the class {own!r} twice; remove one.")
    return {own: wanted[name] for name, own in meant.items() if own is not None}


def refuse_parted(found: Classes) -> None:
    """Refuse to draw classes at random from an archive whose folders are a split."""
    if parted := found.parted():
        heads = " and ".join(sorted({own.split("/")[0] for own in parted}))
        raise UserError(
            f"{found.path}: split asks for numbers of classes, but the folders {heads} are a split "
            f"already; {ADVICE}."
        )


def nested(names: Iterable[str]) -> list[tuple[str, str]]:
    """Return the classes that lie in another class's folder, with that class."""
    known = set(names)
    above = {n: [str(p) for p in PurePosixPath(n).parents if str(p) in known] for n in known}
    return sorted((name, outer[0]) for name, outer in above.items() if outer)
