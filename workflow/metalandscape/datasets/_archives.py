"""Archives: finding, fetching, checking and reading them. Nothing is ever extracted to disk."""

import hashlib
import io
import zipfile
import zlib
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path, PurePosixPath
from typing import BinaryIO

import numpy as np

from ..ground.errors import UserError
from ..ground.files import whole
from . import ARCHIVES

SHA256 = r"^[0-9a-f]{64}$"
RETRIES = 2  # after 1 s and 2 s


@dataclass(frozen=True)
class Archive:
    """The files of a zip or of an unpacked folder.

    Attributes:
        path: the zip or the folder.
        names: the sorted POSIX paths of its files, relative to the archive's root; hidden files and
            those that macOS adds to zips are left out.
        opener: opens a file of that name for reading.
    """

    path: Path
    names: list[str]
    opener: Callable[[str], BinaryIO]

    @contextmanager
    def open(self, name: str) -> Iterator[BinaryIO]:
        """Open a file to be read piece by piece.

        Raises:
            UserError: the archive is damaged or encrypted at that file.
        """
        try:
            with self.opener(name) as file:
                yield file
        except (zipfile.BadZipFile, zlib.error, OSError, EOFError, RuntimeError) as error:
            raise UserError(f"{self.path}: {name} cannot be read ({error}).") from error

    def read(self, name: str) -> bytes:
        """Return a file's content."""
        with self.open(name) as file:
            return file.read()

    def __iter__(self) -> Iterator[tuple[str, bytes]]:
        """Yield (relative path, content) in the order of `names`."""
        return ((name, self.read(name)) for name in self.names)


@contextmanager
def opened(path: Path) -> Iterator[Archive]:
    """Open a zip or an unpacked folder.

    Raises:
        UserError: it is no zip, or a member of the zip has a path that leads out of it.
    """
    if path.is_dir():
        files = (p.relative_to(path).as_posix() for p in path.rglob("*") if p.is_file())
        yield Archive(path, _visible(files), lambda name: (path / name).open("rb"))
        return
    try:
        archive = zipfile.ZipFile(path)
    except (zipfile.BadZipFile, OSError) as error:
        raise UserError(f"{path} cannot be read as a zip archive ({error}).") from error
    with archive:
        files = [info.filename for info in archive.infolist() if not info.is_dir()]
        for name in files:
            _check_member(path, name)
        yield Archive(path, _visible(files), archive.open)


def _check_member(path: Path, name: str) -> None:
    member = PurePosixPath(name.replace("\\", "/"))
    if ".." in member.parts or member.is_absolute() or ":" in "".join(member.parts[:1]):
        raise UserError(f"{path}: the member {name!r} leads out of the archive; don't trust it.")


def _visible(names: Iterable[str]) -> list[str]:
    return sorted(
        name
        for name in set(names)
        if not any(part.startswith((".", "__MACOSX")) for part in PurePosixPath(name).parts)
    )


def find(folder: Path, name: str) -> Path | None:
    """Return the archive `name` in `folder`, as a zip or unpacked, or None.

    `images.zip` also finds the folder `images`, and `images` the file `images.zip`; `name` may be
    an absolute path.
    """
    path = folder / name
    unpacked = path.with_suffix("") if path.suffix == ".zip" else path
    candidates = [path, unpacked, unpacked.with_name(f"{unpacked.name}.zip")]
    return next((candidate for candidate in candidates if candidate.exists()), None)


def locate(folder: Path, name: str, expected: str = "a zip or a folder") -> Path:
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


def fetch(url: str, checksum: str, folder: Path, name: str) -> None:
    """Download `url` to `folder/name`, whole or not at all.

    `checksum` is "md5:..." or "sha256:..." of the file.

    Raises:
        UserError: no answer, or an answer with another checksum.
    """
    import pooch

    downloader = pooch.HTTPDownloader(progressbar=True)
    store = pooch.create(
        folder, "", registry={name: checksum}, urls={name: url}, retry_if_failed=RETRIES
    )
    try:
        store.fetch(name, downloader=downloader)
    except OSError as error:  # requests' exceptions among them
        raise unreachable(url, name, error) from error
    except ValueError as error:
        raise UserError(
            f"{url}: the file that came does not have the checksum {checksum}; try again, or put "
            f"{name} in the folder named by {ARCHIVES}."
        ) from error


def unreachable(url: str, name: str, error: Exception) -> UserError:
    """Return the error that says what to do without a network."""
    reason = " ".join(str(error).split())
    return UserError(
        f"{url} could not be downloaded ({reason}); fetch it elsewhere and put {name} in the "
        f"folder named by the environment variable {ARCHIVES}."
    )


def write_images(path: Path, images: Iterable[tuple[str, np.ndarray]]) -> None:
    """Write (member name, uint8 [h, w, 3]) to a zip of lossless PNG files, the same every time."""
    from PIL import Image

    with whole(path) as temporary, zipfile.ZipFile(temporary, "w") as archive:
        for name, pixels in images:
            buffer = io.BytesIO()
            Image.fromarray(pixels).save(buffer, "PNG")
            archive.writestr(zipfile.ZipInfo(name), buffer.getvalue())
