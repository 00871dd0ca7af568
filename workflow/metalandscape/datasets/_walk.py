"""A folder's files: links are followed, no folder is entered twice, hidden files are skipped."""

import os
from dataclasses import dataclass, field
from pathlib import Path, PurePosixPath

from ..ground.errors import UserError

LEAVINGS = {"thumbs.db", "ehthumbs.db", "desktop.ini", "icon\r", "__macosx", "@eadir"}


def walk(root: Path) -> tuple[dict[str, int], int]:
    """Return the sizes of a folder's files by relative POSIX path, and how many were passed over.

    Links to folders are followed after all else, in the order of their names, so that a folder
    keeps its own name where a link leads to it as well.

    Raises:
        UserError: a folder cannot be read, a link leads nowhere, or a name is not UTF-8.
    """
    found = _Walk(root)
    try:
        # A link to a folder around this one would take in the folder's neighbors.
        found.entered |= {_identity(parent) for parent in root.resolve().parents}
        while found.waiting or found.links:
            found.enter(found.waiting.pop() if found.waiting else found.links.pop(0))
    except OSError as error:
        raise UserError(f"{error.filename} cannot be read ({error.strerror}).") from error
    return found.sizes, found.passed_over


def is_hidden(name: str) -> bool:
    """Return whether a file is hidden, or what Windows or macOS leave behind."""
    parts = PurePosixPath(name).parts
    return any(part.startswith(".") or part.lower() in LEAVINGS for part in parts)


def utf8(archive: Path, name: str) -> str:
    """Return a name if it can be written as UTF-8, as every name in results is."""
    try:
        name.encode()
    except UnicodeEncodeError as error:
        raise UserError(f"{archive}: the name {name!r} is not UTF-8; rename the file.") from error
    return name


def _identity(folder: Path) -> tuple[int, int]:
    status = folder.stat()
    return status.st_dev, status.st_ino


@dataclass
class _Walk:
    root: Path
    sizes: dict[str, int] = field(default_factory=dict)
    entered: set[tuple[int, int]] = field(default_factory=set)
    waiting: list[Path] = field(default_factory=list)
    links: list[Path] = field(default_factory=list)
    passed_over: int = 0

    def __post_init__(self) -> None:
        self.waiting.append(self.root)

    def enter(self, folder: Path) -> None:
        if (identity := _identity(folder)) in self.entered:
            self.passed_over += 1
            return
        self.entered.add(identity)
        with os.scandir(folder) as entries:
            for entry in sorted(entries, key=lambda e: e.name):
                self._take(folder / entry.name, entry)

    def _take(self, path: Path, entry: os.DirEntry) -> None:
        name = utf8(self.root, path.relative_to(self.root).as_posix())
        if is_hidden(entry.name):
            self.passed_over += 1
        elif entry.is_symlink() and not path.exists():
            raise UserError(f"{path} is a link to nothing; restore what it names, or remove it.")
        elif entry.is_dir():
            (self.links if entry.is_symlink() else self.waiting).append(path)
        elif entry.is_file():
            self.sizes[name] = entry.stat().st_size
        else:
            self.passed_over += 1
