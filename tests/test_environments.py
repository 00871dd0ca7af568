"""Holds conda environments, the container and the profiles to the locked requirements."""

import re
from pathlib import Path

import pytest
import yaml

import imports
from metalandscape.ground import plugins

ROOT = Path(__file__).parents[1]
LOCKS = sorted((ROOT / "requirements").glob("*.txt"))
ENVIRONMENTS = sorted((ROOT / "envs").glob("*.yaml"))
# conda's names of what PyPI calls otherwise
PYPI = {"pytorch": "torch", "matplotlib-base": "matplotlib", "snakemake-minimal": "snakemake"}
UNLOCKED = {"python", "cxx-compiler"}
OWN_TO_INSTALL = {"s3"}  # its botocore wants another python-dateutil than the lock's pandas


def locked():
    """Name -> version of everything that the locks name."""
    text = "".join(path.read_text() for path in LOCKS)
    return dict(re.findall(r"^([\w.-]+)==(\S+)", text, re.M))


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
    needed = imports.packages(plugins.PACKAGE.rglob("*.py"))
    # Only the Snakefile reads YAML.
    assert needed - {"pyyaml"} <= found


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
    copied = re.findall(r"^COPY (.*) /opt", text, re.M)
    assert copied == ["Makefile", "requirements"]
    (target,) = re.findall(r"^RUN .*\bmake .* (\w+)$", text, re.M)
    assert re.search(rf"^{target}:", (ROOT / "Makefile").read_text(), re.M)
    assert re.search(r"^FROM \S+/python:3\.11-slim$", text, re.M)
