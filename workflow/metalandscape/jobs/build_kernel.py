"""Compile the fast engine's kernel."""

import argparse
from pathlib import Path

from ._common import add


def arguments(parser: argparse.ArgumentParser) -> None:
    """Add the arguments of `run`."""
    add(parser, "output", "code")


def run(output: str, code: str) -> None:
    """Compile the kernel; where that is impossible, say so and write an empty file.

    The digest of its code stands in a file beside it, which `settings.plan` compares.
    """
    from ..engines import native
    from ..ground.files import whole

    native.build(output)
    with whole(Path(output).with_suffix(".code")) as temporary:
        temporary.write_text(code)
