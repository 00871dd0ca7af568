"""Files of this project whose content is damaged: refused by name, without a traceback."""

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from . import plugins
from .errors import UserError

# What using damaged content raises; RuntimeError is torch's.
DAMAGE = (
    ValueError,
    LookupError,
    TypeError,
    AttributeError,
    OverflowError,
    RecursionError,
    RuntimeError,
)


@contextmanager
def refused(path: str | Path) -> Iterator[None]:
    """Turn the exceptions that damaged content raises in the block into a refusal of its file.

    Errors of a part outside the package pass, because its author needs to see them.

    Raises:
        UserError: the sentence names the file.
    """
    try:
        yield
    except DAMAGE as error:
        if plugins.blamed(error):
            raise
        reason = " ".join(f"{type(error).__name__}: {error}".split())
        raise UserError(
            f"{path} is damaged ({reason:.200}); remove it, and it is made anew."
        ) from error


def item(metadata: Mapping[str, Any], key: str, *types: type) -> Any:
    """Return a value of a file's metadata, whose type must be one of some.

    Raises:
        LookupError, TypeError: it is missing, or of another type; see `refused`.
    """
    if type(metadata[key]) not in types:
        raise TypeError(f"{key} is {metadata[key]!r:.50}")
    return metadata[key]
