"""Metrics of a checkpoint.

A module of this folder is a metric (`metrics:` in the configuration). It defines

- `TASKS`: a literal, the kinds of tasks it exists for: "classification", "regression".
- `OPTIONS`: a literal, its configuration keys with their defaults, all of them numbers. `tasks` and
  `train_tasks` ask for that many fixed meta-test and meta-train tasks; a default of 0 may stay 0.
- `QUANTITIES`: a literal, the `label` and the `unit` of every quantity it yields, as figures write
  them. A name may have places in braces: `target_accuracy_step{t}` stands for every number t.
- `measure(solution, options)`: yields `Measurement`s.
"""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np
from torch import Tensor

from ..datasets import Dataset
from ..engines import Engine
from ..models import Model
from ..settings.config import Run
from ..tasks.episodes import Task

Options = Mapping[str, float]


@dataclass(frozen=True)
class Solution:
    """A meta-train solution theta^s and what it is judged on.

    Attributes:
        model: the network at meta-test.
        engine: what computes with it.
        theta: [P], where adaptation starts.
        run: the run's settings.
        seed: the run's seed.
        dataset: the prepared dataset.
        tasks: returns the metric's fixed tasks of a split; may be called more than once.
    """

    model: Model
    engine: Engine
    theta: Tensor
    run: Run
    seed: int
    dataset: Dataset
    tasks: Callable[[str], Iterator[Task]]

    def adapt(self, task: Task) -> Tensor:
        """Return theta~ [P] of a task, with the run's inner steps and rate."""
        return self.engine.adapt(self.theta, task, self.run.inner_steps, self.run.inner_rate)


class Measurement(NamedTuple):
    """One quantity at one checkpoint.

    Attributes:
        name: its name in the `metric` column of the tables.
        split: the split its tasks come from.
        value: the mean over tasks, or over pairs of tasks.
        stderr: its standard error over tasks.
        per_task: [n]; their mean is `value`.
    """

    name: str
    split: str
    value: float
    stderr: float
    per_task: np.ndarray


def mean(name: str, split: str, per_task: list[float] | np.ndarray) -> Measurement:
    """Return the mean over tasks with its standard error s / sqrt(n).

    This is what a bootstrap over tasks estimates, without its Monte Carlo noise.
    """
    values = np.asarray(per_task, np.float64)
    n = len(values)
    stderr = values.std(ddof=1) / np.sqrt(n) if n > 1 else np.nan
    return Measurement(name, split, float(values.mean()), float(stderr), values)
