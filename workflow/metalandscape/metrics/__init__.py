"""Metrics of a learner.

A module of this folder is a metric (`metrics:` in the configuration). It defines

- `TASKS`: a literal, the kinds of tasks it exists for: "classification", "regression".
- `QUANTITIES`: a literal, the `label` and the `unit` of every quantity it yields, as figures write
  them. A name may have places in braces: `target_accuracy_step{t}` stands for every number t.
- `Options`: its configuration keys, where it has any. `tasks`, `val_tasks` and `train_tasks` ask
  for that many fixed meta-test, meta-validation and meta-train tasks.
- `measure(learner, tasks, options)`: yields `Measurement`s.
"""

from typing import NamedTuple

import numpy as np
from jaxtyping import Float

from ..learner import Learner
from ..tasks.episodes import Tasks

__all__ = ["Learner", "Measurement", "Tasks", "mean"]


class Measurement(NamedTuple):
    """One quantity at one checkpoint.

    Attributes:
        name: its name in the `metric` column of the tables.
        split: the split its tasks come from.
        value: the mean over tasks, or over pairs of tasks.
        stderr: its standard error over tasks.
        per_task: whose mean is `value`. NaN marks a diverged adaptation, which makes the mean NaN,
            too.
    """

    name: str
    split: str
    value: float
    stderr: float
    per_task: Float[np.ndarray, "n"]

    def diverged(self) -> int:
        """Return on how many tasks adaptation diverged."""
        return int(np.sum(~np.isfinite(self.per_task)))


def mean(name: str, split: str, per_task: list[float] | Float[np.ndarray, "n"]) -> Measurement:
    """Return the mean over tasks with its standard error s / sqrt(n).

    This is what a bootstrap over tasks estimates, without its Monte Carlo noise.
    """
    values = np.asarray(per_task, np.float64)
    n = len(values)
    stderr = values.std(ddof=1) / np.sqrt(n) if n > 1 else np.nan
    return Measurement(name, split, float(values.mean()), float(stderr), values)
