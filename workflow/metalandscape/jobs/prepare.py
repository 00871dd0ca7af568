"""Write a dataset's prepared file."""

import argparse
import os
from pathlib import Path

from ..datasets import ARCHIVES, chosen
from ..datasets._manifest import load as load_manifest
from ._common import add


def arguments(parser: argparse.ArgumentParser) -> None:
    """Add the arguments of `run`."""
    add(parser, "dataset", "output")
    parser.add_argument("--manifest", nargs="?", help="by download; generated data need none")


def run(dataset: str, output: str, manifest: str | None) -> None:
    """Write the prepared file of a dataset."""
    kind, options = chosen(dataset)
    recorded = load_manifest(manifest)["folder"] if manifest else "."
    # The archives may have moved since the manifest was written.
    folder = os.environ.get(ARCHIVES) or recorded
    record = Path(output).with_suffix(".sha256")
    kind.prepare(options, Path(folder), record).save(Path(output))
