"""Figures of the paper.

A module of this folder is a figure (`figures:` in the configuration). It defines

- `METRICS`: a literal, the metrics whose tables it reads; `()` for an illustration without runs.
- `draw(data)`: returns a matplotlib figure.

It reads nothing but the tables, and never imports torch. Its panels follow from the settings of the
runs it is given.
"""

from collections.abc import Callable
from dataclasses import dataclass, replace

import pandas as pd

from ..config import Run


@dataclass(frozen=True)
class FigureData:
    """What a figure is drawn from.

    Attributes:
        table: the rows of all its metrics and runs, with the columns of `tables.COLUMNS`.
        runs: the settings of the runs it shows, by name, in the configuration's order.
        scale: the words that name the scale of these results on the figure.
    """

    table: pd.DataFrame
    runs: dict[str, Run]
    scale: str

    def by(self, *settings: str) -> list["FigureData"]:
        """Return the data once per combination of some settings, with the runs that have it."""
        groups: dict[tuple, dict[str, Run]] = {}
        for name, run in self.runs.items():
            groups.setdefault(tuple(getattr(run, s) for s in settings), {})[name] = run
        return [replace(self, runs=runs) for runs in groups.values()]

    def where(self, condition: Callable[[Run], bool]) -> "FigureData":
        """Return the data of the runs that fulfil a condition; of all runs if none does."""
        runs = {name: run for name, run in self.runs.items() if condition(run)}
        return replace(self, runs=runs or self.runs)

    def curve(self, run: str, quantity: str, split: str = "test") -> pd.DataFrame:
        """Return `seed`, `epoch`, `value` and `stderr` of one quantity of one run.

        A minus before the quantity's name, as in `-target_loss`, negates its values.
        """
        t, name = self.table, quantity.removeprefix("-")
        rows = t[(t["run"] == run) & (t["metric"] == name) & (t["split"] == split)]
        rows = rows[["seed", "epoch", "value", "stderr"]]
        return rows.assign(value=-rows["value"]) if quantity != name else rows

    def joined(self, run: str, first: str, second: str) -> pd.DataFrame:
        """Return one row per seed and epoch with a column for each of two quantities.

        Epoch 0 is left out, here as in the claims: the initialisation is no meta-train solution,
        and one far point makes a correlation of its own.
        """
        keys = ["seed", "epoch"]
        a = self.curve(run, first)[[*keys, "value"]].rename(columns={"value": first})
        b = self.curve(run, second)[[*keys, "value"]].rename(columns={"value": second})
        both = a.merge(b, on=keys)
        return both[both["epoch"] > 0].reset_index(drop=True)

    def pooled(self, first: str, second: str) -> pd.DataFrame:
        """Return the rows of `joined` for all runs, with `run` and `shot`.

        `seed` counts the trainings (a run with a seed), because these are what a bootstrap over all
        runs draws.
        """
        parts = [
            self.joined(name, first, second).assign(run=name, shot=run.shot)
            for name, run in self.runs.items()
        ]
        points = pd.concat(parts, ignore_index=True)
        return points.assign(seed=points.groupby(["run", "seed"], sort=False).ngroup())
