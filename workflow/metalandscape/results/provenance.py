"""What results come from: the software, how long its jobs ran, and the configuration."""

import os
import platform
import re
import subprocess
from collections.abc import Collection, Mapping, Sequence
from datetime import UTC, datetime, timedelta
from importlib.metadata import distributions
from pathlib import Path
from typing import Any

import pandas as pd

from ..ground.version import VERSION
from . import csv
from .pages import Listing, Part, Table

PACKAGE = Path(__file__).parents[1]
INSIDE = "workflow/metalandscape"  # where it stands in its own checkout
COMPUTING = ("torch", "numpy", "scipy", "pandas", "matplotlib", "seaborn", "snakemake")
# With these, libraries use other instructions than the best of the processor, and round otherwise.
INSTRUCTIONS = ("OPENBLAS_CORETYPE", "MKL_CBWR", "MKL_ENABLE_INSTRUCTIONS", "ATEN_CPU_CAPABILITY")
COLUMNS = ["step", "jobs", "wall-clock time", "CPU time", "largest memory, MB"]


def parts(
    config: str,
    files: Sequence[str],
    benchmarks: Path,
    trainings: Collection[str],
    kept: Path,
    shipments: Sequence[Mapping[str, Any]],
) -> list[Part]:
    """Return the parts of the page.

    Args:
        config: the configuration as it was in force, in YAML.
        files: the files it was read from.
        benchmarks: the folder of Snakemake's benchmark files, `<step>/<run>/seed<s>/<job>.tsv`.
        trainings: the runs and seeds whose jobs count, as `run/seed0`.
        kept: the table that `keep` writes.
        shipments: what computed the tables that came with the repository, as `settings.shipped`
            gives it.
    """
    return [
        "# Where these results come from",
        "## Software",
        Table(["what", "version"], software()),
        "## Run times",
        "Sums over jobs, each as it last ran. Jobs run side by side: all took less than the sum.",
        Table(COLUMNS, run_times(benchmarks, trainings)),
        *_shipped(shipments),
        *_kept("## Kept results", kept_results(kept)),
        "## Configuration",
        f"Of {' and '.join(files)}, with what the command line changed. Keys that are not set have "
        "the defaults of config/README.md.",
        Listing(config.strip()),
    ]


def keep(path: str | Path, reason: str) -> None:
    """Record that results made by earlier code are kept, with the code's revision now and why."""
    row = {
        "date": datetime.now(UTC).isoformat(timespec="seconds"),
        "code": revision(),
        "reason": " ".join(reason.split()),
    }
    csv.write(path, pd.DataFrame([*kept_results(path), row]))


def _shipped(shipments: Sequence[Mapping[str, Any]]) -> list[Part]:
    found: list[Part] = ["## Tables that came with the repository"] if shipments else []
    for one in shipments:
        earlier = one["earlier"]
        changed = (
            f" The code that computes {len(earlier)} of them has changed since." if earlier else ""
        )
        runs = dict.fromkeys(Path(table).parts[-3] for table in one["tables"])
        software = f", with {one['software']}" if one["software"] else ""
        found += [
            f"{len(one['tables'])} tables were not computed here but by metalandscape "
            f"{one['code']} on {one['machine']}{software}, of the runs {', '.join(runs)}.{changed}",
            Table(COLUMNS, one["run_times"]),
            *_kept("### Kept among them", one["kept"]),
        ]
    return found


def kept_results(path: str | Path) -> list[dict[str, str]]:
    """Return the rows that `keep` wrote: dates, revisions of the code, reasons."""
    return csv.read(path).astype(str).to_dict("records") if Path(path).exists() else []


def _kept(heading: str, rows: Sequence[Mapping[str, str]]) -> list[Part]:
    if not rows:
        return []
    return [
        heading,
        "The code changed, and the results were kept by hand: they are of earlier code.",
        Table(list(rows[0]), [list(row.values()) for row in rows]),
    ]


def software() -> list[list[str]]:
    """Return names and versions: this code, python, the platform and all installed packages."""
    packages = _packages()
    others = sorted(packages.keys() - set(COMPUTING), key=str.lower)
    return [
        ["metalandscape", revision()],
        ["platform", machine()],
        *_computing(),
        ["other packages", ", ".join(f"{name} {packages[name]}" for name in others)],
    ]


def versions() -> str:
    """Return the versions of python and of the packages that results depend on, in a line."""
    return ", ".join(" ".join(row) for row in _computing())


def _computing() -> list[list[str]]:
    """Return names and versions of python and of the packages that results depend on."""
    packages = _packages()
    named = [[name, packages[name]] for name in COMPUTING if name in packages]
    return [["python", platform.python_version()], *named]


def _packages() -> dict[str, str]:
    return {package.name: package.version for package in distributions() if package.name}


def machine() -> str:
    """Return the platform, the processors, and variables by which libraries use them otherwise."""
    try:
        text = Path("/proc/cpuinfo").read_text(encoding="utf-8")
    except OSError:
        text = ""
    found = re.search(r"^model name\s*:\s*(.+)$", text, re.M)
    model = found[1] if found else platform.processor()
    named = [f"{name}={os.environ[name]}" for name in INSTRUCTIONS if name in os.environ]
    processors = f"{os.cpu_count()} processors {model}".strip()
    return ", ".join([platform.platform(), processors, *named])


def run_times(benchmarks: Path, trainings: Collection[str]) -> list[list[str]]:
    """Return a row per step: number of jobs, sums of their times, and the largest memory."""
    files = [
        file
        for file in sorted(benchmarks.rglob("*.tsv"))
        if "/".join(file.parts[-3:-1]) in trainings
    ]
    measured = [
        pd.read_csv(file, sep="\t").assign(step=file.relative_to(benchmarks).parents[2].as_posix())
        for file in files
    ]
    if not measured:
        return []
    sums = (
        pd.concat(measured)
        .groupby("step")
        .agg(jobs=("s", "size"), s=("s", "sum"), cpu=("cpu_time", "sum"), memory=("max_rss", "max"))
    )
    return [
        [row.Index, str(row.jobs), _time(row.s), _time(row.cpu), f"{row.memory:.0f}"]
        for row in sums.itertuples()
    ]


def _time(seconds: float) -> str:
    """Return hours, minutes and seconds."""
    return str(timedelta(seconds=round(seconds)))


def revision(package: Path = PACKAGE) -> str:
    """Return the version of this code, with its commit if it is a checkout of its own.

    A repository that merely surrounds an installed package or an unpacked archive doesn't count;
    where git doesn't answer, the commit is unknown.
    """
    package = package.resolve()
    root = package.parents[1]
    own = package == root / INSIDE and (root / ".git").exists()
    if not own or _git(root, "ls-files", INSIDE) == "":
        return f"{VERSION}, not under git"
    return f"{VERSION}, commit {_git(root, 'describe', '--always', '--dirty') or 'unknown'}"


def _git(root: Path, *arguments: str) -> str | None:
    """Return what git says of a checkout; None if it fails or isn't installed."""
    # Variables of a surrounding call of git would name another repository.
    environment = {k: v for k, v in os.environ.items() if not k.startswith("GIT_")}
    # Git refuses checkouts of other users, whose hooks it might run; but theirs is this very code.
    command = ["git", "-c", f"safe.directory={root}", *arguments]
    try:
        done = subprocess.run(command, cwd=root, env=environment, capture_output=True, text=True)
    except OSError:
        return None
    return done.stdout.strip() if done.returncode == 0 else None
