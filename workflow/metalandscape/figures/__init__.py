"""Figures of the paper.

A module of this folder is a figure (`figures:` in the configuration). It defines

- `METRICS`: a literal, the metrics whose tables it reads; `()` for an illustration without runs.
- `OPTIONS`: a literal, where needed: options of these metrics that must not be 0, by metric.
- `COUNTERPARTS`: True where it shows nothing without a pair of runs of which one is the other's
  plain counterpart (`settings/counterparts.py`).
- `SECTION`, `CLAIMS`: literals, for the paper's figures: its section in the report, and the claims
  it bears on. The caption has their words and verdicts below the module's docstring.
- `draw(data)`: returns a matplotlib figure.

It reads nothing but the tables, and never imports torch. Its panels follow from the settings of the
runs it is given.
"""

from collections.abc import Callable
from dataclasses import dataclass, replace

import pandas as pd

from ..results import tables
from ..settings.config import Run

# Sections of the paper that have figures, with their titles abridged.
SECTIONS = {
    "4": "Analyzing the objective landscapes",
    "5.1": "Flatness of meta-test solutions",
    "5.2": "Coherence of adaptation trajectories",
    "5.3": "Inner products of meta-test gradients",
    "5.3.1": "Few-shot regression",
    "6": "The learned representations",
    "7": "Towards regularizing MAML",
    "B.1": "Performance of MAML",
    "B.2": "Adaptation trajectories in all settings",
    "B.3": "Meta-test gradients in all settings",
    "B.4": "Norm of adaptation trajectories",
}


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
        """Return `seed`, `epoch`, `value` and `stderr`, as `tables.quantity` does."""
        return tables.quantity(self.table, run, quantity, split)

    def joined(self, run: str, first: str, second: str) -> pd.DataFrame:
        """Return one row per seed and epoch after the initial one, as `tables.joined` does."""
        return tables.joined(self.table, run, (first, second))

    def pooled(self, first: str, second: str) -> pd.DataFrame:
        """Return the rows of `joined` for all runs, with `run` and `shot`.

        Runs share their seeds: a correlation within seeds compares the runs of one seed.
        """
        parts = [
            self.joined(name, first, second).assign(run=name, shot=run.shot)
            for name, run in self.runs.items()
        ]
        return pd.concat(parts, ignore_index=True)
