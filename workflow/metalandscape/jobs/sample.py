"""Write the fixed task list of one metric."""

import argparse
import json

from ..datasets import open_dataset
from ..tasks import lists
from ._common import add, run_of


def arguments(parser: argparse.ArgumentParser) -> None:
    """Add the arguments of `run`."""
    add(parser, "run", "settings", "metric", "data", "test-data", "counts", "output")
    parser.add_argument("--seed", type=int, required=True)


def run(
    run: str,
    settings: str,
    metric: str,
    seed: int,
    data: str,
    test_data: str,
    counts: str,
    output: str,
) -> None:
    """Write a metric's tasks: `counts` is JSON, a number of tasks by split.

    Meta-train tasks are those of meta-training; meta-test and meta-validation tasks have the
    settings of meta-test.
    """
    trained = run_of(settings)
    judged = trained.at_test()
    wanted = {
        split: lists.Wanted(
            open_dataset(data if split == "train" else test_data),
            (trained if split == "train" else judged).shape(),
            count,
        )
        for split, count in json.loads(counts).items()
    }
    lists.save(output, wanted, run, seed, metric)
