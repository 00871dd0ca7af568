import numpy as np

from metalandscape.metrics import mean
from metalandscape.results import tables


def test_tables_are_tidy_and_exact(tmp_path):
    measured = [(3, [mean("x", "test", [0.1, 0.2, 0.7])])]
    tables.write_measurements(tmp_path / "s", tmp_path / "t", "run", 5, measured)
    summary, tasks = tables.read(tmp_path / "s"), tables.read(tmp_path / "t")
    assert list(summary.columns) == tables.COLUMNS and list(tasks.columns) == tables.TASK_COLUMNS
    assert summary.loc[0, "value"] == np.mean([0.1, 0.2, 0.7]) and summary.loc[0, "epoch"] == 3
    assert tasks["value"].tolist() == [0.1, 0.2, 0.7] and tasks["task"].tolist() == [0, 1, 2]


def test_joined_tables_are_sorted_by_run_seed_and_epoch(tmp_path):
    for name, epoch in (("a", 10), ("b", 2)):
        measured = [(epoch, [mean("x", "test", [1.0, 2.0])])]
        tables.write_measurements(tmp_path / name, tmp_path / "t", "run", 0, measured)
    tables.concatenate(tmp_path / "all", [tmp_path / "a", tmp_path / "b"])
    assert tables.read(tmp_path / "all")["epoch"].tolist() == [2, 10]
