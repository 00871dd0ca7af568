"""Choose the best epoch of every training on meta-validation tasks."""

from ..results import tables


def run(inputs: list[str], output: str) -> None:
    """Write a row per run and seed: the epoch of the highest accuracy on validation tasks.

    Epoch 0, the initialization, is chosen only of what is not trained.
    """
    table = tables.read_all(inputs)
    last = table.groupby(["run", "seed"])["epoch"].transform("max")
    chosen = tables.best_epochs(table[(table["epoch"] > 0) | (last == 0)])
    tables.write(output, chosen)
