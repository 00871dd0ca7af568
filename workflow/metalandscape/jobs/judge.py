"""Judge the paper's claims from cached tables."""

from collections.abc import Iterable
from typing import Any

from ..claims import ClaimData, Verdict, _report
from ..ground import plugins
from ..ground.errors import UserError
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
    """Write all verdicts, and pages to read; `runs` and `datasets` are settings by name.

    Raises:
        UserError: a claim's module returns something else than verdicts.
    """
    data = ClaimData(csv.read_all(tables, runs), runs_of(runs), datasets)
    judged = [verdict for name in claims for verdict in _judged(name, data)]
    verdicts = _report.with_troubles(judged, data.table)
    csv.write(output, _report.frame(verdicts))
    for page in readable:
        pages.write(page, _report.parts(claims, verdicts, scale))


def _judged(name: str, data: ClaimData) -> list[Verdict]:
    """Return a claim's verdicts."""
    returned = plugins.load("claims", name).judge(data)
    found = list(returned) if isinstance(returned, Iterable) else [returned]
    if not all(isinstance(one, Verdict) for one in found):
        raise UserError(
            f"{plugins.path('claims', name)}: judge should return or yield verdicts, as "
            "CLAIM.verdict makes them; correct the file."
        )
    return found
