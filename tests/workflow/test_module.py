"""The workflow as a module of another one, from a folder and from a git repository."""

import subprocess

import pytest

from short_workflow import (
    DATA,
    DRAWN,
    FIGURE,
    TRAINED,
    planned,
    sentence,
    shorten,
    snakemake,
)

PARENT = """
configfile: "smoke.yaml"

rule first:
    input: "{figure}"

module metalandscape:
    snakefile: "{snakefile}"
    config: config
    {more}

use rule * from metalandscape as meta_*
"""

# What `snakedeploy deploy-workflow https://github.com/someone/metalandscape . --tag v0` writes.
DEPLOYED = """from snakemake.utils import min_version


min_version("6.10.0")


configfile: "config/config.yaml"


# declare https://github.com/someone/metalandscape as a module
module metalandscape:
    snakefile: 
        github("someone/metalandscape", path="workflow/Snakefile", tag="v0")
    config:
        config


# use all rules from https://github.com/someone/metalandscape
use rule * from metalandscape
"""


@pytest.fixture(scope="module")
def checkout(fresh):
    """A checkout whose smoke configuration is short."""
    project = fresh()
    project.configure(shorten)
    return project.folder


def write(folder, checkout, snakefile="workflow/Snakefile", more=""):
    """Write a workflow that uses the one of the checkout."""
    (folder / "smoke.yaml").write_text((checkout / "config/smoke.yaml").read_text())
    text = PARENT.format(snakefile=checkout / snakefile, figure=FIGURE, more=more)
    (folder / "Snakefile").write_text(text)


def test_its_figures_are_planned_and_the_parents_first_rule_stays_the_default(checkout, tmp_path):
    write(tmp_path, checkout)
    jobs = planned(snakemake(tmp_path, "-n"))
    assert jobs["first"] == jobs["meta_draw_figure"] == jobs["meta_train_epochs_1_to_1"] == 1
    assert "meta_all" not in jobs


def test_its_jobs_run(checkout, tmp_path):
    write(tmp_path, checkout, "Snakefile")
    snakemake(tmp_path, DATA, DRAWN, TRAINED)
    assert all((tmp_path / name).exists() for name in (DATA, DRAWN, TRAINED))


def test_a_prefix_is_refused(checkout, tmp_path):
    write(tmp_path, checkout, more='prefix: "meta"')
    refused = sentence(snakemake(tmp_path, "-n", ok=False))
    assert "prefix" in refused and "folders.results" in refused


@pytest.fixture
def hosted(checkout, tmp_path):
    """The variables that make github.com a folder here, with a repository of the checkout."""
    place = tmp_path / "hosted/someone/metalandscape"
    place.mkdir(parents=True)
    git = ["git", "--git-dir", place, "-c", "user.name=x", "-c", "user.email=x@example.org"]
    for words in (["init"], ["add", "."], ["commit", "-m", "All"], ["tag", "v0"]):
        command = [*git, "--work-tree", checkout, *words]
        subprocess.run(command, cwd=checkout, check=True, capture_output=True)
    return {
        "GIT_CONFIG_COUNT": "1",
        "GIT_CONFIG_KEY_0": f"url.{tmp_path}/hosted/.insteadOf",
        "GIT_CONFIG_VALUE_0": "https://github.com/",
        "XDG_CACHE_HOME": str(tmp_path / "cache"),
    }


def test_as_snakedeploy_writes_it(checkout, hosted, tmp_path):
    """The package, too, comes from the repository."""
    folder = tmp_path / "deployed"
    (folder / "workflow").mkdir(parents=True)
    (folder / "workflow/Snakefile").write_text(DEPLOYED)
    (folder / "config").mkdir()
    (folder / "config/config.yaml").write_text((checkout / "config/smoke.yaml").read_text())
    assert planned(snakemake(folder, "-n", **hosted))["all"] == 1
    snakemake(folder, DATA, DRAWN, **hosted)
    assert (folder / DATA).exists() and (folder / DRAWN).exists()
    (unpacked,) = (folder / ".snakemake/metalandscape").iterdir()
    assert (unpacked / "workflow/metalandscape/__init__.py").is_file()


def test_what_snakedeploy_copies_is_there(checkout):
    """It copies the folders config and profiles, and names config/config.yaml."""
    default = (checkout / "config.yaml").read_bytes()
    assert (checkout / "config/config.yaml").read_bytes() == default
    assert (checkout / "profiles/default/report.css").is_file()
