"""Other ways to run the workflow: conda, apptainer, from and in other folders, read-only."""

import os
import shutil
import subprocess
import sys

import pytest

from short_workflow import (
    DATA,
    DRAWN,
    FIGURE,
    SHORT,
    TRAINED,
    files,
    program,
    sentence,
    shorten,
    snakemake,
)

READ_ONLY = """
mount --bind "$0" "$0" && mount -o remount,bind,ro "$0" && ! touch "$0/new" 2>/dev/null && exec "$@"
"""

# What Snakemake asks of conda; an environment is a `python` that is the one of the tests.
CONDA = f"""#!{sys.executable}
import json, pathlib, sys
words, base = sys.argv[1:], pathlib.Path(__file__).parents[1]
answers = {{
    "info --json": json.dumps({{"conda_prefix": str(base), "platform": "linux-64"}}),
    "--version": "conda 25.1.0",
    "config --get channel_priority --json": '{{"get": {{"channel_priority": "strict"}}}}',
    "clean -y --tarballs": "",
}}
if (asked := " ".join(words)) in answers:
    print(answers[asked])
else:
    assert words[:2] == ["env", "create"], words
    assert "pytorch" in pathlib.Path(words[words.index("--file") + 1]).read_text()
    place = pathlib.Path(words[words.index("--prefix") + 1], "bin")
    place.mkdir(parents=True)
    python = place / "python"
    run = 'exec {sys.executable} "$@"'
    python.write_text(f'#!/bin/sh\\necho "$@" >> {{base}}/calls\\n{{run}}\\n')
    python.chmod(0o755)
"""
ACTIVATE = 'export CONDA_PREFIX="$1" PATH="$1/bin:$PATH"\n'

# A container has its own PATH, its python is the one of the tests, and it sees what is bound.
APPTAINER = f"""#!{sys.executable}
import json, os, pathlib, sys
words = sys.argv[1:]
if words == ["--version"]:
    sys.exit(print("apptainer version 1.3.0"))
at = words.index("bash")
with open(pathlib.Path(__file__).with_name("calls"), "a") as file:
    file.write(json.dumps(words[:at]) + "\\n")
os.environ["PATH"] = {os.path.dirname(sys.executable)!r} + ":/usr/bin:/bin"
os.execvp("bash", words[at:])
"""


@pytest.fixture(scope="module")
def checkout(fresh):
    """A checkout whose configurations are short and name an image; not to be changed."""
    project = fresh()
    project.configure(shorten)
    project.configure(lambda config: config.update(container="image.sif"))
    shutil.copy(project.folder / "config/smoke.yaml", project.folder / "config.yaml")
    return project.folder


@pytest.fixture
def project(fresh):
    """A checkout of the test's own whose smoke configuration is short."""
    project = fresh()
    project.configure(shorten)
    return project


def isolates():
    """Whether this machine lets us mount a folder read-only, for us alone."""
    command = ["unshare", "--map-root-user", "--mount", "true"]
    return shutil.which("unshare") and subprocess.run(command, capture_output=True).returncode == 0


def with_first(folder):
    return f"{folder}{os.pathsep}{os.environ['PATH']}"


def made(folder):
    return {name for name in (DATA, TRAINED, DRAWN) if (folder / name).stat().st_size > 0}


ALL = {DATA, TRAINED, DRAWN}


def test_conda(project, tmp_path):
    program(tmp_path / "bin/conda", CONDA)
    (tmp_path / "bin/activate").write_text(ACTIVATE)
    project.run(*SHORT, "--sdm", "conda", PATH=with_first(tmp_path / "bin"))
    assert made(project.folder) == ALL
    calls = (tmp_path / "calls").read_text()
    assert "metalandscape prepare" in calls and "metalandscape train" in calls
    assert "draw_figure.py" in calls


def test_a_container_that_is_named_runs_the_jobs(project, tmp_path):
    image = program(tmp_path / "image.sif", "")
    program(tmp_path / "bin/apptainer", APPTAINER)
    archives = tmp_path / "it's $(touch pwned)"
    archives.mkdir()
    project.configure(lambda config: config.update(container=str(image), archives=str(archives)))
    project.run(DATA, DRAWN, "--sdm", "apptainer", PATH=with_first(tmp_path / "bin"))
    assert (project.folder / DATA).exists() and (project.folder / DRAWN).exists()
    calls = (tmp_path / "bin/calls").read_text().splitlines()
    assert len(calls) == 2
    for call in calls:
        assert f'"{image}"' in call and f'"--bind", "{project.folder}"' in call
        assert f'"--bind", "{archives}"' in call
    assert not (project.folder / "pwned").exists()


def test_without_an_image_apptainer_is_refused(project):
    refused = sentence(project.run("-n", FIGURE, "--sdm", "apptainer", ok=False))
    assert "config key container" in refused and "Containerfile" in refused


def test_another_working_directory(checkout, tmp_path):
    """Everything is made there, of the default configuration, and nothing in the checkout."""
    before, place = files(checkout), tmp_path / "place"
    place.mkdir()
    said = snakemake(checkout, *SHORT, "--directory", place)
    assert made(place) == ALL
    assert "containers: ignored" in said  # the image that the configuration names
    assert files(checkout) == before


@pytest.mark.skipif(not isolates(), reason="no namespaces for mounts here")
def test_a_checkout_that_is_read_only_from_elsewhere(checkout, tmp_path):
    inside = ["unshare", "--map-root-user", "--mount", "sh", "-c", READ_ONLY, str(checkout)]
    snakemake(tmp_path, "-s", checkout / "Snakefile", *SHORT, inside=inside)
    assert made(tmp_path) == ALL


@pytest.mark.skipif(not isolates(), reason="no namespaces for mounts here")
@pytest.mark.parametrize("folder", ["results/smoke", ".snakemake"])
def test_a_folder_that_is_read_only_is_named_before_anything_runs(project, folder):
    (project.folder / folder).mkdir(parents=True, exist_ok=True)
    inside = ["unshare", "--map-root-user", "--mount", "sh", "-c", READ_ONLY, folder]
    asked = (DATA, "--configfile", "config/smoke.yaml")
    said = sentence(snakemake(project.folder, *asked, inside=inside, ok=False))
    assert folder in said and "cannot be written to; " in said
    assert not (project.folder / DATA).exists()


def test_a_file_in_the_place_of_a_folder_is_named(project):
    project.configure(lambda config: config.update(folders={"results": "Snakefile"}))
    said = sentence(project.run("-n", DRAWN, ok=False))
    assert "Snakefile can be no folder, for Snakefile is none; " in said
