"""The environment that jobs inherit from the workflow, set and checked in one place."""

import os
import sys
from collections.abc import Iterable
from pathlib import Path

from ..datasets import ARCHIVES
from ..ground import plugins
from ..ground.errors import UserError


def check_platform() -> None:
    """Refuse to run where jobs can't.

    Raises:
        UserError: this is Windows itself.
    """
    if sys.platform == "win32":
        raise UserError("on Windows the workflow runs in WSL only; install WSL and call it there.")


def check_working_directory() -> None:
    """Refuse a working directory in which Snakemake can't keep its state, even of a dry-run.

    Raises:
        UserError: it is read-only, or belongs to somebody else.
    """
    if not os.access(_nearest(".snakemake"), os.W_OK | os.X_OK):
        raise UserError(
            f"{os.path.abspath('.snakemake')} cannot be written to; call snakemake with "
            "--directory and a folder that you can write to."
        )


def check_places(folders: Iterable[str]) -> None:
    """Refuse folders of products that can't be made: Snakemake looks into them when it plans.

    Raises:
        UserError: a file, or a link to nothing, stands where a folder should be.
    """
    for folder in sorted(folders):
        place = _nearest(folder)
        if not os.path.isdir(place):
            raise UserError(
                f"{folder} can be no folder, for {place} is none; remove that, or set another "
                "folder in the config key folders."
            )


def check_writable(files: Iterable[str]) -> None:
    """Refuse to start jobs whose files can't be written: Snakemake touches these before the jobs.

    Raises:
        UserError: a folder is read-only, or belongs to somebody else.
    """
    for folder in sorted({os.path.dirname(file) for file in files}):
        if not os.access(_nearest(folder), os.W_OK | os.X_OK):
            raise UserError(
                f"{folder or 'the working directory'} cannot be written to; make it a folder that "
                "you can write to, or set another one in the config key folders."
            )


def _nearest(folder: str) -> Path:
    """Return the folder, or the nearest place above it that is there."""
    places = (Path(folder), *Path(folder).parents)
    return next(place for place in places if os.path.lexists(place))


_handed_on: dict[str, tuple[str | None, Path | None]] = {}


def hand_on(archives: str | None, alone: bool = True) -> None:
    """Make jobs run this interpreter and this package, wherever checkout and environment are.

    The folder of parts outside the package is passed on in the same way: as a parameter of jobs,
    its path would rerun everything when the folder moves.

    Args:
        archives: the configured folder of pre-staged archives; None leaves the user's variable.
        alone: whether no other workflow uses this one as a module; its jobs keep their PYTHONPATH.

    Raises:
        UserError: another module of the same workflow has handed on others.
    """
    own = (archives, plugins.outside())
    if _handed_on.setdefault("own", own) != own:
        raise UserError(
            "config keys archives and plugins: two modules of one workflow have different ones; "
            "give both the same, or call them one after the other."
        )
    theirs = [] if alone else [os.environ.get("PYTHONPATH")]
    paths = [str(Path(__file__).parents[2]), *filter(None, theirs)]
    os.environ["PYTHONPATH"] = os.pathsep.join(paths)
    os.environ["PATH"] = os.pathsep.join([str(Path(sys.executable).parent), os.environ["PATH"]])
    os.environ[plugins.VARIABLE] = str(plugins.outside() or "")
    if archives:
        os.environ[ARCHIVES] = archives
