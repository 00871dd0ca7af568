"""Record tables that come with the repository, so that figures are redrawn from them alone."""

import argparse
import platform
import shutil
from pathlib import Path

from ..settings.run import Run
from ._common import add


def arguments(parser: argparse.ArgumentParser) -> None:
    """Add the arguments of `run`."""
    add(parser, "configfile")
    parser.add_argument("--into", help="another folder of results; tables and verdicts are copied")


def run(configfile: str, into: str | None) -> None:
    """Write the record of all tables of a configuration; see `settings.shipped`.

    Raises:
        UserError: a table is missing, or has other seeds or epochs than the configuration.
    """
    import json

    from ..ground.files import whole
    from ..results import provenance
    from ..settings import config, duplicates, shipped
    from ..settings.plan import Plan

    plan = Plan(config.load(duplicates.load(configfile)))
    source = Path(plan.settings.folders.results)
    target = Path(into or source)
    code = provenance.revision()  # before anything here changes files of the checkout
    found = {}
    for metric, name in plan.settings.pairs():
        path = Path(plan.run_table.format(run=name, metric=metric))
        _check(path, plan.settings.runs[name])
        own = {"sha256": shipped.sha256(path), "settings": shipped.basis(plan, name, metric)}
        found[f"{name}/{metric}"] = own
        _copy(path, target / path.relative_to(source))
    for suffix in ("csv", "md"):
        path = Path(plan.verdicts.format(suffix=suffix))
        _copy(path, target / path.name)
    times = provenance.run_times(Path(plan.benchmarks), plan.runs_shown())
    made = {"code": code, "platform": platform.platform(), "run_times": times}
    with whole(target / shipped.RECORD) as temporary:
        text = json.dumps({"computed": made, "tables": found}, indent=1)
        temporary.write_text(text + "\n", encoding="utf-8")


def _check(path: Path, run: Run) -> None:
    from ..ground.errors import UserError
    from ..results import tables

    if not path.exists():
        raise UserError(f"{path} is missing; compute all tables first, with snakemake.")
    table = tables.read_all([path])
    found = set(zip(table["seed"], table["epoch"], strict=True))
    if found != {(seed, epoch) for seed in run.seeds for epoch in range(run.epochs + 1)}:
        raise UserError(
            f"{path}: its seeds and epochs are not the configuration's; compute it anew."
        )


def _copy(path: Path, target: Path) -> None:
    from ..ground.files import whole

    if path.exists() and path != target:
        with whole(target) as temporary:
            shutil.copyfile(path, temporary)
