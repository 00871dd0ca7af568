"""What training and measuring do: an algorithm from a run, and what their files belong to.

Separate from `_common`, so that an edit of an engine does not prepare datasets again.
"""

from typing import TYPE_CHECKING

from ..settings.run import Run

if TYPE_CHECKING:
    from ..algorithms import Algorithm
    from ..datasets import Dataset
    from ..training.artifacts import Origin


def algorithm_of(
    run: Run,
    seed: int,
    dataset: "Dataset",
    engine: str,
    kernel: str | None,
    threads: int,
    device: str,
    precision: str,
    tasks_at_once: int | None,
) -> "Algorithm":
    """Return the algorithm of a run, with the engine that computes."""
    from .. import algorithms, engines
    from ..tasks.task import Spec

    choice = engines.Choice(engine, kernel, threads, device, precision, tasks_at_once)
    return algorithms.create(algorithms.Setup(run, Spec.of(dataset), seed, choice))


def origin_of(name: str, seed: int, run: Run, dataset: "Dataset", code: str) -> "Origin":
    """Return what the files of a run's seed belong to."""
    from ..ground.version import VERSION
    from ..tasks.task import Spec
    from ..training.artifacts import Origin

    return Origin(
        run=name,
        seed=seed,
        settings=run.settings(),
        dataset=dataset.digest,
        preprocessing=getattr(dataset, "preprocessing", None) or {},
        spec=Spec.of(dataset)._asdict(),
        code=code,
        version=VERSION,
    )
