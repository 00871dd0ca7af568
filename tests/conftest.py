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
# Before any test imports them.
jaxtyping.install_import_hook([f"metalandscape.{each}" for each in SHAPED], "checked.typechecked")


def pytest_addoption(parser):
    parser.addoption(
        "--engine",
        choices=["auto", "reference"],
        default="auto",
        help="the engine that tests of the workflow run with; those of engines take all",
    )


@pytest.hookimpl(tryfirst=True)  # before the plugin that looks for groups
def pytest_collection_modifyitems(items):
    """Let one process run the tests of the workflow from the start: they share a finished project.

    Others run beside it with `-n 2 --dist loadgroup`, as `make test` does.
    """
    of_workflow = {item for item in items if "workflow" in item.path.parts[-2:]}
    for item in of_workflow:
        item.add_marker(pytest.mark.xdist_group("workflow"))
    items.sort(key=lambda item: item not in of_workflow)


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
