"""Pickles from strangers: arrays and plain containers are read, anything else is refused.

A pickle is a program that may call any function. This reader hands it the few functions that
rebuild numpy arrays, so that a prepared trap does not run (Python documentation, "Restricting
globals").
"""

import collections
import pickle
from typing import Any, BinaryIO

import numpy as np
from numpy._core import multiarray, numeric

from ..ground.errors import UserError


def _encode(text: str, encoding: str) -> bytes:
    """Stand in for `_codecs.encode`, by which old pickles of Python 3 write bytes."""
    if encoding != "latin1":
        raise pickle.UnpicklingError(f"bytes are encoded as {encoding}")
    return text.encode("latin1")


# numpy.core was renamed numpy._core in numpy 2; pickles have either.
ADMITTED = {
    ("numpy", "ndarray"): np.ndarray,
    ("numpy", "dtype"): np.dtype,
    ("_codecs", "encode"): _encode,
    ("collections", "OrderedDict"): collections.OrderedDict,
    **{
        (f"numpy.{core}.{module.__name__.rpartition('.')[2]}", name): getattr(module, name)
        for core in ("core", "_core")
        for module, name in (
            (multiarray, "_reconstruct"),
            (multiarray, "scalar"),
            (numeric, "_frombuffer"),
        )
    },
}


class _Unpickler(pickle.Unpickler):
    def find_class(self, module: str, name: str) -> Any:
        if (module, name) not in ADMITTED:
            raise _RefusedError(f"{module}.{name}")
        return ADMITTED[module, name]


class _RefusedError(pickle.UnpicklingError):
    pass


def load(file: BinaryIO, where: str) -> Any:
    """Return the object pickled in `file`, also by Python 2; `where` names the file in the message.

    Raises:
        UserError: the pickle names a class or function that arrays and plain containers don't need,
            or is damaged.
    """
    try:
        return _Unpickler(file, encoding="latin1").load()
    except _RefusedError as error:
        raise UserError(
            f"{where}: the pickle asks for {error}, which an archive of arrays does not need; it "
            "was refused, don't trust this file."
        ) from error
    except MemoryError:
        raise
    except Exception as error:  # a damaged pickle may raise anything
        raise UserError(f"{where} cannot be read as a pickle ({error}).") from error
