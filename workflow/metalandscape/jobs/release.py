"""Pack what a release attaches: tables, the checkpoints of each run, and their checksums."""

import argparse
import zipfile
from collections.abc import Sequence
from pathlib import Path

from ._common import add
from ._configured import add_configuration, plan_of


def arguments(parser: argparse.ArgumentParser) -> None:
    """Add the arguments of `run`."""
    add_configuration(parser)
    add(parser, "output")


def run(configfile: list[str], output: str) -> None:
    """Write archives that unpack into a folder of results, and `manifest.txt`, as pooch reads it.

    The same results give the same bytes.

    Raises:
        UserError: nothing was trained that figures show, or a run is named `tables`.
    """
    from ..ground.errors import UserError
    from ..ground.files import whole
    from ..settings import shipped

    plan = plan_of(configfile)
    results, folder = Path(plan.settings.folders.results), Path(output)
    packed = {"tables.zip": sorted(results.glob("tables/*/*.csv"))}
    if "tables" in plan.runs_shown():
        raise UserError(
            "config key runs.tables: a release has the tables themselves in tables.zip; rename it."
        )
    for name in plan.runs_shown():
        pattern = Path(plan.checkpoint.format(run=name, seed="*", epoch="*"))
        packed[f"{name}.zip"] = sorted(results.glob(str(pattern.relative_to(results))))
    if missing := [name for name, files in packed.items() if not files]:
        raise UserError(
            f"{results} has nothing for {missing[0]}; compute it first, with snakemake."
        )
    for name, files in packed.items():
        with whole(folder / name) as temporary:
            _pack(temporary, files, results)
    lines = [f"{name} {shipped.sha256(folder / name)}\n" for name in packed]
    with whole(folder / "manifest.txt") as temporary:
        temporary.write_text("".join(lines), encoding="utf-8")


def _pack(archive: Path, files: Sequence[Path], results: Path) -> None:
    with zipfile.ZipFile(archive, "w") as opened:
        for file in files:
            # Without times and modes, which differ from one computation to the next.
            entry = zipfile.ZipInfo(file.relative_to(results).as_posix())
            opened.writestr(entry, file.read_bytes())
