"""Holds conda environments, the container and the profiles to the locked requirements."""

import ast
import re
import sys
import tomllib
from pathlib import Path

import pytest
import yaml
from packaging.requirements import Requirement

from metalandscape.ground import plugins

ROOT = Path(__file__).parents[1]
LOCKS = ("requirements.txt", "requirements-cluster.txt")
ENVIRONMENTS = sorted((ROOT / "envs").glob("*.yaml"))
# conda's names of what PyPI calls otherwise
PYPI = {"pytorch": "torch", "matplotlib-base": "matplotlib", "snakemake-minimal": "snakemake"}
IMPORTED = {"PIL": "pillow", "fontTools": "fonttools", "yaml": "pyyaml"}
UNLOCKED = {"python", "cxx-compiler"}
OWN_TO_INSTALL = {"s3"}  # its botocore wants another python-dateutil than the lock's pandas


def locked():
    """Name -> version of everything that the locks name."""
    text = "".join((ROOT / name).read_text() for name in LOCKS)
    return {
        name.lower(): version for name, version in re.findall(r"^([\w.-]+)==(\S+)$", text, re.M)
    }


def dependencies(environment):
    """Name -> version, "" if any, of a conda environment."""
    content = yaml.safe_load(environment.read_text())
    assert set(content) == {"channels", "dependencies"}
    words = [line.split() for line in content["dependencies"]]
    return {name: "".join(version).removeprefix("=") for name, *version in words}


@pytest.mark.parametrize("environment", ENVIRONMENTS, ids=lambda path: path.stem)
def test_conda_has_the_locked_versions(environment):
    found = dependencies(environment)
    assert found["python"] == "3.11"
    for name in found.keys() - UNLOCKED:
        assert found[name] == locked()[PYPI.get(name, name)], name


def test_conda_has_all_that_the_package_imports():
    found = {PYPI.get(name, name) for name in dependencies(ROOT / "envs/metalandscape.yaml")}
    trees = [ast.parse(path.read_text()) for path in plugins.PACKAGE.rglob("*.py")]
    nodes = [node for tree in trees for node in ast.walk(tree)]
    names = {alias.name for node in nodes if isinstance(node, ast.Import) for alias in node.names}
    names |= {n.module for n in nodes if isinstance(n, ast.ImportFrom) and not n.level}
    needed = {name.split(".")[0] for name in names} - sys.stdlib_module_names
    # Only the Snakefile reads YAML.
    assert {IMPORTED.get(name, name) for name in needed} - {"pyyaml"} <= found


def test_the_second_lock_repeats_nothing_of_the_first():
    first, second = (set(re.findall(r"^[\w.-]+==", (ROOT / f).read_text(), re.M)) for f in LOCKS)
    assert not first & second


def test_the_project_asks_for_locked_packages_only():
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
    groups = [project["dependencies"], *project["optional-dependencies"].values()]
    for requirement in (one for group in groups for one in group):
        asked = Requirement(requirement)
        assert locked()[asked.name.lower()] in asked.specifier


def test_plugins_of_profiles_are_locked():
    for profile in (ROOT / "profiles").glob("*/config.yaml"):
        content = yaml.safe_load(profile.read_text())
        if executor := content.get("executor"):
            assert f"snakemake-executor-plugin-{executor}" in locked()
        storage = content.get("default-storage-provider")
        if storage and storage not in OWN_TO_INSTALL:
            assert f"snakemake-storage-plugin-{storage}" in locked()


def test_the_container_is_built_from_what_there_is():
    text = (ROOT / "Containerfile").read_text()
    (copied,) = re.findall(r"^COPY (.*) /opt", text, re.M)
    assert set(copied.split()) == set(LOCKS)
    assert re.search(r"^FROM \S+/python:3\.11-slim$", text, re.M)
