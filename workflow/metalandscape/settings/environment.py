"""The environment variables that jobs inherit from the workflow, set in one place."""

import os
import sys
from pathlib import Path

from ..datasets import ARCHIVES


def hand_on(archives: str | None) -> None:
    """Make jobs run this interpreter and this package, wherever checkout and environment are.

    Args:
        archives: the configured folder of pre-staged archives; None leaves the user's variable.
    """
    os.environ["PYTHONPATH"] = str(Path(__file__).parents[2])
    os.environ["PATH"] = os.pathsep.join([str(Path(sys.executable).parent), os.environ["PATH"]])
    if archives:
        os.environ[ARCHIVES] = archives
