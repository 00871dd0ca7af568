"""What is recorded of tables that come with a repository, and what is refused."""

import json
from pathlib import Path

import pandas as pd
import pytest
import yaml

from configurations import VALID
from metalandscape.ground.errors import UserError
from metalandscape.jobs import ship
from metalandscape.results import csv, tables
from metalandscape.settings import config, shipped
from metalandscape.settings.plan import Plan


@pytest.fixture
def plan(tmp_path, monkeypatch):
    """A configuration with a table for each of its runs and metrics."""
    monkeypatch.chdir(tmp_path)
    raw = VALID | {"defaults": VALID["defaults"] | {"epochs": 2, "seeds": [0, 3]}}
    Path("mine.yaml").write_text(yaml.safe_dump(raw))
    plan = Plan(config.load(raw))
    for metric, run in plan.settings.pairs():
        write(plan.run_table.format(run=run, metric=metric), run, (0, 3))
    return plan


def write(path, run, seeds, epochs=(0, 1, 2)):
    key = {"run": run, "split": "test", "metric": "m", "value": 0.5, "stderr": 0.1}
    counts = {"n_tasks": 3, "n_diverged": 0, "collapsed": 0}
    rows = [key | counts | {"seed": s, "epoch": e} for s in seeds for e in epochs]
    csv.write(path, pd.DataFrame(rows, columns=tables.COLUMNS))


def test_the_record_lets_the_tables_be_read_as_they_are(plan):
    ship.run("mine.yaml", None)
    assert len(shipped.tables(plan)) == len(plan.settings.pairs()) > 0
    assert "platform" in shipped.record(plan)["computed"]


def test_tables_and_verdicts_are_copied_into_another_folder(plan):
    Path("results/claims.md").write_text("verdicts")
    ship.run("mine.yaml", "reference/mine")
    assert Path("reference/mine/claims.md").read_text() == "verdicts"
    record = json.loads(Path("reference/mine/shipped.json").read_text())
    for name, table in record["tables"].items():
        copied = Path("reference/mine/tables", f"{name}.csv")
        assert table["sha256"] == shipped.sha256(copied)
        assert copied.read_bytes() == Path("results/tables", f"{name}.csv").read_bytes()
    assert not Path("results/shipped.json").exists()


@pytest.mark.parametrize("seeds, epochs", [((0,), (0, 1, 2)), ((0, 3), (0, 1))])
def test_tables_of_other_seeds_or_epochs_are_refused(plan, seeds, epochs):
    metric, run = plan.settings.pairs()[0]
    write(plan.run_table.format(run=run, metric=metric), run, seeds, epochs)
    with pytest.raises(UserError, match="its seeds and epochs are not the configuration's"):
        ship.run("mine.yaml", None)
    assert not Path("results/shipped.json").exists()


def test_a_missing_table_is_named(plan):
    metric, run = plan.settings.pairs()[-1]
    path = Path(plan.run_table.format(run=run, metric=metric))
    path.unlink()
    with pytest.raises(UserError, match=f"{path} is missing"):
        ship.run("mine.yaml", None)
