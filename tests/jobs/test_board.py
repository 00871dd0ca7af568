"""What TensorBoard reads is what the tables and the logs of training say."""

import pandas as pd
import pytest

pytest.importorskip("tensorboard", reason="tensorboard is not installed: make board")

from metalandscape.jobs import board
from metalandscape.results import csv, tables
from metalandscape.training import blocks


@pytest.fixture
def written(tmp_path):
    """A board of three runs: with blocks that overlap, of regression, and without logs."""
    logs = {"letters": [[1, 2], [2, 3], [10]], "sine": [[1]], "shipped": []}
    for name in logs:
        for seed in (0, 3):
            for epochs in logs[name]:
                accuracy = [epoch / 10 + seed for epoch in epochs] if name == "letters" else None
                rows = pd.DataFrame({"epoch": epochs, "loss": 0.5, "accuracy": accuracy})
                file = tmp_path / name / f"seed{seed}" / f"epochs{epochs[0]}.csv"
                file.parent.mkdir(parents=True, exist_ok=True)
                csv.write(file, rows.reindex(columns=blocks.COLUMNS))
    keys = [(n, s, e) for n in logs for s in (0, 3) for e in range(3)]
    table = pd.DataFrame(keys, columns=["run", "seed", "epoch"]).assign(
        split="test", metric="target_loss", stderr=0.1, n_tasks=5, n_diverged=0, collapsed=0
    )
    table["value"] = table["epoch"] + table["seed"] / 10
    tables.write(tmp_path / "table.csv", table[tables.COLUMNS])
    from tensorboard.summary import Writer

    pattern = str(tmp_path / "{run}/seed{seed}/epochs*.csv")
    trainings, output = {name: [0, 3] for name in logs}, str(tmp_path / "board")
    board.run(trainings, pattern, [str(tmp_path / "table.csv")], output, Writer)
    return tmp_path / "board"


def curves(folder):
    """Tag -> [(epoch, value)] of a folder, read by TensorBoard."""
    from tensorboard.backend.event_processing.event_accumulator import EventAccumulator
    from tensorboard.util.tensor_util import make_ndarray

    found = EventAccumulator(str(folder)).Reload()
    return {
        tag: [
            (event.step, pytest.approx(make_ndarray(event.tensor_proto).item()))
            for event in found.Tensors(tag)
        ]
        for tag in found.Tags()["tensors"]
    }


@pytest.mark.filterwarnings("ignore")  # TensorBoard's own
def test_every_training_has_its_curves(written):
    assert {path.name for path in written.iterdir()} == {"letters", "sine", "shipped"}
    assert curves(written / "letters/seed3") == {
        "training/loss": [(1, 0.5), (2, 0.5), (3, 0.5), (10, 0.5)],
        "training/accuracy": [(1, 3.1), (2, 3.2), (3, 3.3), (10, 4)],
        "test/target_loss": [(0, 0.3), (1, 1.3), (2, 2.3)],
    }


@pytest.mark.filterwarnings("ignore")
def test_regression_has_no_accuracy(written):
    assert curves(written / "sine/seed0") == {
        "training/loss": [(1, 0.5)],
        "test/target_loss": [(0, 0), (1, 1), (2, 2)],
    }


@pytest.mark.filterwarnings("ignore")
def test_a_training_whose_tables_came_has_their_curves(written):
    assert set(curves(written / "shipped/seed0")) == {"test/target_loss"}
