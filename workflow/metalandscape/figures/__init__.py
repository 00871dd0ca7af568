"""Figures of the paper.

A module of this folder is a figure (`figures:` in the configuration). It defines

- `METRICS`: a literal, the metrics whose tables it reads.
- `draw(data)`: returns a matplotlib figure.

It reads nothing but the tables, and never imports torch.
"""

from dataclasses import dataclass

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

    def curve(self, run: str, metric: str, split: str = "test") -> pd.DataFrame:
        """Return `seed`, `epoch`, `value` and `stderr` of one quantity of one run."""
        t = self.table
        rows = t[(t["run"] == run) & (t["metric"] == metric) & (t["split"] == split)]
        return rows[["seed", "epoch", "value", "stderr"]]

    def joined(self, run: str, first: str, second: str) -> pd.DataFrame:
        """Return one row per seed and epoch with a column for each of two quantities."""
        keys = ["seed", "epoch"]
        a = self.curve(run, first)[[*keys, "value"]].rename(columns={"value": first})
        b = self.curve(run, second)[[*keys, "value"]].rename(columns={"value": second})
        return a.merge(b, on=keys)
