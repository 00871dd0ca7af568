import pandas as pd

from metalandscape.jobs import choose
from metalandscape.results import tables


def test_the_initialization_is_chosen_only_of_what_is_not_trained(tmp_path):
    accuracies = {("trained", 0): [0.9, 0.2, 0.3], ("trained", 1): [0.9, 0.4], ("given", 0): [0.5]}
    rows = [
        (run, seed, epoch, split, "target_accuracy", value, 0.1, 60, 0, 0)
        for (run, seed), values in accuracies.items()
        for epoch, value in enumerate(values)
        for split in ("val", "test")
    ]
    path, output = tmp_path / "accuracy.csv", tmp_path / "best_epochs.csv"
    tables.write(path, pd.DataFrame(rows, columns=tables.COLUMNS))
    choose.run([str(path)], str(output))
    found = pd.read_csv(output).set_index(["run", "seed"])["epoch"]
    assert found.to_dict() == {("given", 0): 0, ("trained", 0): 2, ("trained", 1): 1}
