"""Tables that come with the repository: which of them a configuration may read as they are."""

import copy
import json
import re
from pathlib import Path

import pytest
import yaml

from configurations import VALID
from metalandscape.ground.errors import UserError
from metalandscape.settings import config, duplicates, shipped
from metalandscape.settings.plan import Plan

ROOT = Path(__file__).parents[2]
RECORDS = sorted((ROOT / "results" / "reference").rglob(shipped.RECORD))


def plan(change=lambda raw: None):
    raw = copy.deepcopy(VALID)
    change(raw)
    return Plan(config.load(raw))


@pytest.fixture
def came(tmp_path, monkeypatch):
    """A folder of results with a table for every run and metric, and their record."""
    monkeypatch.chdir(tmp_path)
    own, tables = plan(), {}
    for metric, run in own.settings.pairs():
        path = Path(own.run_table.format(run=run, metric=metric))
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(f"{run} {metric}\n")
        digests = {"sha256": shipped.sha256(path), "settings": shipped.basis(own, run, metric)}
        tables[f"{run}/{metric}"] = digests
    Path("results", shipped.RECORD).write_text(json.dumps({"computed": {}, "tables": tables}))
    return tables


def test_without_a_record_nothing_came(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    assert shipped.record(plan()) == {} and shipped.tables(plan()) == {}


def test_all_tables_of_the_record_are_read(came):
    assert shipped.tables(plan()).keys() == came.keys() and len(came) > 2


@pytest.mark.parametrize(
    "change",
    [
        lambda raw: raw["defaults"].update(inner_rate=0.7),
        lambda raw: raw["defaults"].update(seeds=[5]),
        lambda raw: raw["defaults"].update(epochs=77),
        lambda raw: raw["datasets"]["letters"].update(image_size=20),
    ],
)
def test_other_settings_need_another_table(came, change):
    left = shipped.tables(plan(change)).keys()
    assert not any(name.startswith("letters_maml") for name in left)


def test_another_option_needs_another_table_of_its_metric(came):
    left = shipped.tables(plan(lambda raw: raw["metrics"].update(accuracy={"tasks": 77})))
    assert left.keys() == {name for name in came if not name.endswith("/accuracy")} != set()


def test_a_table_that_was_removed_or_is_computed_here_is_left_to_jobs(came):
    removed, computed, *others = came
    Path("results/tables", f"{removed}.csv").unlink()
    run, metric = computed.split("/")
    Path("results/metrics", metric, run).mkdir(parents=True)
    assert shipped.tables(plan()).keys() == set(others)


def test_a_table_that_was_changed_is_refused(came):
    name = next(iter(came))
    Path("results/tables", f"{name}.csv").write_text("changed")
    with pytest.raises(UserError, match=rf"{name}.csv: not the table that shipped.json"):
        shipped.tables(plan())


@pytest.mark.parametrize("text", ["{", "[]", "{}", '{"tables": {"a/b": "c"}}', '{"tables": []}'])
def test_a_record_that_is_none_is_refused(came, text):
    Path("results", shipped.RECORD).write_text(text)
    with pytest.raises(UserError, match=r"results/shipped\.json: no record of tables"):
        shipped.tables(plan())


def test_the_pattern_of_runs_leaves_out_what_came():
    pattern = shipped.others({"a/accuracy": Path("x"), "b/hessian": Path("y")}, config.NAME)
    paths = ("a/accuracy", "a/hessian", "aa/accuracy", "b/accuracy", "b/hessian")
    matched = [p for p in paths if re.match(rf"{pattern}/\w+[.]csv$", f"{p}.csv")]
    assert matched == ["a/hessian", "aa/accuracy", "b/accuracy"]
    assert shipped.others({}, config.NAME) == config.NAME


@pytest.mark.parametrize("path", RECORDS, ids=lambda path: str(path.parent.relative_to(ROOT)))
def test_tables_in_this_repository_are_those_of_its_configurations(path, monkeypatch):
    monkeypatch.chdir(ROOT)
    folder = path.parent
    own_file = Path("config", f"{folder.name}.yaml")
    raw = duplicates.load(str(own_file if own_file.exists() else "config.yaml"))
    if (folder / "folders.yaml").exists():
        raw |= yaml.safe_load((folder / "folders.yaml").read_text())
    own = Plan(config.load(raw))
    tables = shipped.record(own)["tables"]
    assert all((folder / "tables" / f"{name}.csv").exists() for name in tables)
    came = {tuple(name.split("/")) for name in tables}
    assert came == {(run, metric) for metric, run in own.settings.pairs()}
    for run, metric in came:
        assert tables[f"{run}/{metric}"]["settings"] == shipped.basis(own, run, metric)
        table = folder / "tables" / run / f"{metric}.csv"
        assert tables[f"{run}/{metric}"]["sha256"] == shipped.sha256(table)
