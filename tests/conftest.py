import os
from pathlib import Path

import pytest


def pytest_addoption(parser):
    parser.addoption(
        "--engine",
        choices=["auto", "reference"],
        default="auto",
        help="the engine that tests of the workflow run with; those of engines take all",
    )


@pytest.fixture
def archives() -> Path:
    """The folder of real archives; without one, tests on real data are skipped."""
    folder = os.environ.get("METALANDSCAPE_ARCHIVES")
    if not folder:
        pytest.skip("METALANDSCAPE_ARCHIVES names no folder of archives")
    return Path(folder)
