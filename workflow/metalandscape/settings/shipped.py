"""Tables that come with the repository, without the files they were made from.

A folder of results may hold `shipped.json`, which `jobs.ship` writes: a list of shipments, each
with what computed it, the list of what was kept by hand after edits of the code, and its tables,
one for each run, seed and metric. For a table it has its SHA-256 and digests of the settings and of
the code that it was computed with. Such a table is read as it is, so that figures are redrawn in a
fresh clone without data and training, and a seed that is added to a run is the only one that is
trained. Other settings need another table, which is computed as usual; a table that was removed is
computed again.
"""

import hashlib
import json
from collections.abc import Callable
from pathlib import Path
from types import SimpleNamespace
from typing import Any

from pydantic import TypeAdapter, ValidationError

from ..ground.errors import UserError
from ..ground.strict import Strict
from .plan import Plan

RECORD = "shipped.json"


class Recorded(Strict):
    """What is recorded of a table: its SHA-256, and digests of its settings and of its code."""

    sha256: str
    settings: str
    code: str


class Shipment(Strict):
    """Tables that were shipped at once.

    Attributes:
        code: the revision of the code that shipped them.
        machine: the one that computed them, with its GPU if that computed.
        software: names and versions of what computed them; empty if it is not known.
        run_times: the rows of `results.provenance.run_times`.
        kept: the rows of `results.provenance.kept_results`.
        tables: each of them by its file, within the folder of results.
    """

    code: str
    machine: str
    software: str = ""
    run_times: list[list[str]]
    kept: list[dict[str, str]]
    tables: dict[str, Recorded]


def record(folder: str | Path) -> list[dict[str, Any]]:
    """Return the shipments that came with a folder of results; none if nothing came.

    Raises:
        UserError: the file is no record of tables.
    """
    path = Path(folder, RECORD)
    if not path.exists():
        return []
    try:
        found = TypeAdapter(list[Shipment]).validate_json(path.read_bytes())
    except (ValidationError, OSError):
        raise UserError(
            f"{path}: no record of tables; restore it, or remove it to compute them anew."
        ) from None
    return [shipment.model_dump() for shipment in found]


def known(plan: Plan) -> dict[str, dict[str, str]]:
    """Return what is recorded of every table that came, by its file.

    Raises:
        UserError: see `record`.
    """
    results = plan.settings.folders.results
    shipments = record(results)
    return {f"{results}/{name}": own for one in shipments for name, own in one["tables"].items()}


def tables(plan: Plan) -> set[str]:
    """Return the files of the tables that are read as they came.

    A table that jobs have begun to compute here is not one of them.

    Raises:
        UserError: a table is not the one that came.
    """
    recorded = known(plan)
    found = set()
    for metric, run in plan.settings.pairs() if recorded else ():
        own = basis(plan, run, metric)
        for seed in plan.settings.runs[run].seeds:
            path = plan.seed_table_of(run, metric, seed)
            begun = any(Path(plan.measured_by(run, metric, seed)[0]).parent.glob("*.csv"))
            if path not in recorded or not Path(path).exists() or begun:
                continue
            if recorded[path]["settings"] == own:
                _check(path, recorded[path]["sha256"])
                found.add(path)
    return found


def shipments(plan: Plan) -> list[dict[str, Any]]:
    """Return the shipments that `plan.came` is of, with the names of these tables only.

    Those that the code as it is now did not compute are named again, as `earlier`.
    """
    if not plan.came:
        return []
    results = plan.settings.folders.results
    now = {
        plan.seed_table_of(run, metric, seed): code(plan, run, metric)
        for metric, run in plan.settings.pairs()
        for seed in plan.settings.runs[run].seeds
    }
    shown = []
    for one in record(results):
        files = {f"{results}/{name}": own["code"] for name, own in one["tables"].items()}
        own = sorted(plan.came & files.keys())
        earlier = [file for file in own if files[file] != now[file]]
        if own:
            shown.append(one | {"tables": own, "earlier": earlier})
    return shown


def basis(plan: Plan, run: str, metric: str) -> str:
    """Return a digest of the settings that a seed's table of a run and metric depends on."""
    wildcards = SimpleNamespace(run=run, metric=metric)
    parts = [
        *_of_datasets(plan, run, plan.dataset_of),
        plan.settings_of(wildcards),
        plan.options_of(wildcards),
        json.dumps(plan.settings.runs[run].epochs),
    ]
    # Devices agree to rounding, so that runs begun on one are added to on another.
    if plan.settings.precision != "float32":
        parts.append(plan.settings.precision)
    return _joined(parts)


def code(plan: Plan, run: str, metric: str) -> str:
    """Return a digest of the code that computes a table of a run and metric, from its data on."""
    wildcards = SimpleNamespace(run=run, metric=metric)
    parts = [
        *_of_datasets(plan, run, plan.code_of_dataset),
        plan.code_of_tasks(wildcards),
        plan.code_of_training(wildcards),
        plan.code_of_metric(wildcards),
    ]
    return _joined(parts)


def sha256(path: str | Path) -> str:
    """Return the SHA-256 of a file, as hexadecimal digits."""
    with Path(path).open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def _of_datasets(plan: Plan, run: str, ask: Callable[[Any], str]) -> list[str]:
    """Return what the plan says of each dataset of a run, in the order of their names."""
    return [ask(SimpleNamespace(dataset=name)) for name in sorted(plan.dataset_names(run))]


def _joined(parts: list[str]) -> str:
    return hashlib.sha256("\n".join(parts).encode()).hexdigest()


def _check(path: str, expected: str) -> None:
    if sha256(path) != expected:
        raise UserError(
            f"{path}: not the table that {RECORD} of its results names; restore it, or remove it "
            "to compute it anew."
        )
