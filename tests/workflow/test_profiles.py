"""Every profile lists the jobs; those that need no cluster of their own run some."""

import os
import re
import shutil
import sys
from pathlib import Path

import pytest
import yaml

ROOT = Path(__file__).parents[2]
PROFILES = sorted(path.name for path in (ROOT / "profiles").iterdir())
GROUPED = ("slurm", "cluster-generic", "kubernetes")
TABLE = "results/smoke/tables/letters_maml/accuracy.csv"

# PBS as seen from outside: it reads its options, runs the job, here, and prints a number.
QSUB = f"""#!{sys.executable}
import argparse, json, os, pathlib, subprocess
parser = argparse.ArgumentParser()
for flag in ("-N", "-j", "-o", "script"):
    parser.add_argument(flag)
parser.add_argument("-l", action="append")
asked = vars(parser.parse_args())
assert pathlib.Path(asked["o"]).is_dir() and pathlib.Path(asked["script"]).is_file()
with open("submitted", "a") as file:
    file.write(json.dumps(asked) + "\\n")
subprocess.Popen(
    ["sh", asked["script"]], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
)
print(os.getpid())
"""


def content(profile):
    return yaml.safe_load((ROOT / "profiles" / profile / "config.yaml").read_text())


def counts(listed):
    """Rule -> number of jobs, as a dry-run sums up."""
    return {rule: int(jobs) for rule, jobs in re.findall(r"^(\w+) +(\d+)$", listed, re.M)}


@pytest.mark.parametrize("profile", PROFILES)
def test_a_profile_lists_all_jobs(fresh, profile, tmp_path):
    # A dry-run asks a storage what it has: here the storage is a folder.
    place = ["--default-storage-provider", "fs", "--default-storage-prefix", str(tmp_path)]
    stored = "default-storage-provider" in content(profile)
    project = fresh()
    listed = project.run("-n", "--profile", f"profiles/{profile}", *(place if stored else []))
    assert counts(listed) == counts(project.run("-n")) and counts(listed)["draw_figure"] == 3


def test_profiles_of_clusters_agree_on_what_they_share():
    first, *others = map(content, GROUPED)
    for other in others:
        for key in ("groups", "cores", "jobs", "retries", "keep-going", "rerun-incomplete"):
            assert other[key] == first[key], key


def test_a_storage_holds_the_results(fresh, finished, tmp_path):
    if not shutil.which("rsync"):
        pytest.skip("rsync is not installed; the fs storage plugin copies with it")
    project, place = fresh(), tmp_path / "place"
    project.run(TABLE, "--profile", "profiles/storage", "--default-storage-prefix", str(place))
    assert (place / TABLE).read_bytes() == (finished.folder / TABLE).read_bytes()
    assert not (project.folder / TABLE).exists()


def test_any_scheduler_with_a_submit_command(fresh, finished, tmp_path):
    qsub = tmp_path / "bin/qsub"
    qsub.parent.mkdir()
    qsub.write_text(QSUB)
    qsub.chmod(0o755)
    project = fresh()
    # No node of its own, so nothing to wait for.
    quick = ["--latency-wait", "5", "--max-status-checks-per-second", "10"]
    path = f"{qsub.parent}{os.pathsep}{os.environ['PATH']}"
    project.run(TABLE, "--profile", "profiles/cluster-generic", *quick, PATH=path)
    assert (project.folder / TABLE).read_bytes() == (finished.folder / TABLE).read_bytes()
    submitted = (project.folder / "submitted").read_text()
    lines = [yaml.safe_load(line) for line in submitted.splitlines()]
    # Two blocks of epochs of two seeds; the tasks and checkpoints of a seed are one job.
    trained = [line for line in lines if line["N"].startswith("train_epochs")]
    group = "measure_accuracy_letters_maml_seed"
    measured = [line for line in lines if line["N"].startswith(group)]
    assert (len(trained), len(measured)) == (4, 2)
    for line in lines:
        assert re.fullmatch(r"select=1:ncpus=\d+:mem=\d+mb", line["l"][0])
        assert re.fullmatch(r"walltime=\d+", line["l"][1])


def test_an_apostrophe_in_a_path_is_refused_on_a_cluster(fresh):
    """Snakemake hands paths to a shell in such quotes, so that it would run what follows."""
    project = fresh()
    project.configure(lambda config: config["folders"].update(results="it's $(touch pwned)"))
    words = ("--profile", "profiles/cluster-generic", "--cluster-generic-submit-cmd", "sh")
    text = project.run(*words, ok=False)
    assert "on a cluster no path and no value of --config may have an apostrophe" in text
    assert not list(project.folder.rglob("pwned"))
