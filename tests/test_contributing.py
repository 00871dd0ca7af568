"""What contributors are told exists: targets, hooks, files."""

import re
import subprocess
from pathlib import Path

import yaml

ROOT = Path(__file__).parents[1]
MAKEFILE = (ROOT / "Makefile").read_text()
CONTRIBUTING = (ROOT / "CONTRIBUTING.md").read_text()


def targets():
    (names,) = re.findall(r"^\.PHONY: (.*)$", MAKEFILE, re.M)
    return set(names.split()) - {"FORCE"}


def test_help_has_a_line_for_every_target():
    text = subprocess.run(["make", "help"], cwd=ROOT, capture_output=True, text=True, check=True)
    lines = text.stdout.splitlines()
    assert {line.split()[1] for line in lines} == targets() and len(lines) == len(targets())
    assert all(len(line) <= 100 and len(line.split()) > 4 for line in lines)


def test_targets_that_contributors_and_runners_call_exist():
    workflow = (ROOT / ".github/workflows/tests.yml").read_text()
    called = set(re.findall(r"make ([a-z]+)", CONTRIBUTING + workflow))
    assert called <= targets()


def test_what_unit_leaves_out_exists():
    (names,) = re.findall(r"^SLOW := (.*)$", MAKEFILE, re.M)
    assert all((ROOT / "tests" / name).exists() for name in names.split())


def test_hooks_run_the_tools_of_lint():
    lint = MAKEFILE.split("\nlint:")[1].split("\n\n")[0]
    (repository,) = yaml.safe_load((ROOT / ".pre-commit-config.yaml").read_text())["repos"]
    entries = [hook["entry"].removeprefix(".venv/bin/") for hook in repository["hooks"]]
    assert entries[-1] == "make schema"
    assert len(entries) > 1 and all(f" {entry}" in lint for entry in entries[:-1])


def test_files_that_the_guide_names_exist():
    linked = [link.partition("#")[0] for link in re.findall(r"\]\((?!http)([^)]+)\)", CONTRIBUTING)]
    named = re.findall(r"`((?:tests|config|workflow|figures|results)/[\w/.]+)`", CONTRIBUTING)
    run = re.findall(r"pytest (tests/[\w/]+(?:\.py)?)", CONTRIBUTING)
    paths = {path for path in [*linked, *named, *run] if "ROOM" not in path}
    assert paths and all((ROOT / path).exists() for path in paths)
