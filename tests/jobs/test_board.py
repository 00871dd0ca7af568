"""What TensorBoard reads is what the tables and the logs of training say."""

import pandas as pd
import pytest

pytest.importorskip("tensorboard", reason="tensorboard is not installed: make board")

from metalandscape.jobs import board
from metalandscape.results import csv, tables
from metalandscape.training import blocks


@pytest.fixture
def written(tmp_path):
    """A board of two runs, one of them regression, with one and two blocks."""
    logs = {"letters": [[1, 2], [3]], "sine": [[1]]}
    trainings = {name: {0: [], 3: []} for name in logs}
    for name, seeds in trainings.items():
        for seed, files in seeds.items():
            for epochs in logs[name]:
                accuracy = [epoch / 10 + seed for epoch in epochs] if name == "letters" else None
                rows = pd.DataFrame({"epoch": epochs, "loss": 0.5, "accuracy": accuracy})
                files.append(str(tmp_path / f"{name}{seed}{epochs[0]}.csv"))
                csv.write(files[-1], rows.reindex(columns=blocks.COLUMNS))
    keys = [(n, s, e) for n in logs for s in (0, 3) for e in range(3)]
    table = pd.DataFrame(keys, columns=["run", "seed", "epoch"]).assign(
        split="test", metric="target_loss", stderr=0.1, n_tasks=5, n_diverged=0, collapsed=0
    )
    table["value"] = table["epoch"] + table["seed"] / 10
    tables.write(tmp_path / "table.csv", table[tables.COLUMNS])
    from tensorboard.summary import Writer

    board.run(trainings, [str(tmp_path / "table.csv")], str(tmp_path / "board"), Writer)
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
    assert {path.name for path in written.iterdir()} == {"letters", "sine"}
    assert curves(written / "letters/seed3") == {
        "training/loss": [(1, 0.5), (2, 0.5), (3, 0.5)],
        "training/accuracy": [(1, 3.1), (2, 3.2), (3, 3.3)],
        "test/target_loss": [(0, 0.3), (1, 1.3), (2, 2.3)],
    }


@pytest.mark.filterwarnings("ignore")
def test_regression_has_no_accuracy(written):
    assert curves(written / "sine/seed0") == {
        "training/loss": [(1, 0.5)],
        "test/target_loss": [(0, 0), (1, 1), (2, 2)],
    }
