"""Archives: folders, zips and tars, found, checked and read alike. Nothing is extracted to disk."""

import hashlib
import lzma
import re
import stat
import struct
import tarfile
import zipfile
import zlib
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path, PurePosixPath
from typing import Any, BinaryIO

from ..ground.errors import UserError
from ..ground.files import whole
from . import ARCHIVES
from ._walk import is_hidden, utf8, walk

SHA256 = r"^[0-9a-f]{64}$"
TARS = (".tar", ".tar.gz", ".tgz", ".tar.bz2", ".tbz2", ".tar.xz", ".txz")
LARGEST = 256 << 20  # bytes of a file that is read at once
UNREADABLE = (
    *(zipfile.BadZipFile, zlib.error, lzma.LZMAError, tarfile.TarError, struct.error),
    *(OSError, EOFError, RuntimeError, ValueError, LookupError, OverflowError),
)


@dataclass(frozen=True)
class Archive:
    """The files of a folder, a zip or a tar.

    Attributes:
        path: the folder, zip or tar.
        names: the sorted POSIX paths of its files, relative to the archive's root.
        opener: opens a file of that name for reading.
        sizes: the files' sizes in bytes, in the order in which they are read fastest.
        passed_over: how many files were left out: hidden ones, what Windows and macOS leave behind,
            and what is no regular file.
    """

    path: Path
    names: list[str]
    opener: Callable[[str], BinaryIO]
    sizes: dict[str, int]
    passed_over: int = 0

    @contextmanager
    def open(self, name: str) -> Iterator[BinaryIO]:
        """Open a file to be read piece by piece.

        Raises:
            UserError: the archive is damaged or encrypted at that file.
        """
        try:
            with self.opener(name) as file:
                yield file
        except UNREADABLE as error:
            raise UserError(f"{self.path}: {name} cannot be read ({error}).") from error

    def read(self, name: str, most: int | None = None) -> bytes:
        """Return a file's content, or its first `most` bytes.

        Raises:
            UserError: it is damaged, encrypted or too large for one image or table.
        """
        if most is None and self.sizes[name] > LARGEST:
            raise UserError(f"{self.path}: {name} is larger than {LARGEST >> 20} MiB; remove it.")
        with self.open(name) as file:
            return file.read(LARGEST if most is None else most)

    def __iter__(self) -> Iterator[tuple[str, bytes]]:
        """Yield (relative path, content) in the order in which they are read fastest."""
        return ((name, self.read(name)) for name in self.sizes)


@contextmanager
def opened(path: Path) -> Iterator[Archive]:
    """Open a folder, a zip or a tar.

    Raises:
        UserError: it is no archive, one of its members leads out of it, is a link or occurs twice,
            or a name is not UTF-8.
    """
    if path.is_dir():
        yield _folder(path)
        return
    with _file(path) as file:
        kind, form = ("tar", _tar) if is_tar(path) else ("zip", _zip)
        try:
            archive, members = form(file)
        except UNREADABLE as error:
            reason = "it is a web page" if _is_page(path) else error
            raise UserError(f"{path} cannot be read as a {kind} archive ({reason}).") from error
        with archive:
            yield _packed(path, archive, members)


def _file(path: Path) -> BinaryIO:
    try:
        return path.open("rb")
    except OSError as error:
        raise UserError(f"{path} cannot be read ({error.strerror}).") from error


def is_tar(path: Path) -> bool:
    """Return whether a file's name is that of a tar, compressed or not."""
    return path.name.lower().endswith(TARS)


def _is_page(path: Path) -> bool:
    with _file(path) as file:
        return file.read(100).lstrip().lower().startswith((b"<!doctype html", b"<html"))


@dataclass(frozen=True)
class _Member:
    """A file in a zip or tar: its name there, its size, and whether it is a link or a device."""

    name: str
    size: int
    info: Any
    link: bool = False
    regular: bool = True


def _zip(file: BinaryIO) -> tuple[zipfile.ZipFile, list[_Member]]:
    def kind(info: zipfile.ZipInfo) -> int:
        return stat.S_IFMT(info.external_attr >> 16) if info.create_system == 3 else 0

    archive = zipfile.ZipFile(file)
    # Some programs for Windows write backslashes between folders.
    members = [
        _Member(info.filename.replace("\\", "/"), info.file_size, info, stat.S_ISLNK(kind(info)))
        for info in archive.infolist()
        if not info.filename.endswith(("/", "\\"))
    ]
    return archive, members


def _tar(file: BinaryIO) -> tuple[tarfile.TarFile, list[_Member]]:
    archive = tarfile.open(fileobj=file)  # noqa: SIM115
    members = [
        _Member(info.name, info.size, info, info.issym(), info.isfile() or info.islnk())
        for info in archive.getmembers()
        if not info.isdir()
    ]
    return archive, members


def _packed(
    path: Path, archive: zipfile.ZipFile | tarfile.TarFile, members: list[_Member]
) -> Archive:
    """Return the archive of the members that are visible regular files."""
    kept: dict[str, _Member] = {}
    for member in members:
        name = _inside(path, member.name)
        if is_hidden(name) or not (member.regular or member.link):
            continue
        if member.link:
            raise UserError(f"{path}: {name} is a symbolic link; pack the files themselves.")
        if name in kept:
            raise UserError(f"{path} holds {name} twice; pack it anew.")
        kept[name] = member
    read: Callable[[Any], Any] = (
        archive.extractfile if isinstance(archive, tarfile.TarFile) else archive.open
    )
    return Archive(
        path,
        sorted(kept),
        lambda name: read(kept[name].info),
        {name: member.size for name, member in kept.items()},
        len(members) - len(kept),
    )


def _inside(path: Path, name: str) -> str:
    """Return a member's name in plain form, or refuse one that leads out of the archive."""
    member = PurePosixPath(name)
    if ".." in member.parts or member.is_absolute() or re.match(r"[A-Za-z]:", name):
        raise UserError(f"{path}: the member {name!r} leads out of the archive; don't trust it.")
    return utf8(path, member.as_posix())


def _folder(path: Path) -> Archive:
    sizes, passed_over = walk(path)
    return Archive(path, sorted(sizes), lambda n: (path / n).open("rb"), sizes, passed_over)


def find(folder: Path, name: str) -> Path | None:
    """Return the archive `name` in `folder`, packed or unpacked, or None.

    `images.zip` also finds the folder `images`, and `images` the files `images.zip`, `images.tar`
    or `images.tar.gz`; `name` may be an absolute path.
    """
    path = folder / name
    suffix = next((s for s in (".zip", *TARS) if path.name.lower().endswith(s)), "")
    unpacked = path.with_name(path.name[: len(path.name) - len(suffix)])
    packed = [unpacked.with_name(f"{unpacked.name}{s}") for s in (".zip", *TARS)]
    return next((found for found in (path, unpacked, *packed) if found.exists()), None)


def locate(folder: Path, name: str, expected: str = "a folder, a zip or a tar") -> Path:
    """Return the archive `name` in `folder`.

    Raises:
        UserError: it isn't there; the sentence says what is `expected`.
    """
    path = find(folder, name)
    if path is None:
        raise UserError(
            f"{folder / name} not found; put it there ({expected}), or name the folder that holds "
            f"it in the environment variable {ARCHIVES}."
        )
    return path


def content_digest(files: Mapping[str, bytes]) -> str:
    """Return the SHA-256 over sorted `path NUL sha256(file)`, which no re-zipping changes.

    Args:
        files: the SHA-256 of each file (32 raw bytes) by its path.
    """
    sha = hashlib.sha256()
    for name in sorted(files):
        sha.update(name.encode() + b"\0" + files[name])
    return sha.hexdigest()


def hold(record: Path, digest: str, path: Path) -> None:
    """Write the digest of the archive `path` at its first use; refuse another one later."""
    if not record.exists():
        with whole(record) as temporary:
            temporary.write_text(f"{digest}\n")
    elif record.read_text().strip() != digest:
        raise UserError(
            f"{path}: its content (SHA-256 {digest}) is not the one recorded in {record} at its "
            "first use; restore the archive, or delete the record to accept the new one."
        )
