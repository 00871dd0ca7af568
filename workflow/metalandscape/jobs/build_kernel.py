"""Compile the fast engine's kernel."""

import argparse

from ._common import add


def arguments(parser: argparse.ArgumentParser) -> None:
    """Add the arguments of `run`."""
    add(parser, "output")


def run(output: str) -> None:
    """Compile the kernel; where that is impossible, say so and write an empty file."""
    from ..engines import native

    native.build(output)
