"""Versions and run times."""

import platform
from importlib.metadata import version

import pytest

from metalandscape.__main__ import main
from metalandscape.results import provenance

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
    assert provenance.run_times(benchmarks, ["a"]) == [
        ["measure/hessian", "2", "0:00:02", "0:00:02", "300"],
        ["train", "2", "1:01:01", "0:59:21", "800"],
    ]
    assert provenance.run_times(benchmarks, ["a", "b"])[1][1] == "3"


def test_no_jobs_have_no_run_times(tmp_path):
    assert provenance.run_times(tmp_path / "none", ["a"]) == []


def test_every_installed_package_is_named_once():
    found = dict(provenance.software())
    assert found["python"] == platform.python_version()
    assert found["torch"] == version("torch")
    others = found["other packages"].split(", ")
    assert f"pydantic {version('pydantic')}" in others
    assert not {other.split()[0] for other in others} & set(provenance.COMPUTING)


def test_the_command_writes_the_page(benchmarks, tmp_path):
    page = tmp_path / "provenance.html"
    arguments = ["record", "--config", "scale: a scale in words\n", "--files", "mine.yaml"]
    arguments += ["--benchmarks", str(benchmarks), "--runs", "a", "--output", str(page)]
    assert main(arguments) == 0
    for text in ("1:01:01", "<pre>scale: a scale in words</pre>", "Of mine.yaml,"):
        assert text in page.read_text()
