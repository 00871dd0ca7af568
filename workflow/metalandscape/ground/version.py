"""The version of this package."""

from importlib.metadata import PackageNotFoundError
from importlib.metadata import version as installed

UNINSTALLED = "0.2.0"  # of a checkout that is not installed; pyproject.toml has the same


def version() -> str:
    """Return the version of the package."""
    try:
        return installed("metalandscape")
    except PackageNotFoundError:
        return UNINSTALLED
