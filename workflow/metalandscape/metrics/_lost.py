"""A metric's quantities at a checkpoint of a meta-training that has diverged: NaN."""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import replace
from itertools import islice
from math import nan

import numpy as np

from ..ground.options import Options
from . import Learner, Measurement, Tasks

FEW = 3  # tasks of a split; averages over pairs need so many


def lost(
    measure: Callable[[Learner, Tasks, Options], Iterable[Measurement]],
    learner: Learner,
    tasks: Tasks,
    options: Options,
    counts: Mapping[str, int],
) -> list[Measurement]:
    """Return a metric's quantities, NaN on every task.

    Which quantities there are is found by measuring a few tasks; their values are thrown away.

    Args:
        measure: of the metric's module.
        learner: any learner whose weights are finite, such as the initialization's.
        tasks: those of the metric.
        options: of the metric.
        counts: the number of tasks by split.
    """
    few = replace(tasks, of=lambda split: islice(tasks.of(split), FEW))
    return [_lost(m, counts.get(m.split, 0)) for m in measure(learner, few, options)]


def _lost(m: Measurement, tasks: int) -> Measurement:
    over_tasks = len(m.per_task) == min(FEW, tasks)  # not over classes, as embeddings are
    n = tasks if over_tasks else len(m.per_task)
    return Measurement(m.name, m.split, nan, nan, np.full(n, nan))
