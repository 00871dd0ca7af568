"""Export the curves of training and all measurements in TensorBoard's format."""

from collections.abc import Callable
from pathlib import Path

from ..results import board, tables


def run(
    trainings: dict[str, dict[int, list[str]]],
    inputs: list[str],
    output: str,
    writer: Callable[[str], board.Writer],
) -> None:
    """Write a folder per run and seed, `<run>/seed0`.

    Args:
        trainings: the logs of a training's blocks, in order, by run and seed.
        inputs: the tables of all runs and metrics.
        output: the folder.
        writer: makes a writer for a folder.
    """
    measured = tables.read_all(inputs)
    for name, seeds in trainings.items():
        for seed, logs in seeds.items():
            own = measured[(measured["run"] == name) & (measured["seed"] == seed)]
            board.write(writer(str(Path(output, name, f"seed{seed}"))), logs, own)
