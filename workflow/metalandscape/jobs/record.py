"""Write the page of provenance."""

from pathlib import Path
from typing import Any

from ..results import pages, provenance


def run(
    config: str,
    files: list[str],
    benchmarks: str,
    runs: list[str],
    kept: str,
    shipped: dict[str, Any],
    output: str,
) -> None:
    """Write the page of provenance; `config` is YAML."""
    parts = provenance.parts(config, files, Path(benchmarks), runs, Path(kept), shipped)
    pages.write(output, parts)
