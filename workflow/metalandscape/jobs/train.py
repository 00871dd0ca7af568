"""Train a block of epochs."""

import argparse

from ..datasets import open_dataset
from ..ground.errors import Preempted
from ._common import add, add_run, epoch_of, run_of
from ._learning import algorithm_of, origin_of


def arguments(parser: argparse.ArgumentParser) -> None:
    """Add the arguments of `run`."""
    add_run(parser)
    add(parser, "data", "log", "state")
    parser.add_argument("--previous", nargs="?", help="the training state to go on from")
    parser.add_argument("--initial", nargs="?", help="a checkpoint or a state dict to start from")
    parser.add_argument("--checkpoints", nargs="+", required=True)


def run(
    run: str,
    settings: str,
    seed: int,
    data: str,
    code: str,
    previous: str | None,
    initial: str | None,
    checkpoints: list[str],
    state: str,
    log: str,
    engine: str,
    kernel: str | None,
    threads: int,
    device: str,
    precision: str = "float32",
    tasks_at_once: int | None = None,
) -> None:
    """Train a block of epochs: the checkpoints' names tell which."""
    import pandas as pd

    from ..results import csv
    from ..training import blocks

    trained, dataset = run_of(settings), open_dataset(data)
    algorithm = algorithm_of(
        trained, seed, dataset, engine, kernel, threads, device, precision, tasks_at_once
    )
    origin = origin_of(run, seed, trained, dataset, code)
    files = {epoch_of(path): path for path in checkpoints}
    if previous:
        begin = blocks.go_on(algorithm, previous, origin, min(files) - 1)
    else:
        begin = blocks.start(algorithm, initial)
    try:
        end, rows = blocks.train(algorithm, dataset, begin, files, origin)
    except Preempted:
        epochs = f"epochs {begin.epoch + 1} to {max(files)} of run {run}, seed {seed},"
        raise Preempted(f"{epochs} are trained anew from epoch {begin.epoch}") from None
    if end.diverged is not None and begin.diverged is None:
        # To the user, not to the log: the job succeeds, so that the epochs before are kept.
        print("metalandscape:", blocks.diverged(run, seed, end.diverged), flush=True)
    csv.write(log, pd.DataFrame(rows, columns=blocks.COLUMNS))
    end.save(state, origin)
