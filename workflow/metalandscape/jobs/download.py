"""Find or fetch a dataset's archives.

With the environment variable METALANDSCAPE_ARCHIVES set, they are taken from that folder and
nothing touches the network.
"""

import argparse
import os
from pathlib import Path

from ..datasets import ARCHIVES, chosen
from ..datasets._manifest import save as save_manifest
from ._common import add


def arguments(parser: argparse.ArgumentParser) -> None:
    """Add the arguments of `run`."""
    add(parser, "dataset", "output")


def run(dataset: str, output: str) -> None:
    """Write a manifest that tells where the archives are, fetching them if need be."""
    kind, options = chosen(dataset)
    staged = os.environ.get(ARCHIVES)
    folder = Path(staged) if staged else Path(output).parent
    if not staged and options.downloadable():
        folder.mkdir(parents=True, exist_ok=True)
        kind.download(options, folder)
    save_manifest(Path(output), options, folder, bool(staged))
