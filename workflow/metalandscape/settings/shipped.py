"""Tables that come with the repository, without the files they were made from.

A folder of results may hold `shipped.json`, which `jobs.ship` writes: for each table its SHA-256
and a digest of the settings that it was computed with. Such a table is read as it is, so that
figures are redrawn in a fresh clone without data and training. Other settings need another table,
which is computed as usual; a table that was removed is computed again.
"""

import hashlib
import json
from pathlib import Path
from types import SimpleNamespace
from typing import Any

from ..ground.errors import UserError
from .plan import Plan

RECORD = "shipped.json"


def record(plan: Plan) -> dict[str, Any]:
    """Return what came with the configured folder of results; empty if nothing did.

    Raises:
        UserError: the file is no record of tables.
    """
    path = Path(plan.settings.folders.results, RECORD)
    if not path.exists():
        return {}
    try:
        found = json.loads(path.read_text(encoding="utf-8"))
        if all(table.keys() == {"sha256", "settings"} for table in found["tables"].values()):
            return dict(found)
    except (ValueError, LookupError, TypeError, AttributeError):
        pass
    raise UserError(f"{path}: no record of tables; restore it, or remove it to compute them anew.")


def tables(plan: Plan) -> dict[str, Path]:
    """Return the tables that are read as they came, by `run/metric`.

    A table that jobs have begun to compute here is not one of them.

    Raises:
        UserError: a table is not the one that came.
    """
    known = record(plan).get("tables", {})
    found = {}
    for metric, run in plan.settings.pairs() if known else ():
        path, name = Path(plan.run_table.format(run=run, metric=metric)), f"{run}/{metric}"
        measured = Path(plan.measured.format(metric=metric, run=run, seed=0, epochs=0)).parents[1]
        if name not in known or not path.exists() or measured.exists():
            continue
        if known[name]["settings"] == basis(plan, run, metric):
            _check(path, known[name]["sha256"])
            found[name] = path
    return found


def others(tables: dict[str, Path], name: str) -> str:
    """Return the pattern of runs in the path of a table that is to be computed.

    Args:
        tables: those that are not.
        name: the pattern of a run's name.
    """
    came = "|".join(f"{table}[.]csv" for table in tables)
    return f"(?!(?:{came})$){name}" if came else name


def basis(plan: Plan, run: str, metric: str) -> str:
    """Return a digest of the settings that the table of a run and metric depends on."""
    settings = plan.settings.runs[run]
    wildcards = SimpleNamespace(run=run, metric=metric)
    datasets = {settings.dataset, settings.at_test().dataset}
    parts = [
        *(plan.dataset_of(SimpleNamespace(dataset=name)) for name in sorted(datasets)),
        plan.settings_of(wildcards),
        plan.options_of(wildcards),
        json.dumps([settings.epochs, settings.seeds]),
    ]
    return hashlib.sha256("\n".join(parts).encode()).hexdigest()


def sha256(path: Path) -> str:
    """Return the SHA-256 of a file, as hexadecimal digits."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def _check(path: Path, expected: str) -> None:
    if sha256(path) != expected:
        raise UserError(
            f"{path}: not the table that {RECORD} beside its folder names; restore it, or remove "
            "it to compute it anew."
        )
