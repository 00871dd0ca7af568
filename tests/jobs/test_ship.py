"""What is recorded of tables that come with a repository, and what is refused."""

import shutil
from pathlib import Path

import pandas as pd
import pytest
import torch
import yaml

from configurations import VALID
from metalandscape.ground.errors import UserError
from metalandscape.jobs import ship
from metalandscape.results import csv, provenance, tables
from metalandscape.settings import config, shipped
from metalandscape.settings.plan import Plan


@pytest.fixture
def plan(tmp_path, monkeypatch):
    """A configuration, with what was measured for each of its runs, seeds and metrics."""
    monkeypatch.chdir(tmp_path)
    raw = VALID | {"defaults": VALID["defaults"] | {"epochs": 2, "seeds": [0, 3]}}
    Path("mine.yaml").write_text(yaml.safe_dump(raw))
    plan = Plan(config.load(raw))
    for metric, run in plan.settings.pairs():
        for seed in (0, 3):
            write(plan, run, metric, seed)
    return plan


def write(plan, run, metric, seed, value=0.5):
    """Write the tables of all jobs of a training and metric."""
    key = {"run": run, "seed": seed, "split": "test", "metric": "m"}
    counts = {"stderr": 0.1, "n_tasks": 3, "n_diverged": 0, "collapsed": 0}
    for epoch, path in enumerate(plan.measured_by(run, metric, seed)):
        rows = [key | counts | {"epoch": epoch, "value": value}]
        csv.write(path, pd.DataFrame(rows, columns=tables.COLUMNS))


def clone():
    """Leave only what a repository has."""
    shutil.rmtree("results/metrics")


def test_the_record_lets_the_tables_be_read_as_they_are(plan):
    ship.run(["mine.yaml"], None, False)
    assert shipped.tables(plan) == set()  # as they are computed here
    clone()
    assert len(shipped.tables(plan)) == 2 * len(plan.settings.pairs()) > 0
    (shipment,) = shipped.record("results")
    assert shipment["machine"] == provenance.machine()
    assert shipment["software"] == provenance.versions()


def test_tables_are_those_of_the_jobs_joined(plan):
    metric, run = plan.settings.pairs()[0]
    ship.run(["mine.yaml"], None, False)
    rows = tables.read_all([plan.seed_table_of(run, metric, 3)])
    assert set(rows["seed"]) == {3} and list(rows["epoch"]) == [0, 1, 2]


def test_tables_and_verdicts_are_written_into_another_folder(plan):
    Path("results/claims.md").write_text("verdicts")
    ship.run(["mine.yaml"], "reference/mine", False)
    assert Path("reference/mine/claims.md").read_text() == "verdicts"
    (shipment,) = shipped.record("reference/mine")
    assert len(shipment["tables"]) == 2 * len(plan.settings.pairs())
    for name, table in shipment["tables"].items():
        assert table["sha256"] == shipped.sha256(Path("reference/mine", name))
    assert not Path("results/shipped.json").exists() and not Path("results/tables").exists()


def test_what_is_missing_is_named(plan):
    metric, run = plan.settings.pairs()[-1]
    path = Path(plan.measured_by(run, metric, 3)[-1])
    path.unlink()
    with pytest.raises(UserError, match=f"{path} is missing"):
        ship.run(["mine.yaml"], None, False)
    assert not Path("results/shipped.json").exists()


def test_what_is_finished_is_shipped_and_joined_with_what_comes_later(plan):
    metric, run = plan.settings.pairs()[-1]
    path = Path(plan.measured_by(run, metric, 3)[-1])
    path.unlink()
    ship.run(["mine.yaml"], None, True)
    clone()
    left = plan.seed_table_of(run, metric, 3)
    assert len(shipped.tables(plan)) == 2 * len(plan.settings.pairs()) - 1
    assert left not in shipped.tables(plan)
    write(plan, run, metric, 3)
    ship.run(["mine.yaml"], None, False)
    clone()
    assert left in shipped.tables(plan)
    assert [len(one["tables"]) for one in shipped.record("results")][1:] == [1]


def test_a_table_that_was_computed_anew_replaces_the_earlier_one(plan):
    ship.run(["mine.yaml"], None, False)
    for metric, run in plan.settings.pairs():
        write(plan, run, metric, 0, value=0.25)
    ship.run(["mine.yaml"], None, False)
    clone()
    assert len(shipped.record("results")) == 1
    metric, run = plan.settings.pairs()[0]
    table = plan.seed_table_of(run, metric, 0)
    assert table in shipped.tables(plan)
    assert set(tables.read_all([table])["value"]) == {0.25}


def test_verdicts_over_what_is_finished_are_not_of_all_and_stay(plan):
    Path("results/claims.md").write_text("verdicts")
    ship.run(["mine.yaml"], "reference/mine", True)
    assert not Path("reference/mine/claims.md").exists()


def test_what_was_kept_after_an_edit_of_the_code_stays_known(plan):
    provenance.keep(plan.kept, "moved a function")
    ship.run(["mine.yaml"], "reference/mine", False)
    (shipment,) = shipped.record("reference/mine")
    assert [row["reason"] for row in shipment["kept"]] == ["moved a function"]


@pytest.mark.parametrize("finished", [False, True])
def test_nothing_to_ship_is_said(plan, finished):
    ship.run(["mine.yaml"], None, False)
    clone()
    with pytest.raises(UserError, match="no tables that were computed here"):
        ship.run(["mine.yaml"], None, finished)


def test_later_files_change_earlier_ones(plan):
    Path("more.yaml").write_text("folders: {results: elsewhere}\n")
    with pytest.raises(UserError, match=r"elsewhere/metrics/.* is missing"):
        ship.run(["mine.yaml", "more.yaml"], None, False)


@pytest.mark.parametrize(
    ("device", "there", "named"),
    [("auto", True, ["Some GPU"]), ("cpu", True, []), ("auto", False, [])],
)
def test_a_gpu_that_computes_is_named(monkeypatch, device, there, named):
    monkeypatch.setattr(torch.cuda, "is_available", lambda: there)
    monkeypatch.setattr(torch.cuda, "get_device_name", lambda: "Some GPU")
    assert ship._gpu(device) == named
