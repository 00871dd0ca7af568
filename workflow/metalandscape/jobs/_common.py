"""What several jobs do: arguments of the same name, and settings from JSON."""

import argparse
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from ..settings.run import Run


def add(parser: argparse.ArgumentParser, *names: str) -> None:
    """Add required options that take a text."""
    for name in names:
        parser.add_argument(f"--{name}", required=True)


def add_run(parser: argparse.ArgumentParser) -> None:
    """Add what names a run and the engine that computes."""
    add(parser, "run", "settings", "code", "engine", "device")
    parser.add_argument("--seed", type=int, required=True)
    parser.add_argument("--kernel", nargs="?", help="by build_kernel; not every engine needs it")
    parser.add_argument("--threads", type=int, default=1)
    parser.add_argument("--precision", default="float32")
    parser.add_argument("--tasks-at-once", type=int)


def add_data(parser: argparse.ArgumentParser) -> None:
    """Add the prepared datasets that a run is trained and judged on, one or two files."""
    parser.add_argument("--data", nargs="+", required=True)


def run_of(settings: str) -> Run:
    """Return a run's settings from JSON."""
    return Run.model_validate_json(settings)


def runs_of(runs: Mapping[str, Any]) -> dict[str, Run]:
    """Return the settings of several runs by name."""
    return {name: Run.model_validate(run) for name, run in runs.items()}


def epoch_of(path: str | Path) -> int:
    """Return the epoch in a checkpoint's file name, e.g. 7 of `epoch7.safetensors`."""
    return int(Path(path).stem.removeprefix("epoch"))
