"""Versions and run times."""

import os
import platform
import subprocess
from importlib.metadata import version

import pytest

from metalandscape.__main__ import main
from metalandscape.ground.version import VERSION
from metalandscape.jobs import record
from metalandscape.results import csv, provenance

HEADER = "s\th:m:s\tmax_rss\tmax_vms\tmax_uss\tmax_pss\tio_in\tio_out\tmean_load\tcpu_time\n"


@pytest.fixture
def benchmarks(tmp_path):
    """Benchmark files of two steps and two runs; a short job has no CPU time and no memory."""

    def write(path, seconds, memory, cpu):
        file = tmp_path / "benchmarks" / path
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(f"{HEADER}{seconds}\t-\t{memory}\t0\t0\t0\t0\t0\t0\t{cpu}\n")

    write("train/a/seed0/epochs1-2.tsv", 3600, 700.2, 3500.6)
    write("train/a/seed0/epochs3-4.tsv", 61, 800.4, 60)
    write("train/b/seed0/epochs1-2.tsv", 5, 100, 5)
    write("measure/hessian/a/seed0/epochs1.tsv", 0.4, "NA", "NA")
    write("measure/hessian/a/seed1/epochs1.tsv", 2, 300, 1.7)
    return tmp_path / "benchmarks"


def test_run_times_are_sums_per_step_over_the_runs_that_count(benchmarks):
    assert provenance.run_times(benchmarks, ["a/seed0", "a/seed1"]) == [
        ["measure/hessian", "2", "0:00:02", "0:00:02", "300"],
        ["train", "2", "1:01:01", "0:59:21", "800"],
    ]
    assert provenance.run_times(benchmarks, ["a/seed0", "b/seed0"])[1][1] == "3"
    assert provenance.run_times(benchmarks, ["a/seed1"])[0][1] == "1"


def test_no_jobs_have_no_run_times(tmp_path):
    assert provenance.run_times(tmp_path / "none", ["a/seed0"]) == []


def test_every_installed_package_is_named_once():
    found = dict(provenance.software())
    assert found["python"] == platform.python_version()
    assert found["torch"] == version("torch")
    others = found["other packages"].split(", ")
    assert f"pydantic {version('pydantic')}" in others
    assert not {other.split()[0] for other in others} & set(provenance.COMPUTING)


def recorded(benchmarks, tmp_path, kept, shipped=()):
    """The page that the job writes."""
    page = tmp_path / "provenance.html"
    config, files = "scale: a scale in words\n", ["mine.yaml"]
    trainings = ["a/seed0", "a/seed1"]
    record.run(config, files, str(benchmarks), trainings, str(kept), shipped, str(page))
    return page.read_text()


def test_the_page_has_run_times_and_configuration(benchmarks, tmp_path):
    page = recorded(benchmarks, tmp_path, tmp_path / "kept.csv")
    for text in ("1:01:01", "<pre>scale: a scale in words</pre>", "Of mine.yaml,"):
        assert text in page
    assert "Kept results" not in page


def test_the_page_shows_every_time_that_results_were_kept(benchmarks, tmp_path):
    for reason in ("a first  reason", "a second one"):
        provenance.keep(tmp_path / "kept.csv", reason)
    page = recorded(benchmarks, tmp_path, tmp_path / "kept.csv")
    assert page.index("a first reason") < page.index("a second one")
    assert "Kept results" in page


def test_the_page_shows_what_was_kept_of_tables_that_came(benchmarks, tmp_path):
    row = {"date": "2026-11-27", "code": "0.3.0", "reason": "moved a function"}
    table = "results/tables/a/seed0/accuracy.csv"
    one = {"code": "0.3.0", "machine": "Elsewhere-1", "software": ""}
    one |= {"run_times": [], "kept": [row]}
    page = recorded(
        benchmarks, tmp_path, tmp_path / "none.csv", [one | {"tables": [table], "earlier": []}]
    )
    assert "<h3>Kept among them</h3>" in page and "<td>moved a function</td>" in page


CONFIG = """
scale: test
folders: {results: mine}
datasets: {waves: {kind: sine}}
runs:
  a: {dataset: waves, algorithm: maml, network: mlp, shot: 2, inner_rate: 0.1, batch_size: 2}
"""


def test_keeping_is_recorded_in_the_configurations_folder(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "mine.yaml").write_text(CONFIG)
    assert main(["keep", "--configfile", "mine.yaml", "--reason", "moved a function"]) == 0
    table = csv.read("mine/kept.csv")
    assert list(table.columns) == ["date", "code", "reason"]
    assert table["reason"].tolist() == ["moved a function"]


def test_keeping_needs_a_reason(tmp_path, capsys):
    assert main(["keep", "--configfile", "mine.yaml", "--reason", " "]) == 1
    assert "REASON: missing" in capsys.readouterr().err


def git(folder, *arguments):
    own = ["git", "-c", "user.name=a", "-c", "user.email=a@example.org"]
    return subprocess.run([*own, *arguments], cwd=folder, check=True, capture_output=True).stdout


@pytest.fixture
def repository(tmp_path):
    """Returns a function that makes a repository with a package in it, and returns the package."""

    def make(where, tracked=True):
        package = tmp_path / "repository" / where
        package.mkdir(parents=True)
        (package / "__init__.py").write_text("")
        (tmp_path / "repository" / "README").write_text("")
        git(tmp_path / "repository", "init", "-q")
        git(tmp_path / "repository", "add", "." if tracked else "README")
        git(tmp_path / "repository", "commit", "-qm", "All")
        return package

    return make


OWN = f"{VERSION}, commit "


def test_a_checkout_has_its_commit_and_tells_of_edits(repository):
    package = repository("workflow/metalandscape")
    commit = git(package, "rev-parse", "--short", "HEAD").decode().strip()
    assert provenance.revision(package) == OWN + commit
    (package / "__init__.py").write_text("EDITED = 1")
    assert provenance.revision(package) == f"{OWN}{commit}-dirty"


@pytest.mark.parametrize(
    ("where", "tracked"),
    [
        (".venv/lib/python3.11/site-packages/metalandscape", True),
        ("vendored/workflow/metalandscape", True),
        ("workflow/metalandscape", False),
    ],
)
def test_a_repository_around_it_is_not_its_own(repository, where, tracked):
    assert provenance.revision(repository(where, tracked)) == f"{VERSION}, not under git"


def test_without_git_the_commit_is_unknown(repository, monkeypatch):
    package = repository("workflow/metalandscape")
    monkeypatch.setenv("PATH", "")
    assert provenance.revision(package) == f"{OWN}unknown"


@pytest.mark.skipif(os.geteuid() != 0, reason="only root can give files away")
def test_another_users_checkout_has_its_commit_too(repository):
    package = repository("workflow/metalandscape")
    told = provenance.revision(package)
    root = package.parents[1]
    for path in (root, *root.rglob("*")):
        os.chown(path, 65534, 65534)
    with pytest.raises(subprocess.CalledProcessError):
        git(root, "status")
    assert provenance.revision(package) == told


def test_a_call_of_git_around_it_names_no_other_repository(repository, monkeypatch, tmp_path):
    package = repository("workflow/metalandscape")
    monkeypatch.setenv("GIT_DIR", str(tmp_path))
    assert provenance.revision(package).startswith(OWN)


def test_tables_that_came_with_the_repository_say_what_computed_them(benchmarks, tmp_path):
    folder = "results/tables/a/seed0"
    computed = {
        "code": "0.3.0, commit c0ffee",
        "machine": "Elsewhere-1",
        "software": "torch 2.0",
        "tables": [f"{folder}/m.csv"],
    }
    times = {"run_times": [["train", "7", "9:00:00", "8:59:59", "4321"]]}
    times |= {"kept": [], "earlier": []}
    others = ["results/tables/b/seed0/m.csv", "results/tables/b/seed1/m.csv"]
    earlier = {"code": "0.2.0", "software": "", "tables": others, "earlier": others[1:]}
    shipments = [computed | times, computed | times | earlier]
    text = recorded(benchmarks, tmp_path, tmp_path / "none.csv", shipments)
    assert "1 tables were not computed here but by metalandscape 0.3.0, commit c0ffee" in text
    assert "on Elsewhere-1, with torch 2.0, of the runs a.</p>" in text and "<td>4321</td>" in text
    assert "2 tables were not" in text
    assert "on Elsewhere-1, of the runs b. The code that computes 1 of them has changed " in text


def test_the_machine_is_named():
    assert platform.platform() in provenance.machine()
    assert f"{os.cpu_count()} processors" in provenance.machine()


def test_versions_are_in_a_line():
    assert provenance.versions().startswith(f"python {platform.python_version()}, torch ")


def test_what_makes_libraries_round_otherwise_is_named(monkeypatch):
    monkeypatch.delenv("MKL_CBWR", raising=False)
    monkeypatch.setenv("OPENBLAS_CORETYPE", "Haswell")
    assert ", OPENBLAS_CORETYPE=Haswell" in provenance.machine()
    assert "MKL_CBWR" not in provenance.machine()
