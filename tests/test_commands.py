"""Every command that the documentation prints is one that works, or is said to be untested."""

import re
import shlex
import subprocess
from functools import cache
from pathlib import Path

import pytest
import yaml
from snakemake.cli import parse_args

from metalandscape.settings import config
from metalandscape.settings.plan import Plan

ROOT = Path(__file__).parents[1]
PAGES = [
    "README.md",
    "CONTRIBUTING.md",
    "config/README.md",
    *sorted(str(path.relative_to(ROOT)) for path in (ROOT / "docs").glob("*.md")),
]
# Whose commands a test runs as they stand: tests/workflow/test_tutorial.py.
FOLLOWED = ["docs/tutorial.md"]
PROGRAMS = ("make", "snakemake", "python", "python3.11", "git", "rsync", "nvidia-cuda-mps-control")
UNTESTED = "not tested"
# Of a new checkout, which every run of the tests has behind it.
USUAL = ("git clone", ". .venv/bin/activate", "python3.11 -m venv", ".venv/bin/pip install")


def commands(page):
    """The commands of a page's blocks, each with its comment."""
    for block in re.findall(r"^```(?:bash)?\n(.*?)^```\n", (ROOT / page).read_text(), re.S | re.M):
        lines = block.replace("\\\n", " ").splitlines()
        if any(_program(line) in PROGRAMS for line in lines):
            for line in filter(None, lines):
                command, _, comment = line.partition(" #")
                yield command.strip(), comment


def _program(line):
    words = [word for word in line.split() if not re.match(r"\w+=", word)]
    return words[0] if words else ""


EVERY = sorted((page, *row) for page in PAGES if page not in FOLLOWED for row in commands(page))
OTHERS = [row for row in EVERY if _program(row[1]) not in ("make", "snakemake")]


def of(program):
    """The commands of one program."""
    return sorted({line for _, line, _ in EVERY if _program(line) == program})


@cache
def plan(*files):
    """The plan of configuration files, later ones merged into earlier ones."""
    merged = {}
    for file in files:
        merged |= yaml.safe_load((ROOT / file).read_text())
    return Plan(config.load(merged))


@pytest.mark.parametrize("line", of("make"))
def test_make_knows_the_target(line):
    words = [word for word in shlex.split(line) if word != "make"]
    variables = [word for word in words if "=" in word]
    done = subprocess.run(
        ["make", "-n", *words], cwd=ROOT, capture_output=True, text=True, check=False
    )
    assert done.returncode == 0 and done.stdout, done.stderr
    for variable in variables:
        if variable.startswith("CONFIG="):
            assert all((ROOT / file).exists() for file in variable[7:].split())


@pytest.mark.parametrize("line", of("snakemake"))
def test_snakemake_reads_the_command_and_makes_the_target(line):
    words = shlex.split(line.split("|")[0].replace("/path/to/metalandscape", str(ROOT)))[1:]
    _, arguments = parse_args(words)
    files = [str(file) for file in arguments.configfile or ["config.yaml"]]
    assert all((ROOT / file).exists() for file in files)
    assert all((ROOT / profile).is_dir() for profile in arguments.profile or [])
    made = plan(*files)
    figures = {
        made.figure.format(figure=name, suffix=suffix)
        for name in made.settings.figures
        for suffix in ("pdf", "png")
    }
    assert set(arguments.targets) <= figures


@pytest.mark.parametrize("page, line, comment", OTHERS)
def test_other_commands_are_tested_elsewhere_or_said_to_be_untested(page, line, comment):
    tests = "".join(path.read_text() for path in (ROOT / "tests").glob("**/test_*.py"))
    assert line.startswith(USUAL) or UNTESTED in comment or line in tests, page
