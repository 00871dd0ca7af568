"""The environment variables that jobs inherit from the workflow, set in one place."""

import os
import sys
from pathlib import Path

from ..datasets import ARCHIVES
from ..ground import plugins


def hand_on(archives: str | None) -> None:
    """Make jobs run this interpreter and this package, wherever checkout and environment are.

    Parts outside the package are handed on so, too: as a parameter of jobs, the place of their
    folder would rerun everything when it moves.

    Args:
        archives: the configured folder of pre-staged archives; None leaves the user's variable.
    """
    os.environ["PYTHONPATH"] = str(Path(__file__).parents[2])
    os.environ["PATH"] = os.pathsep.join([str(Path(sys.executable).parent), os.environ["PATH"]])
    os.environ[plugins.VARIABLE] = str(plugins.outside() or "")
    if archives:
        os.environ[ARCHIVES] = archives
