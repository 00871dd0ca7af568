"""Measure one metric at one or several checkpoints."""

import argparse
import json
import logging
from collections.abc import Iterable, Iterator
from typing import TYPE_CHECKING

from ..datasets import open_dataset
from ..ground import plugins
from ..ground.errors import UserError
from ..ground.options import Part
from ._common import add, add_data, add_run, epoch_of, run_of
from ._learning import algorithm_of, origin_of

if TYPE_CHECKING:
    from ..metrics import Measurement

log = logging.getLogger(__name__)


def arguments(parser: argparse.ArgumentParser) -> None:
    """Add the arguments of `run`."""
    add_run(parser)
    add_data(parser)
    add(parser, "metric", "options", "tasks", "output", "per-task")
    parser.add_argument("--checkpoints", nargs="+", required=True)


def run(
    metric: str,
    options: str,
    run: str,
    settings: str,
    seed: int,
    data: list[str],
    code: str,
    tasks: str,
    checkpoints: list[str],
    output: str,
    per_task: str,
    engine: str,
    kernel: str | None,
    threads: int,
    device: str,
    precision: str = "float32",
    tasks_at_once: int | None = None,
) -> None:
    """Write the measurements of all checkpoints, and the values of their tasks."""
    from ..metrics._lost import lost
    from ..results import tables
    from ..tasks import lists
    from ..tasks.episodes import Tasks
    from ..training import artifacts

    trained, (dataset, *others) = run_of(settings), map(open_dataset, data)
    judged = others[0] if others else dataset
    algorithm = algorithm_of(
        trained, seed, dataset, engine, kernel, threads, device, precision, tasks_at_once
    )
    origin = origin_of(run, seed, trained, dataset, code)
    lists.check(tasks, run, seed, metric)
    shot = trained.at_test().shot
    own = Tasks.listed(
        tasks,
        {"train": dataset, "val": judged, "test": judged},
        {"train": trained.shot, "val": shot, "test": shot},
        seed,
    )
    module, chosen = plugins.chosen("metrics", Part(name=metric, options=json.loads(options)))

    def measured() -> Iterator[tuple[int, bool, "list[Measurement]"]]:
        for path in sorted(checkpoints, key=epoch_of):
            at = artifacts.load_checkpoint(path, algorithm, origin)
            if at.diverged is None:
                found = _checked(metric, module.measure(algorithm.learner(at.meta), own, chosen))
            else:
                start = algorithm.learner(algorithm.initial())
                found = lost(module.measure, start, own, chosen, lists.counts(tasks))
            for m in found:
                if count := m.diverged():
                    log.info("%s: %s diverged on %d of its tasks", path, m.name, count)
            yield at.epoch, at.collapsed, found

    tables.write_measurements(output, per_task, run, seed, measured())


def _checked(metric: str, found: "Iterable[Measurement] | None") -> "list[Measurement]":
    """Return what a metric yields.

    Raises:
        UserError: it is nothing, or no measurements, or of no tasks.
    """
    from ..metrics import Measurement

    measurements = list(found or ())
    file = plugins.path("metrics", metric)
    if not measurements or not all(isinstance(m, Measurement) for m in measurements):
        raise UserError(
            f"{file}: measure should yield Measurements, such as those of metrics.mean, at least "
            "one for each kind of tasks in TASKS."
        )
    for m in measurements:
        if not len(m.per_task):
            raise UserError(
                f"{file}: {m.name} is measured on no tasks; its Options should ask for some, as in "
                "tasks: TaskCount = 100."
            )
    return measurements
