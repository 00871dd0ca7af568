"""Downloads: whole or not at all, checked, and retried here only."""

import io
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
