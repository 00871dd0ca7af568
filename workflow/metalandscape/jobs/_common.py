"""What several jobs do: arguments of the same name, settings from JSON, an algorithm from a run."""

import argparse
import re
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

from ..settings.run import Run

if TYPE_CHECKING:
    from ..algorithms import Algorithm
    from ..datasets import Dataset
    from ..training.artifacts import Origin


def add(parser: argparse.ArgumentParser, *names: str) -> None:
    """Add required options that take a text."""
    for name in names:
        parser.add_argument(f"--{name}", required=True)


def add_run(parser: argparse.ArgumentParser) -> None:
    """Add what names a run and the engine that computes."""
    add(parser, "run", "settings", "data", "code", "engine", "device")
    parser.add_argument("--seed", type=int, required=True)
    parser.add_argument("--kernel", nargs="?", help="by build_kernel; not every engine needs it")
    parser.add_argument("--threads", type=int, default=1)


def run_of(settings: str) -> Run:
    """Return a run's settings from JSON."""
    return Run.model_validate_json(settings)


def runs_of(runs: Mapping[str, Any]) -> dict[str, Run]:
    """Return the settings of several runs by name."""
    return {name: Run.model_validate(run) for name, run in runs.items()}


def epoch_of(path: str | Path) -> int:
    """Return the epoch in a checkpoint's file name, e.g. 7 of `epoch7.safetensors`."""
    return int(re.fullmatch(r"epoch(\d+)", Path(path).stem)[1])


def algorithm_of(
    run: Run,
    seed: int,
    dataset: "Dataset",
    engine: str,
    kernel: str | None,
    threads: int,
    device: str,
) -> "Algorithm":
    """Return the algorithm of a run, with the engine that computes."""
    from .. import algorithms, engines
    from ..tasks.task import Spec

    choice = engines.Choice(engine, kernel, threads, device)
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
