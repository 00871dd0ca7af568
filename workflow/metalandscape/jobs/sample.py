"""Write the fixed task list of one metric."""

import argparse
import json

from ..datasets import open_dataset
from ..tasks import lists
from ._common import add, add_data


def arguments(parser: argparse.ArgumentParser) -> None:
    """Add the arguments of `run`."""
    add(parser, "run", "metric", "shapes", "counts", "output")
    add_data(parser)
    parser.add_argument("--seed", type=int, required=True)


def run(
    run: str,
    metric: str,
    seed: int,
    data: list[str],
    shapes: str,
    counts: str,
    output: str,
) -> None:
    """Write a metric's tasks.

    Meta-train tasks come from the first dataset of `data`, others from the last.
    `shapes` and `counts` are JSON, by split: way, shot and targets of a task, and how many tasks.
    """
    shape = json.loads(shapes)
    wanted = {
        split: lists.Wanted(
            open_dataset(data[0] if split == "train" else data[-1]), shape[split], count
        )
        for split, count in json.loads(counts).items()
    }
    lists.save(output, wanted, run, seed, metric)
