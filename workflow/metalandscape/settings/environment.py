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


def check_places(folders: Iterable[str]) -> None:
    """Refuse folders of products that can't be made: Snakemake looks into them when it plans.

    Raises:
        UserError: a file, or a link to nothing, stands where a folder should be.
    """
    for folder in sorted(folders):
        there = [place for place in (Path(folder), *Path(folder).parents) if os.path.lexists(place)]
        if not os.path.isdir(there[0]):
            raise UserError(
                f"{folder} can be no folder, for {there[0]} is none; remove that, or set another "
                "folder in the config key folders."
            )


def hand_on(archives: str | None, alone: bool = True) -> None:
    """Make jobs run this interpreter and this package, wherever checkout and environment are.

    The folder of parts outside the package is passed on in the same way: as a parameter of jobs,
    its path would rerun everything when the folder moves.

    Args:
        archives: the configured folder of pre-staged archives; None leaves the user's variable.
        alone: whether no other workflow uses this one as a module; its jobs keep their PYTHONPATH.
    """
    theirs = [] if alone else [os.environ.get("PYTHONPATH")]
    paths = [str(Path(__file__).parents[2]), *filter(None, theirs)]
    os.environ["PYTHONPATH"] = os.pathsep.join(paths)
    os.environ["PATH"] = os.pathsep.join([str(Path(sys.executable).parent), os.environ["PATH"]])
    os.environ[plugins.VARIABLE] = str(plugins.outside() or "")
    if archives:
        os.environ[ARCHIVES] = archives
