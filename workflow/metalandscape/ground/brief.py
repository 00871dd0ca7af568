"""Parameters of jobs, shortened where people read them."""

from typing import Any


class Brief(dict[str, Any]):
    """A dict that is formatted as its keys, and is a plain dict everywhere else.

    Snakemake formats a job's parameters for its terminal and for the report, where whole settings
    would be a wall of text. Scripts get a pickle, which needs no module of this package.
    """

    def __format__(self, spec: str) -> str:
        """Return the keys, as `a, b`."""
        return ", ".join(self)

    def __reduce__(self) -> tuple[type[dict], tuple[dict[str, Any]]]:
        """Return how to make it again: as a plain dict."""
        return dict, (dict(self),)


class Text(str):
    """A user's text, formatted as a placeholder: Snakemake writes it into pages unescaped."""

    def __format__(self, spec: str) -> str:
        """Return a placeholder."""
        return "(text)"

    def __reduce__(self) -> tuple[type[str], tuple[str]]:
        """Return how to make it again: as a plain text."""
        return str, (str(self),)
