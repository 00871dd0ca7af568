"""Tables that come with the repository: which of them a configuration may read as they are."""

import copy
import json
from pathlib import Path
from types import SimpleNamespace

import pytest

from configurations import VALID
from metalandscape.ground.errors import UserError
from metalandscape.jobs._configured import plan_of
from metalandscape.settings import config, shipped
from metalandscape.settings.plan import Plan

ROOT = Path(__file__).parents[2]
RECORDS = sorted((ROOT / "results" / "reference").rglob(shipped.RECORD))


def plan(change=lambda raw: None):
    raw = copy.deepcopy(VALID)
    change(raw)
    return Plan(config.load(raw))


def record(tables):
    """Write the record of a single shipment."""
    one = {"code": "0.3.0", "machine": "Elsewhere-1", "run_times": [], "kept": []}
    Path("results", shipped.RECORD).write_text(json.dumps([one | {"tables": tables}]))


@pytest.fixture
def came(tmp_path, monkeypatch):
    """A folder of results with a table for every run, seed and metric, and their record."""
    monkeypatch.chdir(tmp_path)
    own, tables = plan(), {}
    for metric, run in own.settings.pairs():
        for seed in own.settings.runs[run].seeds:
            path = Path(own.seed_table_of(run, metric, seed))
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(f"{run} {seed} {metric}\n")
            tables[str(path.relative_to("results"))] = {
                "sha256": shipped.sha256(path),
                "settings": shipped.basis(own, run, metric),
                "code": shipped.code(own, run, metric),
            }
    record(tables)
    return {f"results/{name}": table for name, table in tables.items()}


def test_without_a_record_nothing_came(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    assert shipped.record("results") == [] and shipped.tables(plan()) == set()


def test_all_tables_of_the_record_are_read(came):
    assert shipped.tables(plan()) == came.keys() and len(came) > 2


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
    left = shipped.tables(plan(change))
    assert not any(name.startswith("results/tables/letters_maml") for name in left)


def test_another_option_needs_another_table_of_its_metric(came):
    left = shipped.tables(plan(lambda raw: raw["metrics"].update(accuracy={"tasks": 77})))
    assert left == {name for name in came if not name.endswith("/accuracy.csv")} != set()


def test_with_another_seed_the_tables_of_the_others_are_joined_with_its_own(came):
    before = plan().settings.runs["letters_maml"].seeds
    own = plan(lambda raw: raw["defaults"].update(seeds=[*before, 77]))
    own.came = shipped.tables(own)
    assert own.came == came.keys()
    table = own.run_table.format(run="letters_maml", metric="accuracy")
    assert own.tables_of_run("accuracy", "letters_maml") == [table]
    joined = own.measured_of(SimpleNamespace(run="letters_maml", metric="accuracy"))
    new = [file for file in joined if file not in came]
    assert len(joined) - len(new) == len(before) > 0
    assert new == own.measured_by("letters_maml", "accuracy", 77)


def test_a_run_with_fewer_seeds_reads_those_it_has(came):
    seed, *others = plan().settings.runs["letters_maml"].seeds
    own = plan(lambda raw: raw["defaults"].update(seeds=[seed]))
    own.came = shipped.tables(own)
    read = own.tables_of_run("accuracy", "letters_maml")
    assert others and read == [f"results/tables/letters_maml/seed{seed}/accuracy.csv"]


def test_the_tables_of_seeds_are_read_in_their_order(came):
    own = plan(lambda raw: raw["defaults"].update(seeds=[1, 0]))
    own.came = shipped.tables(own)
    read = own.tables_of_run("accuracy", "letters_maml")
    assert [Path(file).parent.name for file in read] == ["seed0", "seed1"]


def test_a_table_that_was_removed_or_is_computed_here_is_left_to_jobs(came):
    removed, computed, *others = came
    Path(removed).unlink()
    *_, run, seed, file = Path(computed).parts
    folder = Path("results/metrics", Path(file).stem, run, seed)
    folder.mkdir(parents=True)
    assert shipped.tables(plan()) == {computed, *others}
    (folder / "epochs0.csv").touch()
    assert shipped.tables(plan()) == set(others)


@pytest.mark.parametrize(
    ("change", "same"),
    [
        ({"device": "cpu", "precision": "float32", "threads": 2}, True),
        ({"device": "cuda"}, True),
        ({"device": "auto", "precision": "tf32"}, False),
        ({"engine": "vectorized", "tasks_at_once": 2}, True),
    ],
)
def test_what_rounds_otherwise_needs_another_table(came, change, same):
    assert shipped.tables(plan(lambda raw: raw.update(change))) == (came.keys() if same else set())


def test_a_table_that_was_changed_is_refused(came):
    name = next(iter(came))
    Path(name).write_text("changed")
    with pytest.raises(UserError, match=rf"{name}: not the table that shipped.json"):
        shipped.tables(plan())


@pytest.mark.parametrize("text", ["", "{", "\xff", "[1]", "{}", '{"tables": {}}'])
def test_a_record_that_is_none_is_refused(came, text):
    Path("results", shipped.RECORD).write_text(text, encoding="latin-1")
    with pytest.raises(UserError, match=r"results/shipped\.json: no record of tables"):
        shipped.tables(plan())


@pytest.mark.parametrize(
    ("key", "value"),
    [
        ("code", None),
        ("machine", 7),
        ("run_times", "00:01"),
        ("run_times", [["step", 1]]),
        ("kept", {"reason": "none"}),
        ("kept", [{"reason": 3}]),
        ("tables", []),
        ("tables", {"a/b": "c"}),
        ("tables", {"a/b": {"sha256": "0", "settings": "1"}}),
        ("unknown", "key"),
    ],
)
def test_a_record_with_something_else_in_it_is_refused(came, key, value):
    path = Path("results", shipped.RECORD)
    (one,) = json.loads(path.read_text())
    path.write_text(json.dumps([one | {key: value}]))
    with pytest.raises(UserError, match=r"results/shipped\.json: no record of tables"):
        shipped.tables(plan())
    path.write_text(json.dumps([{name: own for name, own in one.items() if name != key}]))
    if key in one:
        with pytest.raises(UserError, match=r"results/shipped\.json: no record of tables"):
            shipped.tables(plan())


def test_tables_of_earlier_code_are_named(came):
    changed = next(iter(came))
    tables = {name.removeprefix("results/"): table for name, table in came.items()}
    tables[changed.removeprefix("results/")]["code"] = "other"
    record(tables)
    own = plan()
    assert shipped.shipments(own) == []
    own.came = shipped.tables(own)
    (shown,) = shipped.shipments(own)
    assert shown["tables"] == sorted(came) and shown["earlier"] == [changed]
    own.came = set(came) - {changed}
    (shown,) = shipped.shipments(own)
    assert shown["tables"] == sorted(own.came) and shown["earlier"] == []


@pytest.mark.parametrize("path", RECORDS, ids=lambda path: str(path.parent.relative_to(ROOT)))
def test_tables_in_this_repository_are_those_of_its_configurations(path, monkeypatch):
    monkeypatch.chdir(ROOT)
    folder = path.parent.relative_to(ROOT)
    own_file = Path("config", f"{folder.name}.yaml")
    files = [own_file if own_file.exists() else Path("config.yaml")]
    files += filter(Path.exists, [folder / "folders.yaml"])
    own = plan_of(files)
    recorded = shipped.known(own)
    assert {str(file) for file in folder.glob("tables/*/seed*/*.csv")} == recorded.keys()
    own.came = shipped.tables(own)
    assert own.came and all("/seed" in table for table in own.all_tables())
    rest = Path("config", folder.name, "rest.yaml")
    if rest.exists():
        own = plan_of([*files, rest])
    assert shipped.tables(own) == recorded.keys()
