"""Downloads: whole or not at all, checked, and retried here only."""

import io
import time
import zipfile
from collections.abc import Iterable
from pathlib import Path

import numpy as np

from ..ground.errors import UserError
from ..ground.files import whole
from . import ARCHIVES

RETRIES = 2  # after 1 s and 2 s; nothing else retries a download


def fetch(url: str, checksum: str, folder: Path, name: str) -> None:
    """Download `url` to `folder/name`, whole or not at all.

    `checksum` is "md5:..." or "sha256:..." of the file.

    Raises:
        UserError: no answer, or an answer with another checksum.
    """
    for attempt in range(RETRIES + 1):
        time.sleep(attempt)
        try:
            return _fetch_once(url, checksum, folder / name)
        except (OSError, _ChecksumError) as error:  # requests' exceptions are OSErrors
            failure = error
    if isinstance(failure, OSError):
        raise unreachable(url, name, failure) from failure
    raise UserError(
        f"{url}: the file that came does not have the checksum {checksum}; try again, or put "
        f"{name} in the folder named by {ARCHIVES}."
    ) from failure


class _ChecksumError(Exception):
    pass


def _fetch_once(url: str, checksum: str, path: Path) -> None:
    import pooch

    algorithm, _, expected = checksum.partition(":")
    with whole(path) as temporary:
        pooch.HTTPDownloader(progressbar=True)(url, str(temporary), None)
        if pooch.file_hash(str(temporary), alg=algorithm) != expected:
            raise _ChecksumError


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
