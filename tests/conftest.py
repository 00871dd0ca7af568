import os
from pathlib import Path

import jaxtyping
import pytest

SHAPED = (
    "networks",
    "tasks",
    "engines",
    "learner",
    "optimizers",
    "regularizers",
    "algorithms",
    "training",
    "metrics",
    "results.statistics",
    "library",
)
# `make test` would tell a make that a test calls of its own options and depth.
for name in ("MAKEFLAGS", "MAKELEVEL", "MFLAGS"):
    os.environ.pop(name, None)

# One thread, as jobs have: sums by several have other last digits, and tests run beside each other.
os.environ |= {"OMP_NUM_THREADS": "1", "OMP_WAIT_POLICY": "PASSIVE"}

# Before any test imports them.
jaxtyping.install_import_hook([f"metalandscape.{each}" for each in SHAPED], "checked.typechecked")


def pytest_addoption(parser):
    parser.addoption(
        "--engine",
        choices=["auto", "reference", "vectorized"],
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


@pytest.fixture
def unchecked():
    """Leaves annotations unchecked, as programs do: for stand-ins, and errors about arguments."""
    jaxtyping.config.update("jaxtyping_disable", True)
    yield
    jaxtyping.config.update("jaxtyping_disable", False)
