"""Record tables that come with the repository, so that figures are redrawn from them alone."""

import argparse
import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

from ._configured import add_configuration, plan_of

if TYPE_CHECKING:
    from ..settings.plan import Plan

Table = tuple[str, str, int]
"""Its run, metric and seed."""


def arguments(parser: argparse.ArgumentParser) -> None:
    """Add the arguments of `run`."""
    add_configuration(parser)
    parser.add_argument("--into", help="another folder of results; tables and verdicts are copied")
    parser.add_argument("--finished", action="store_true", help="leave out what is not computed")


def run(configfile: list[str], into: str | None, finished: bool) -> None:
    """Write the tables of a configuration that were computed here, and their record.

    Each is of one run, seed and metric. What was recorded before stays, unless it was computed
    anew; see `settings.shipped`.

    Args:
        configfile: one or more files, of which later ones change earlier ones.
        into: another folder of results than the configured one, for verdicts, too.
        finished: whether to leave out what is not computed, an error otherwise, and the verdicts.

    Raises:
        UserError: a table is missing, or nothing is there at all.
    """
    import json

    from ..ground.errors import UserError
    from ..ground.files import whole
    from ..results import provenance
    from ..settings import shipped

    plan = plan_of(configfile)
    plan.came = shipped.tables(plan)
    source = Path(plan.settings.folders.results)
    target = Path(into or source)
    code = provenance.revision()  # before anything here changes files of the checkout
    computed = list(_computed(plan, finished))
    if not computed:
        raise UserError(f"{source} has no tables that were computed here; call snakemake first.")
    found = dict(_write(plan, each, target) for each in computed)
    if not finished:  # verdicts are of all tables of a configuration
        for suffix in ("csv", "md"):
            path = Path(plan.verdicts.format(suffix=suffix))
            _copy(path, target / path.name)
    trainings = {f"{run}/seed{seed}" for run, _, seed in computed}
    times = provenance.run_times(Path(plan.benchmarks), trainings)
    made = {
        "code": code,
        "machine": ", ".join([provenance.machine(), *_gpu(plan.settings.device)]),
        "software": provenance.versions(),
        "run_times": times,
        "kept": provenance.kept_results(plan.kept),
        "tables": found,
    }
    with whole(target / shipped.RECORD) as temporary:
        text = json.dumps([*_others(shipped.record(target), found), made], indent=1)
        temporary.write_text(text + "\n", encoding="utf-8")


def _gpu(device: str) -> list[str]:
    """Return the name of the GPU that a configuration's jobs compute on, if there is one."""
    if device == "cpu":
        return []
    import torch

    return [torch.cuda.get_device_name()] if torch.cuda.is_available() else []


def _computed(plan: "Plan", finished: bool) -> Iterator[Table]:
    """Yield the tables whose jobs are all done here; others are an error, or are left out."""
    from ..ground.errors import UserError

    for metric, run in plan.settings.pairs():
        for seed in plan.settings.runs[run].seeds:
            parts = plan.measured_by(run, metric, seed)
            missing = [part for part in parts if not Path(part).exists()]
            if not missing:
                yield run, metric, seed
            elif not finished and plan.seed_table_of(run, metric, seed) not in plan.came:
                raise UserError(
                    f"{missing[0]} is missing; compute all tables first, with snakemake."
                )


def _write(plan: "Plan", table: Table, target: Path) -> tuple[str, dict[str, str]]:
    """Write a table; return its path within the folder of results, and what is recorded of it."""
    from ..results import tables
    from ..settings import shipped

    run, metric, seed = table
    path = Path(plan.seed_table_of(run, metric, seed)).relative_to(plan.settings.folders.results)
    tables.concatenate(target / path, plan.measured_by(run, metric, seed))
    recorded = {
        "sha256": shipped.sha256(target / path),
        "settings": shipped.basis(plan, run, metric),
        "code": shipped.code(plan, run, metric),
    }
    return path.as_posix(), recorded


def _others(shipments: list[dict], replaced: dict) -> list[dict]:
    """Return earlier shipments without what is replaced."""
    kept = (
        one | {"tables": {name: own for name, own in one["tables"].items() if name not in replaced}}
        for one in shipments
    )
    return [one for one in kept if one["tables"]]


def _copy(path: Path, target: Path) -> None:
    from ..ground.files import whole

    if path.exists() and path != target:
        with whole(target) as temporary:
            shutil.copyfile(path, temporary)
