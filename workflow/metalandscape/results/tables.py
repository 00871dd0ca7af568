"""Tidy tables: one observation a row. The only module that knows their columns."""

import functools
from collections.abc import Iterable, Sequence
from pathlib import Path

import numpy as np
import pandas as pd

from ..ground.errors import UserError
from .csv import read as read
from .csv import write
from .rows import NUMBER, SEED, TEXT, WHOLE, read_rows, refuse_repeated

KEYS = ["run", "seed", "epoch", "split", "metric"]
COLUMNS = [*KEYS, "value", "stderr", "n_tasks", "n_diverged", "collapsed"]
KINDS = (
    dict.fromkeys(("run", "split", "metric"), TEXT)
    | dict.fromkeys(("epoch", "n_tasks", "n_diverged", "collapsed"), WHOLE)
    | {"seed": SEED}
    | dict.fromkeys(("value", "stderr"), NUMBER)
)
TASK_COLUMNS = [*KEYS, "task", "value"]


def write_measurements(
    summary: str | Path,
    per_task: str | Path,
    run: str,
    seed: int,
    measured: Iterable[tuple[int, bool, Iterable]],
) -> None:
    """Write a metric job's two tables: means with standard errors, and the value of every task.

    Args:
        summary: file with `COLUMNS`.
        per_task: file with `TASK_COLUMNS`.
        run: the run's name.
        seed: the run's seed.
        measured: epoch, whether training had just collapsed, and measurements of every checkpoint
            of the job.
    """
    means, tasks = [], []
    for epoch, collapsed, measurements in measured:
        for m in measurements:
            key = {"run": run, "seed": seed, "epoch": epoch, "split": m.split, "metric": m.name}
            counts = {"n_tasks": len(m.per_task), "n_diverged": m.diverged()}
            marks = counts | {"collapsed": int(collapsed)}
            means.append(key | {"value": m.value, "stderr": m.stderr} | marks)
            columns = {"task": np.arange(len(m.per_task)), "value": m.per_task}
            tasks.append(pd.DataFrame(key | columns))
    write(summary, pd.DataFrame(means, columns=COLUMNS))
    write(per_task, pd.concat(tasks)[TASK_COLUMNS])


def concatenate(output: str | Path, inputs: Sequence[str | Path]) -> None:
    """Write the rows of several tables to one, sorted by run, seed and epoch."""
    write(output, read_all(inputs).sort_values(["run", "seed", "epoch"], kind="stable"))


def read_all(paths: Sequence[str | Path], runs: Iterable[str] = ()) -> pd.DataFrame:
    """Read the rows of several tables; without tables there are no rows.

    Args:
        paths: their files.
        runs: the names of runs that must have rows.

    Raises:
        UserError: a column is missing or holds something else, two rows are of the same quantity,
            or a run has none; the sentence names the file and, where it is one, line and column.
    """
    if not paths:
        return pd.DataFrame(columns=COLUMNS)
    parts = [read_rows(path, KINDS) for path in paths]
    refuse_repeated(parts, paths, KEYS)
    whole = pd.concat(parts, ignore_index=True)
    for run in sorted(set(runs) - set(whole["run"])):
        file = next((path for path in paths if run in Path(path).parts), paths[0])
        raise UserError(f"{file}: it has no row of run {run}; remove it, and it is made anew.")
    return whole


def quantity(table: pd.DataFrame, run: str, name: str, split: str = "test") -> pd.DataFrame:
    """Return `seed`, `epoch`, `value`, `stderr` and `collapsed` of one quantity of one run.

    A minus before the quantity's name, as in `-target_loss`, negates its values.
    """
    plain = name.removeprefix("-")
    own = (table["run"] == run) & (table["metric"] == plain) & (table["split"] == split)
    rows = table.loc[own, ["seed", "epoch", "value", "stderr", "collapsed"]]
    return rows.assign(value=-rows["value"]) if plain != name else rows


def joined(
    table: pd.DataFrame, run: str, quantities: Sequence[str], initial: bool = False
) -> pd.DataFrame:
    """Return one row per seed and epoch that has all quantities, with a column for each.

    Args:
        table: rows with `COLUMNS`.
        run: the run's name.
        quantities: what `quantity` takes, on meta-test tasks.
        initial: whether to keep epoch 0. The initialization is no meta-train solution, and one
            untrained checkpoint far from all others produces a correlation by itself.
    """
    keys = ["seed", "epoch"]
    parts = [
        quantity(table, run, name).rename(columns={"value": name})[[*keys, name]]
        for name in quantities
    ]
    rows = functools.reduce(lambda left, right: left.merge(right, on=keys), parts)
    return rows[rows["epoch"] >= (0 if initial else 1)].reset_index(drop=True)


def lost(table: pd.DataFrame) -> pd.DataFrame:
    """Return where a training has no results any more, which is so once it has diverged.

    Args:
        table: rows with `COLUMNS`.

    Returns:
        `run, seed, epoch`, a row per training that ends so: from this epoch on, every quantity
        diverged on every task.
    """
    every = table["n_diverged"].ge(table["n_tasks"]) & table["n_tasks"].gt(0)
    keys = ["run", "seed"]
    epochs = every.groupby([table["run"], table["seed"], table["epoch"]]).all()
    epochs = epochs.rename("lost").reset_index()
    last = epochs[~epochs["lost"]].groupby(keys)["epoch"].max().rename("last").reset_index()
    rows = epochs.merge(last, on=keys, how="left")
    rows = rows[~(rows["epoch"] <= rows["last"])]
    return rows.groupby(keys, as_index=False)["epoch"].min()


def in_words(lost: pd.DataFrame) -> list[str]:
    """Return the rows of `lost` as texts."""
    return [f"run {r.run}, seed {r.seed}, from epoch {r.epoch} on" for r in lost.itertuples()]


def best_epochs(table: pd.DataFrame, quantity: str = "target_accuracy") -> pd.DataFrame:
    """Return the epoch at which every training is best on meta-validation tasks.

    Args:
        table: rows with `COLUMNS`.
        quantity: what is largest at the best epoch; the earliest of equals is taken.

    Returns:
        `run, seed, epoch`, the value on validation tasks in `val` and that on meta-test tasks at
        this epoch in `test`, a row per run and seed with validation tasks.
    """
    keys = ["run", "seed", "epoch"]
    own = table[table["metric"] == quantity]
    val, test = (own[own["split"] == split][[*keys, "value"]] for split in ("val", "test"))
    best = val.dropna().sort_values(keys, kind="stable").groupby(["run", "seed"], sort=True)
    chosen = val.loc[best["value"].idxmax()].rename(columns={"value": "val"})
    return chosen.merge(test.rename(columns={"value": "test"}), on=keys, how="left")
