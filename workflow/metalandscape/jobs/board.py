"""Export the curves of training and all measurements in TensorBoard's format."""

from collections.abc import Callable
from pathlib import Path

from ..results import board, tables


def run(
    trainings: dict[str, list[int]],
    logs: str,
    inputs: list[str],
    output: str,
    writer: Callable[[str], board.Writer],
) -> None:
    """Write a folder per run and seed, `<run>/seed0`.

    Args:
        trainings: the seeds of every run.
        logs: the pattern of the logs of a training's blocks, with `{run}` and `{seed}`. A training
            whose tables came with the repository has none.
        inputs: the tables of all runs and metrics.
        output: the folder.
        writer: makes a writer for a folder.
    """
    measured = tables.read_all(inputs)
    for name, seeds in trainings.items():
        for seed in seeds:
            own = measured[(measured["run"] == name) & (measured["seed"] == seed)]
            pattern = Path(logs.format(run=name, seed=seed))
            found = map(str, sorted(pattern.parent.glob(pattern.name)))
            board.write(writer(str(Path(output, name, f"seed{seed}"))), found, own)
