"""What the workflow itself costs: scheduling many jobs, starting each of them, redrawing a figure.

python benchmarks/scheduling.py
"""

import os
import re
import shutil
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import pandas as pd
import yaml

HERE = Path(__file__).parent
ROOT = HERE.parent
PARTS = ("Snakefile", "config.yaml", "config", "workflow", "profiles", "envs")
SNAKEMAKE = [sys.executable, "-m", "snakemake"]
SMOKE = ["--configfile", "config/smoke.yaml"]
EPOCHS = 100

# Stands for the package's command line: makes the files that a job names as products.
STUB = """import pathlib, sys

PRODUCTS = "--output --per-task --state --log --checkpoints".split()


def touch(*files):
    for file in files:
        pathlib.Path(file).touch()


def scripted(job, folder, log, output=None, outputs=(), readable=(), **arguments):
    touch(log, *([output] if output else []), *outputs, *readable)


if __name__ == "__main__":
    product = False
    for word in sys.argv[1:]:
        if word.startswith("--"):
            product = word in PRODUCTS
        elif product:
            touch(word)
"""

# What a rule's job cannot do without; those of a script begin with Snakemake's own preamble.
BARE = {
    "prepare_dataset": "numpy, PIL.Image",
    "sample_tasks": "numpy",
    "train_epochs": "torch, pandas",
    "measure_checkpoints": "torch, pandas",
    "tabulate_run": "snakemake.logging, pandas",
    "draw_figure": "snakemake.logging, pandas, seaborn",
    "judge_claims": "snakemake.logging, pandas, scipy.special",
}


def copy(folder: Path) -> None:
    """Copy the project's code into a folder."""
    for part in PARTS:
        source = ROOT / part
        if source.is_dir():
            shutil.copytree(source, folder / part, ignore=shutil.ignore_patterns("__pycache__"))
        else:
            shutil.copy2(source, folder / part)


def run(command: list, folder: Path, **environment: str) -> subprocess.CompletedProcess:
    """Run a command and return what it said; stop if it fails."""
    done = subprocess.run(
        command, cwd=folder, env={**os.environ, **environment}, capture_output=True, text=True
    )
    if done.returncode:
        raise SystemExit(f"{command} failed:\n{done.stdout[-3000:]}{done.stderr[-3000:]}")
    return done


def timed(command: list, folder: Path, **environment: str) -> float:
    """Return the seconds that a command takes."""
    started = time.perf_counter()
    run(command, folder, **environment)
    return time.perf_counter() - started


def import_seconds(command: list, folder: Path, log: str | None, **environment: str) -> float:
    """Return the seconds that a command spends on imports, by Python's own count.

    It stands on stderr, which a rule's shell command sends to its log.
    """
    done = run(command, folder, **environment, PYTHONPROFILEIMPORTTIME="1")
    text = (folder / log).read_text() if log else done.stderr
    return sum(int(own) for own in re.findall(r"^import time: +(\d+) \|", text, re.M)) / 1e6


def configuration(runs: int) -> dict:
    """Return a configuration of `runs` x 101 checkpoints x 5 metrics, each its own metric job."""
    names = [f"letters_{i}" for i in range(runs)]
    return {
        "scale": "synthetic",
        "datasets": {"letters": {"kind": "glyphs"}},
        "defaults": {
            "dataset": "letters",
            "algorithm": "maml",
            "network": {"kind": "conv", "filters": 4, "downsampling": "stride"},
            "way": 5,
            "shot": 1,
            "targets": 3,
            "inner_rate": 0.1,
            "batch_size": 2,
            "epochs": EPOCHS,
            "epochs_per_job": 10,
            "seeds": [0],
        },
        "runs": {name: {} for name in names},
        "figures": {figure: names for figure in ("fig3", "fig5", "fig7", "fig9")},
    }


def scale() -> list[dict]:
    """Time a dry-run of 15,000 metric jobs, and a run of 3,000 jobs that only make their files."""
    rows = []
    for what, runs, arguments in (
        ("dry-run of 15,150 metric jobs", 30, ["-n", "--quiet"]),
        ("run of 3,030 metric jobs that only make their files", 6, ["--quiet"]),
    ):
        with tempfile.TemporaryDirectory() as name:
            folder = Path(name)
            copy(folder)
            (folder / "many.yaml").write_text(yaml.safe_dump(configuration(runs)))
            (folder / "workflow/metalandscape/__main__.py").write_text(STUB)
            command = [*SNAKEMAKE, "--cores", "2", *arguments, "--configfile", "many.yaml"]
            seconds = timed(command, folder)
            rows.append({"what": what, "seconds": seconds})
    return rows


def start_up() -> list[dict]:
    """Time every rule on the smoke configuration, what joins checkpoints in jobs, and a redraw."""
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        copy(folder)
        run([*SNAKEMAKE, "--cores", "2", "--skip-script-cleanup", *SMOKE], folder)
        known = jobs(folder)
        rows = [job_times(rule, known, folder) for rule in BARE]
        return [*rows, *grouping(folder), redraw(folder)]


def jobs(folder: Path) -> dict[str, tuple[list[str], str | None]]:
    """Return a job's command by rule, and the log that has its stderr; None if it is no shell's.

    Rules with a script are started as Snakemake did it, by the file that it left behind.
    """
    text = run([*SNAKEMAKE, "-n", "-p", "-F", *SMOKE], folder).stdout
    found = {}
    for rule, command in re.findall(r"^rule (\w+):$.*?^Shell command: (.*?)$", text, re.S | re.M):
        if command != "None" and (log := re.search(r"2> (\S+)", command)):
            found.setdefault(rule, (["bash", "-c", command], log[1]))
    for script in sorted((folder / ".snakemake/scripts").glob("*.py")):
        content = script.read_text()
        for rule in BARE:
            # The rule's name stands in Snakemake's pickled description of the job.
            if rf"{rule}\x94" in content:
                found.setdefault(rule, ([sys.executable, str(script)], None))
    return found


def job_times(rule: str, known: dict[str, tuple[list[str], str | None]], folder: Path) -> dict:
    """Return the row of a rule: seconds of a job, of its bare import, and of its other imports."""
    environment = {"PYTHONPATH": str(folder / "workflow"), "OMP_NUM_THREADS": "1"}
    job, log = next(job for name, job in known.items() if name.startswith(rule))
    bare = [sys.executable, "-c", f"import {BARE[rule]}"]
    rounds = [
        (
            timed(job, folder, **environment),
            timed(bare, folder, **environment),
            import_seconds(job, folder, log, **environment)
            - import_seconds(bare, folder, None, **environment),
        )
        for _ in range(5)
    ]
    seconds, alone, beyond = map(min, zip(*rounds, strict=True))
    return {
        "what": f"{rule}, smoke configuration",
        "seconds": seconds,
        "bare import": f"{alone:.2f} ({BARE[rule]})",
        "imports beyond it": f"{max(beyond, 0):.2f}",
    }


def grouping(folder: Path) -> list[dict]:
    """Time measuring ten checkpoints, one in a job and five in a job."""
    table, rows = "results/smoke/tables/letters_maml/accuracy.csv", []
    for together in (1, 5):
        chosen = ["--config", f"checkpoints_per_job={together}"]
        command = [*SNAKEMAKE, "--cores", "2", table, "-R", "measure_checkpoints"]
        seconds = timed([*command, *SMOKE, *chosen], folder)
        what = f"measure 10 small checkpoints on 2 cores, checkpoints_per_job: {together}"
        rows.append({"what": what, "seconds": seconds})
    return rows


def redraw(folder: Path) -> dict:
    """Time drawing a figure again from its tables."""
    run([*SNAKEMAKE, "--cores", "2", *SMOKE], folder)
    figure = "figures/smoke/fig7.pdf"
    (folder / figure).unlink()
    seconds = timed([*SNAKEMAKE, "--cores", "2", figure, *SMOKE], folder)
    return {"what": "redraw fig7", "seconds": seconds}


def main() -> None:
    """Write results/scheduling.csv."""
    (HERE / "results").mkdir(exist_ok=True)
    table = pd.DataFrame(scale() + start_up())
    table.to_csv(HERE / "results/scheduling.csv", index=False, float_format="%.2f")
    print(table.to_string())


if __name__ == "__main__":
    main()
