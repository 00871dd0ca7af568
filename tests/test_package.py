"""The package as it is installed: from a wheel, in its own environment, without a checkout."""

import json
import os
import re
import subprocess
import sys
import zipfile

import pytest
import yaml

import door
from metalandscape.engines._library import SOURCES
from metalandscape.ground import plugins
from metalandscape.ground.version import VERSION

PIP = [sys.executable, "-m", "pip", "--disable-pip-version-check", "--quiet", "--no-input"]


def run(*command, cwd):
    """Run a program that knows nothing of the checkout; return what it prints."""
    environment = {name: value for name, value in os.environ.items() if name != "PYTHONPATH"}
    done = subprocess.run(command, cwd=cwd, env=environment, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    return done.stdout


@pytest.fixture(scope="module")
def wheel(tmp_path_factory):
    pytest.importorskip("hatchling", reason="hatchling, which builds the wheel, is not installed")
    folder = tmp_path_factory.mktemp("wheel")
    build = ("wheel", "--no-deps", "--no-build-isolation", "--wheel-dir", str(folder))
    run(*PIP, *build, str(door.ROOT), cwd=folder)
    (path,) = folder.iterdir()
    return path


@pytest.fixture(scope="module")
def python(wheel, tmp_path_factory):
    """The interpreter of a fresh environment with the wheel; its dependencies are those of here."""
    folder = tmp_path_factory.mktemp("environment")
    run(sys.executable, "-m", "venv", "--without-pip", str(folder), cwd=folder)
    python = folder / "bin" / "python"
    where = "import sysconfig; print(sysconfig.get_path('purelib'))"
    (packages,) = run(str(python), "-c", where, cwd=folder).splitlines()
    these = [path for path in sys.path if path.endswith("site-packages")]
    with open(f"{packages}/dependencies.pth", "w") as file:
        file.write("\n".join(these))
    run(*PIP, "--python", str(python), "install", "--no-deps", str(wheel), cwd=folder)
    return str(python)


def inside(python, program, cwd):
    return run(python, "-W", "error", "-c", program, cwd=cwd)


def test_the_wheel_has_the_whole_package_and_nothing_else(wheel):
    tracked = ["git", "ls-files", "workflow/metalandscape", "config/splits"]
    listed = subprocess.run(tracked, cwd=door.ROOT, capture_output=True, text=True)
    if listed.returncode:
        pytest.skip("not a checkout")
    expected = {
        re.sub("^workflow/|^(?=config/)", lambda m: "" if m[0] else "metalandscape/", name)
        for name in listed.stdout.split()
    }
    with zipfile.ZipFile(wheel) as file:
        found = {name for name in file.namelist() if ".dist-info/" not in name}
    assert found == expected
    assert {f"metalandscape/engines/{source}" for source in SOURCES} <= found


def test_the_version_is_written_once(wheel, python, tmp_path):
    assert wheel.name == f"metalandscape-{VERSION}-py3-none-any.whl"
    program = (
        "import metalandscape, importlib.metadata as m; "
        "print(metalandscape.__version__, m.version('metalandscape'))"
    )
    assert inside(python, program, tmp_path).split() == [VERSION, VERSION]
    citation = yaml.safe_load((door.ROOT / "CITATION.cff").read_text())
    assert citation["version"] == VERSION


def test_the_example_runs_outside_any_checkout(python):
    folder, _ = door.example()
    where = "print(metalandscape.__file__)"
    *printed, file = inside(python, f"{door.EXAMPLE}\n{where}", folder).splitlines()
    door.check_example("\n".join(printed))
    assert file.startswith(os.path.dirname(os.path.dirname(python)))
    assert not file.startswith(str(plugins.PACKAGE))


def test_split_lists_are_found_without_a_checkout(python, tmp_path):
    program = (
        "import json\n"
        "from metalandscape.datasets import _splits, miniimagenet\n"
        "print(json.dumps([_splits.load('config/splits/cifar_fs.json'),"
        " json.loads(miniimagenet.RAVI.read_text())]))"
    )
    found = json.loads(inside(python, program, tmp_path))
    splits = door.ROOT / "config" / "splits"
    names = ("cifar_fs", "miniimagenet_ravi")
    assert found == [json.loads((splits / f"{name}.json").read_text()) for name in names]
