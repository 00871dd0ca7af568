"""Write the page of provenance."""

from pathlib import Path
from typing import Any

from ..results import pages, provenance


def run(
    config: str,
    files: list[str],
    benchmarks: str,
    trainings: list[str],
    kept: str,
    shipments: list[dict[str, Any]],
    output: str,
) -> None:
    """Write the page of provenance; `config` is YAML."""
    parts = provenance.parts(config, files, Path(benchmarks), trainings, Path(kept), shipments)
    pages.write(output, parts)
