"""Files that are either whole or absent, and the one binary format used for them (safetensors)."""

import json
import os
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import numpy as np

from .errors import UserError

DTYPES = {"U8": "u1", "I64": "<i8", "F32": "<f4", "F64": "<f8"}
DAMAGE = (ValueError, LookupError, TypeError, AttributeError)  # what reading such a file raises


@contextmanager
def whole(path: str | Path) -> Iterator[Path]:
    """Yield a temporary name beside `path`; rename it to `path` only if the block succeeds."""
    path = Path(path)
    path.parent.mkdir(parents=True, exist_ok=True)
    temporary = path.with_name(f".{path.stem}.{os.getpid()}{path.suffix}")
    try:
        yield temporary
        temporary.chmod(0o666 & ~_umask())  # some writers create files that only the owner reads
        os.replace(temporary, path)
    finally:
        temporary.unlink(missing_ok=True)


def _umask() -> int:
    """Return the permissions that the user's new files lack."""
    mask = os.umask(0)
    os.umask(mask)
    return mask


def write_arrays(path: str | Path, arrays: Mapping[str, np.ndarray], **metadata: object) -> None:
    """Write named arrays and JSON metadata to one safetensors file."""
    from safetensors.numpy import save_file

    with whole(path) as temporary:
        contiguous = {name: np.ascontiguousarray(array) for name, array in arrays.items()}
        save_file(contiguous, temporary, {"json": json.dumps(metadata, sort_keys=True)})


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
    return {n: _array(path, n, entry, 8 + length) for n, entry in header.items()}, metadata


def _array(path: str | Path, name: str, entry: Mapping[str, Any], start: int) -> np.ndarray:
    """Return one array, given its entry in the header and where the data start."""
    if entry["dtype"] not in DTYPES:
        raise UserError(
            f"{path}: its tensor {name} has the type {entry['dtype']}; convert it to one of "
            f"{', '.join(DTYPES)}."
        )
    return np.memmap(
        path,
        dtype=DTYPES[entry["dtype"]],
        mode="r",
        offset=start + entry["data_offsets"][0],
        shape=tuple(entry["shape"]),
    )


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
