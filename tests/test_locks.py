"""Holds the locks of requirements/ to pyproject.toml, to each other, and to what is imported."""

import re
import tomllib
from importlib import metadata
from pathlib import Path

import pytest
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

import imports

ROOT = Path(__file__).parents[1]
LOCKS = {path.stem: path.read_text() for path in sorted((ROOT / "requirements").glob("*.txt"))}
PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text())
ASKED = {
    "run": [
        *PROJECT["project"]["dependencies"],
        *PROJECT["project"]["optional-dependencies"]["workflow"],
    ],
    **PROJECT["dependency-groups"],
}
TOOLS = {
    "black",
    "coverage",
    "hatchling",
    "hypothesis",
    "mypy",
    "pytest",
    "ruff",
    "selenium",
    "snakefmt",
    "uv",
}
LEFT_OUT = {"triton"}  # for torch.compile on GPUs only: docs/setup.md

OWN = {"metalandscape"} | {
    path.stem for folder in ("tests", "benchmarks") for path in (ROOT / folder).rglob("*.py")
}

every_lock = pytest.mark.parametrize("name", LOCKS)


def entries(name):
    """The requirements of a lock, each a text of its own with its hashes."""
    lines = re.sub(r"^#.*\n", "", LOCKS[name], flags=re.M)
    return re.split(r"\n(?=\S)", lines.strip())


def versions(name):
    """Package -> version of a lock."""
    return dict(entry.split()[0].split("==") for entry in entries(name))


def asked(name):
    """Names of the packages that pyproject.toml asks for."""
    return {canonicalize_name(Requirement(line).name) for line in ASKED[name]}


def test_there_is_a_lock_for_everything_asked_for():
    assert LOCKS.keys() == ASKED.keys() == {"run", "test", "cluster", "docs", "page", "board", "uv"}


@every_lock
def test_every_requirement_is_one_version_with_hashes(name):
    pattern = r"[a-z0-9.-]+==[\w.]+( ; [^\\\n]+)?( \\\n    --hash=sha256:[0-9a-f]{64})+"
    assert [entry for entry in entries(name) if not re.fullmatch(pattern, entry)] == []


@every_lock
def test_no_index_is_named(name):
    assert not re.search(r"://|index|find-links|trusted-host", LOCKS[name])


@every_lock
def test_what_is_asked_for_is_locked(name):
    for line in ASKED[name]:
        requirement = Requirement(line)
        assert versions(name)[canonicalize_name(requirement.name)] in requirement.specifier


def test_a_package_has_one_version_in_all_locks():
    pairs = {pair for name in LOCKS for pair in versions(name).items()}
    assert len(pairs) == len(dict(pairs))


def test_what_runs_brings_no_tools_along():
    assert not versions("run").keys() & (TOOLS | asked("cluster"))
    assert versions("test").keys() | asked("uv") >= TOOLS


@pytest.mark.parametrize("name", ["run", "test", "cluster"])
def test_a_lock_is_complete(name):
    """Nothing else is installed, so what a package needs on this machine has to be in its lock."""
    extras = {canonicalize_name(r.name): r.extras for r in map(Requirement, ASKED[name])}
    for package in installed(name):
        for line in metadata.requires(package) or ():
            needed = Requirement(line)
            if applies(needed, extras.get(package, ())):
                assert canonicalize_name(needed.name) in versions(name).keys() | LEFT_OUT, line


def installed(name):
    """Packages of a lock that are for this machine."""
    for entry in entries(name):
        requirement = Requirement(entry.split("\\")[0])
        if applies(requirement):
            yield requirement.name


def applies(requirement, extras=()):
    """Whether a requirement is one on this machine, with or without any of the extras."""
    marker = requirement.marker
    return not marker or any(marker.evaluate({"extra": extra}) for extra in ("", *extras))


def test_all_that_the_package_imports_is_asked_for():
    dependencies = {Requirement(line).name for line in PROJECT["project"]["dependencies"]}
    assert imports.packages((ROOT / "workflow/metalandscape").rglob("*.py")) - OWN <= dependencies


def test_all_that_the_workflow_and_tests_import_is_asked_for():
    files = [ROOT / "Snakefile", *(ROOT / "workflow").rglob("*.smk")]
    files += (ROOT / "workflow/scripts").rglob("*.py")
    optional = asked("page") | asked("board")
    assert imports.packages(files) - OWN <= asked("run") | optional
    own = imports.packages((ROOT / "tests").rglob("*.py")) - OWN
    assert own <= asked("run") | asked("test") | optional
