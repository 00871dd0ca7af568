"""Choose the best epoch of every training on meta-validation tasks."""

from ..results import tables


def run(inputs: list[str], output: str) -> None:
    """Write a row per run and seed: the epoch of the highest accuracy on validation tasks."""
    tables.write(output, tables.best_epochs(tables.read_all(inputs)))
