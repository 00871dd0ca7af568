"""Files that are either whole or absent, and the one binary format used for them (safetensors)."""

import errno
import json
import os
import platform
import re
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from math import prod
from pathlib import Path
from typing import Any

import numpy as np

from .damage import DAMAGE
from .errors import UserError

DTYPES = {"U8": "u1", "I64": "<i8", "F32": "<f4", "F64": "<f8"}
HOST = re.sub(r"\W", "_", platform.node())
# What keeps a file from being written, and what a user can do.
REMEDIES = dict.fromkeys(
    (errno.ENOSPC, errno.EDQUOT, errno.EFBIG), "free some space and start again"
) | dict.fromkeys(
    (errno.EACCES, errno.EPERM, errno.EROFS, errno.ENOTDIR, errno.EEXIST, errno.EISDIR),
    "make its folder one that you can write to, or set another one and start again",
)


@contextmanager
def whole(path: str | Path) -> Iterator[Path]:
    """Yield a temporary name beside `path`; rename it to `path` only if the block succeeds.

    Temporary files beside it are removed if the processes that wrote them have ended.

    Raises:
        UserError: the disk is full, or the folder can't be written to; the sentence names the file.
    """
    path = Path(path)
    # The name has the host, because processes on other hosts may write to a shared folder.
    temporary = path.with_name(f".{path.stem}.{HOST}.{os.getpid()}{path.suffix}")
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        _remove_abandoned(path.parent)
        yield temporary
        temporary.chmod(0o666 & ~_umask())  # some writers create files that only the owner reads
        os.replace(temporary, path)
    except OSError as error:
        if error.errno not in REMEDIES:
            raise
        raise UserError(
            f"{path} cannot be written ({error.strerror}); {REMEDIES[error.errno]}."
        ) from error
    finally:
        # Where the folder can't be written to, this fails as the write did.
        with suppress(OSError):
            temporary.unlink(missing_ok=True)


def _remove_abandoned(folder: Path) -> None:
    """Remove the temporary files of this host's processes that have ended."""
    pattern = re.compile(rf"\..+\.{re.escape(HOST)}\.(\d+)(\.[^.]*)?")
    for entry in os.scandir(folder):
        found = pattern.fullmatch(entry.name)
        if found and not _runs(int(found[1])):
            # Another process may have removed it.
            with suppress(OSError):
                os.unlink(entry)


def _runs(process: int) -> bool:
    try:
        os.kill(process, 0)
    except (ProcessLookupError, OverflowError):
        return False
    except PermissionError:
        pass  # another user's
    return True


def _umask() -> int:
    """Return the permissions that the user's new files lack."""
    mask = os.umask(0)
    os.umask(mask)
    return mask


def write_arrays(path: str | Path, arrays: Mapping[str, np.ndarray], **metadata: object) -> None:
    """Write named arrays and JSON metadata to one safetensors file.

    Raises:
        UserError: see `whole`.
    """
    from safetensors import SafetensorError
    from safetensors.numpy import save_file

    with whole(path) as temporary:
        contiguous = {name: np.ascontiguousarray(array) for name, array in arrays.items()}
        try:
            save_file(contiguous, temporary, {"json": json.dumps(metadata, sort_keys=True)})
        except SafetensorError as error:
            # The system's error number is only in the text.
            if number := re.search(r"os error (\d+)", str(error)):
                raise OSError(int(number[1]), os.strerror(int(number[1]))) from error
            raise


def read_arrays(path: str | Path) -> tuple[dict[str, np.ndarray], dict[str, Any]]:
    """Memory-map a safetensors file: nothing is read until an array is indexed.

    Returns:
        The arrays by name (read-only) and the metadata given to `write_arrays`.

    Raises:
        UserError: the file can't be read, is damaged, or is of another format.
    """
    try:
        return _mapped(path)
    except OSError as error:
        raise UserError(f"{path} cannot be read ({error.strerror}).") from error
    except DAMAGE as error:
        raise UserError(
            f"{path} is damaged, or is no safetensors file; make or copy it anew."
        ) from error


def _mapped(path: str | Path) -> tuple[dict[str, np.ndarray], dict[str, Any]]:
    with open(path, "rb") as file:
        length = int.from_bytes(file.read(8), "little")
        if length > os.fstat(file.fileno()).st_size:
            raise ValueError("a header longer than the file")
        header = json.loads(file.read(length))
    metadata = json.loads(header.pop("__metadata__", {}).get("json", "{}"))
    if not isinstance(metadata, dict):
        raise ValueError("metadata that are no mapping")
    return {n: _array(path, n, entry, 8 + length) for n, entry in header.items()}, metadata


def _array(path: str | Path, name: str, entry: Mapping[str, Any], start: int) -> np.ndarray:
    """Return one array, given its entry in the header and where the data start."""
    if entry["dtype"] not in DTYPES:
        raise UserError(
            f"{path}: its tensor {name} has the type {entry['dtype']}; convert it to one of "
            f"{', '.join(DTYPES)}."
        )
    dtype, shape = np.dtype(DTYPES[entry["dtype"]]), tuple(entry["shape"])
    begin, end = entry["data_offsets"]
    if begin < 0 or min(shape, default=0) < 0 or end - begin != prod(shape) * dtype.itemsize:
        raise ValueError("a tensor of another size than its place")
    return np.memmap(path, dtype=dtype, mode="r", offset=start + begin, shape=shape)


def check_belongs(path: str | Path, metadata: Mapping[str, Any], **mine: object) -> None:
    """Refuse a file that belongs to another run, seed, ... than those it is used for.

    Raises:
        UserError: the sentence names the file and what it belongs to.
    """
    for key, value in mine.items():
        if metadata.get(key) != value:
            other = metadata.get(key, "nothing it names")
            raise UserError(
                f"{path} belongs to {key} {other}, but is used for {key} {value}; remove it, and "
                "it is made anew."
            )
