"""Tell where results come from."""

from pathlib import Path

from ..results import pages, provenance


def run(
    config: str, files: list[str], benchmarks: str, runs: list[str], kept: str, output: str
) -> None:
    """Write the page of provenance; `config` is YAML."""
    pages.write(output, provenance.parts(config, files, Path(benchmarks), runs, Path(kept)))
