import numpy as np
import pandas as pd
import pytest

from metalandscape.metrics import mean
from metalandscape.results import tables


def write(folder, epoch, values, name="s", collapsed=False):
    """Write the tables of a metric job; return that of the means."""
    measured = [(epoch, collapsed, [mean("x", "test", values)])]
    tables.write_measurements(folder / name, folder / "t", "run", 5, measured)
    return tables.read(folder / name)


def test_tables_are_tidy_and_exact(tmp_path):
    summary = write(tmp_path, 3, [0.1, 0.2, 0.7])
    assert list(summary.columns) == tables.COLUMNS
    assert summary.loc[0, "value"] == np.mean([0.1, 0.2, 0.7]) and summary.loc[0, "epoch"] == 3
    tasks = tables.read(tmp_path / "t")
    assert list(tasks.columns) == tables.TASK_COLUMNS
    assert tasks["value"].tolist() == [0.1, 0.2, 0.7] and tasks["task"].tolist() == [0, 1, 2]


def test_a_collapse_is_marked(tmp_path):
    assert write(tmp_path, 3, [0.1, 0.2])["collapsed"].tolist() == [0]
    assert write(tmp_path, 3, [0.1, 0.2], collapsed=True)["collapsed"].tolist() == [1]


def test_joined_tables_are_sorted_by_run_seed_and_epoch(tmp_path):
    for name, epoch in (("a", 10), ("b", 2)):
        write(tmp_path, epoch, [1.0, 2.0], name)
    tables.concatenate(tmp_path / "all", [tmp_path / "a", tmp_path / "b"])
    assert tables.read(tmp_path / "all")["epoch"].tolist() == [2, 10]


def test_no_table_has_no_rows():
    assert tables.read_all([]).empty and list(tables.read_all([]).columns) == tables.COLUMNS


CURVES = {("a", 0): [0.1, 0.5, 0.5], ("a", 1): [0.3, 0.2, np.nan], ("b", 0): [0.2, 0.3, 0.4]}


def curves():
    """Accuracy on validation tasks; on meta-test tasks, and of the loss, a tenth of it."""
    rows = [
        {"run": run, "seed": seed, "epoch": epoch, "split": split, "metric": name, "value": v * by}
        for (run, seed), values in CURVES.items()
        for epoch, v in enumerate(values)
        for split, name, by in [
            ("val", "target_accuracy", 1),
            ("test", "target_accuracy", 0.1),
            ("val", "target_loss", 100),
        ]
        if run != "b" or split == "test"
    ]
    return pd.DataFrame(rows)


def test_the_best_epoch_is_the_earliest_of_the_highest_on_validation_tasks():
    found = tables.best_epochs(curves())
    assert list(found.columns) == ["run", "seed", "epoch", "val", "test"]
    assert found[["run", "seed", "epoch"]].values.tolist() == [["a", 0, 1], ["a", 1, 0]]
    assert found["val"].tolist() == [0.5, 0.3]
    assert found["test"].tolist() == pytest.approx([0.05, 0.03])


def test_without_validation_tasks_there_is_no_best_epoch():
    assert tables.best_epochs(curves().query("split == 'test'")).empty


def test_quantities_join_where_an_epoch_has_all_of_them():
    own = curves().query("split == 'val' and run == 'a' and seed == 0")
    table = own.assign(split="test", stderr=0.0, collapsed=0)
    found = tables.joined(table, "a", ["target_accuracy", "-target_loss"])
    assert found["epoch"].tolist() == [1, 2] and found["-target_loss"].tolist() == [-50, -50]
    assert tables.joined(table, "a", ["target_accuracy"], initial=True)["epoch"].tolist() == [
        0,
        1,
        2,
    ]


def with_diverged(*diverged):
    """Two quantities of 4 tasks, epochs 0 to 3 of a run's seeds 0, 1, ...: diverged by epoch."""
    rows = [
        {"run": "a", "seed": seed, "epoch": e, "metric": q, "n_tasks": 4, "n_diverged": n}
        for seed, own in enumerate(diverged)
        for e, counts in enumerate(own)
        for q, n in zip("xy", counts, strict=True)
    ]
    return pd.DataFrame(rows)


def test_a_training_is_lost_from_where_on_every_task_of_every_quantity_diverged():
    never = [(0, 0), (4, 3), (0, 0), (0, 4)]
    came_back = [(4, 4), (0, 0), (4, 4), (4, 4)]
    always = [(4, 4)] * 4
    found = tables.lost(with_diverged(never, came_back, always))
    assert found.to_numpy().tolist() == [["a", 1, 2], ["a", 2, 0]]
    assert tables.in_words(found) == [
        "run a, seed 1, from epoch 2 on",
        "run a, seed 2, from epoch 0 on",
    ]
    assert tables.lost(with_diverged(never)).empty
    assert tables.lost(tables.read_all([])).empty
