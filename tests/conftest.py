import os
from pathlib import Path

import pytest


@pytest.fixture
def archives() -> Path:
    """The folder of real archives; without one, tests on real data are skipped."""
    folder = os.environ.get("METALANDSCAPE_ARCHIVES")
    if not folder:
        pytest.skip("METALANDSCAPE_ARCHIVES names no folder of archives")
    return Path(folder)
