"""What diverged in the runs of a table, in words for figures and verdicts."""

import pandas as pd

from .tables import in_words, lost


def troubles(table: pd.DataFrame) -> list[str]:
    """Return which trainings have no results any more, and at how many checkpoints some diverged.

    Args:
        table: rows with `tables.COLUMNS`.

    Returns:
        A line for each of the two that there is.
    """
    gone = lost(table)
    found = [f"no results, all diverged: {'; '.join(in_words(gone))}"] if len(gone) else []
    rest = table.merge(gone, on=["run", "seed"], how="left", suffixes=("", "_lost"))
    rest = rest[~(rest["epoch"] >= rest["epoch_lost"])]
    ill = rest[rest["n_diverged"] > 0].drop_duplicates(["run", "seed", "epoch"])
    if counts := [f"{n} of run {run}" for run, n in ill.groupby("run", sort=False).size().items()]:
        found.append(f"checkpoints with diverged adaptations: {', '.join(counts)}")
    return found
