"""Numeric arrays from the pieces that a pickle holds, checked before anything is made of them.

What a pickle names becomes one of two inert records here; nothing of numpy is called by name, and
numpy never sees a state that came from the file: only a type of `NUMERIC`, a shape and bytes.
"""

import math
from typing import Any

import numpy as np

NUMERIC = {f"{kind}{size}" for kind in "iu" for size in (1, 2, 4, 8)} | {
    *("f2", "f4", "f8", "c8", "c16")
}
SIMPLE = [None, None, None, -1, -1, 0]  # no fields, no subarray, no flags
MOST_DIMENSIONS = 8


class RefusedError(ValueError):
    """The pickle asks for more than numeric arrays and plain containers."""


class Name:
    """An admitted name: it can be compared, and nothing else."""

    __slots__ = ("name",)

    def __init__(self, name: str) -> None:
        self.name = name


class Pending:
    """An array or a type whose content has not been read yet.

    Attributes:
        code: of a type, its kind and size in bytes, such as "u1"; None of an array.
        memos: where the pickle has put it, so that the finished array replaces it there.
    """

    __slots__ = ("code", "memos")

    def __init__(self, code: str | None) -> None:
        self.code = code
        self.memos: list[int] = []


class Arrays:
    """Makes arrays, as long as all of them together are no larger than the file.

    The methods of the table `makers` stand in for the functions that a pickle names.
    """

    def __init__(self, size: int) -> None:
        """Take the size of the file; old pickles of Python 3 hold bytes as text, copied once."""
        self.budget = 2 * size

    def makers(self) -> dict[str, Any]:
        """Return the functions that may be called, by the name that pickles use."""
        return {
            "OrderedDict": self._mapping,
            "bytes": lambda: b"",  # how old pickles of Python 3 write no bytes
            "encode": self._encode,
            "dtype": self._type,
            "_reconstruct": self._pending,
            "scalar": lambda dtype, raw: self._array((1,), dtype, False, raw)[0],
            "_frombuffer": lambda raw, dtype, shape, order: self._array(
                shape, dtype, order == "F", raw
            ),
        }

    def finished(self, pending: Pending, state: tuple) -> np.ndarray | np.dtype:
        """Return the array or the type of a pickled state."""
        if pending.code is not None:
            return _ordered(pending.code, state)
        _version, shape, dtype, fortran, raw = state
        return self._array(shape, dtype, fortran, raw)

    def _mapping(self, pairs: list | tuple = ()) -> dict:
        if type(pairs) not in (list, tuple) or any(
            type(pair) not in (list, tuple) or len(pair) != 2 for pair in pairs
        ):
            raise ValueError("a mapping of what are no pairs")
        self._spend(len(pairs))
        return mapping({}, [value for pair in pairs for value in pair])

    def _encode(self, text: str, encoding: str) -> bytes:
        if type(text) is not str or encoding not in ("latin1", "latin-1"):
            raise ValueError("bytes in an unknown encoding")
        self._spend(len(text))
        return text.encode("latin1")

    def _type(self, code: str, *_: Any) -> Pending:
        short = code[:5].lstrip("<>|=") if type(code) is str else "unknown"
        if short not in NUMERIC:
            raise RefusedError(f"arrays of type {short}")
        return Pending(short)

    def _pending(self, kind: Name, shape: tuple, code: Any) -> Pending:
        if type(kind) is not Name or kind.name != "ndarray":
            raise RefusedError("an array that is no numpy.ndarray")
        return Pending(None)

    def _array(self, shape: tuple, dtype: np.dtype, fortran: bool, raw: bytes | str) -> np.ndarray:
        """Return an array over bytes of the file, if they are as many as its shape says."""
        if not isinstance(dtype, np.dtype) or type(shape) is not tuple:
            raise ValueError("an array without a type or a shape")
        sides = [type(side) is int and 0 <= side < 2**40 for side in shape[:MOST_DIMENSIONS]]
        if not all(sides) or len(shape) > MOST_DIMENSIONS:
            raise ValueError("an array with an odd shape")
        if type(raw) not in (bytes, bytearray, str):
            raise RefusedError("an array of objects")
        count = math.prod(shape)
        if count * dtype.itemsize != len(raw):
            raise ValueError(f"an array of {shape} {dtype} in {len(raw)} bytes")
        self._spend(len(raw))
        data = raw.encode("latin1") if isinstance(raw, str) else raw
        flat = np.frombuffer(data, dtype) if count else np.empty(0, dtype)
        return flat.reshape(shape, order="F" if fortran else "C")

    def _spend(self, count: int) -> None:
        self.budget -= count
        if self.budget < 0:
            raise ValueError("arrays larger than the file")


def _ordered(code: str, state: tuple) -> np.dtype:
    """Return the type of a number, given its byte order and nothing else."""
    version, order, *rest = state
    if version != 3 or order not in ("<", ">", "|", "=") or rest != SIMPLE:
        raise RefusedError("arrays of a structured type")
    return np.dtype(f"{order}{code}")


def mapping(target: dict, items: list) -> dict:
    """Add alternating keys and values; keys are text or numbers, whose hash takes no time."""
    for key, value in zip(items[::2], items[1::2], strict=True):
        small = isinstance(key, int) and key.bit_length() <= 64
        if not small and not isinstance(key, (str, bytes, float, type(None), np.generic)):
            raise ValueError("a key that is neither text nor a number")
        target[key] = value
    return target
