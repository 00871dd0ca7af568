"""Judge the paper's claims from cached tables."""

from typing import Any

from ..claims import ClaimData, _report
from ..ground import plugins
from ..results import pages
from ..results import tables as csv
from ._common import runs_of


def run(
    runs: dict[str, Any],
    datasets: dict[str, Any],
    scale: str,
    claims: list[str],
    tables: list[str],
    output: str,
    readable: list[str],
) -> None:
    """Write all verdicts, and pages to read; `runs` and `datasets` are settings by name."""
    data = ClaimData(csv.read_all(tables, runs), runs_of(runs), datasets)
    modules = [plugins.load("claims", name) for name in claims]
    judged = [verdict for claim in modules for verdict in claim.judge(data)]
    verdicts = _report.with_troubles(judged, data.table)
    csv.write(output, _report.frame(verdicts))
    for page in readable:
        pages.write(page, _report.parts(claims, verdicts, scale))
