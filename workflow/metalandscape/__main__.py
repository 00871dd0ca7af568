"""The command line: `python -m metalandscape COMMAND`, one command per workflow rule."""

import argparse
import logging
import os
import sys

from .ground.errors import UserError

# Idle threads must not spin: on shared cores that slows every job down by an order of magnitude.
os.environ.setdefault("OMP_WAIT_POLICY", "PASSIVE")
os.environ.setdefault("OMP_NUM_THREADS", "1")


def main(arguments: list[str] | None = None) -> int:
    """Run one command; a user's mistake is one sentence on stderr and exit code 1."""
    logging.basicConfig(level=logging.INFO, format="%(message)s")
    from . import commands

    options = vars(parser().parse_args(arguments))
    try:
        getattr(commands, options.pop("command"))(**options)
    except UserError as error:
        print(f"metalandscape: {error}", file=sys.stderr)
        return 1
    return 0


def parser() -> argparse.ArgumentParser:
    """Return the parser; settings are JSON, as the workflow's params hold them."""
    top = argparse.ArgumentParser("metalandscape", description=__doc__)
    commands = top.add_subparsers(dest="command", required=True)

    def command(name: str, description: str, *required: str) -> argparse.ArgumentParser:
        sub = commands.add_parser(name, help=description, description=description)
        for option in required:
            sub.add_argument(f"--{option}", required=True)
        return sub

    command("download", "Find or fetch a dataset's archives.", "dataset", "output")
    sub = command("prepare", "Write a dataset's prepared file.", "dataset", "output")
    sub.add_argument("--manifest", help="written by download; not needed by generated data")
    sub = command(
        "sample", "Write a metric's fixed task list.", "shape", "data", "counts", "output"
    )
    sub.add_argument("--seed", type=int, required=True)

    def with_engine(sub: argparse.ArgumentParser) -> argparse.ArgumentParser:
        sub.add_argument("--engine", required=True)
        sub.add_argument("--device", required=True)
        sub.add_argument("--kernel", nargs="?", help="by build_kernel; not every engine needs it")
        return sub

    command("build_kernel", "Compile the fast engine's kernel.", "output")
    sub = with_engine(command("train", "Train a block of epochs.", "run", "data", "log", "state"))
    sub.add_argument("--threads", type=int, default=1)
    sub.add_argument("--seed", type=int, required=True)
    sub.add_argument("--previous", help="the training state to go on from")
    sub.add_argument("--checkpoints", nargs="+", required=True)
    sub = with_engine(
        command(
            "measure", "Measure checkpoints.", "metric", "options", "name", "run", "data", "tasks"
        )
    )
    sub.add_argument("--seed", type=int, required=True)
    sub.add_argument("--checkpoints", nargs="+", required=True)
    sub.add_argument("--output", required=True)
    sub.add_argument("--per-task", required=True)
    sub = command("tabulate", "Join tables.", "output")
    sub.add_argument("inputs", nargs="+")
    sub = command("draw", "Draw a figure.", "figure", "scale", "runs")
    sub.add_argument("--tables", nargs="*", required=True, help="none for an illustration")
    sub.add_argument("--outputs", nargs="+", required=True)
    sub = command("judge", "Judge the claims.", "runs", "datasets", "scale", "output")
    sub.add_argument("--tables", nargs="*", required=True, help="none if no figure has any")
    sub.add_argument("--readable", nargs="+", required=True, help="pages, .md or .html")
    sub = command("record", "Tell where results come from.", "config", "benchmarks", "output")
    sub.add_argument("--files", nargs="+", required=True, help="what the configuration is from")
    sub.add_argument("--runs", nargs="*", required=True, help="whose jobs count")
    return top


if __name__ == "__main__":
    sys.exit(main())
