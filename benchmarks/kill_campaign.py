"""Kill the workflow at random moments, recover as documented, and compare every product.

    python benchmarks/kill_campaign.py --trials 200 --seed 0

A trial starts Snakemake on `kills.yaml` in a fresh copy of the project, sends a signal after a
random time, calls `make resume`, and compares all products with those of an uninterrupted run, byte
for byte. It prints a line of JSON per trial and one of the whole campaign. The exit code is 1 if
anything differs, is left over, or ends in a traceback. docs/reliability.md has a campaign's counts.
"""

import argparse
import hashlib
import json
import os
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np

ROOT = Path(__file__).resolve().parents[1]
PARTS = ("Snakefile", "Makefile", "config", "workflow", "profiles", "envs", "benchmarks/kills.yaml")
CONFIG = "kills.yaml"
RESULTS = "results/kills"
TABLES = [f"{RESULTS}/tables/{metric}.csv" for metric in ("accuracy", "gradients")]
TIMED = ("logs", "benchmarks", "training")  # folders whose files hold times

# Who is struck, and how: all processes as by a scheduler or at a loss of power, or Snakemake alone,
# whose job then goes on beside the recovery.
STRIKES = [
    ("all", signal.SIGKILL),
    ("all", signal.SIGKILL),
    ("all", signal.SIGTERM),
    ("snakemake", signal.SIGKILL),
]
LIMIT = 300  # seconds after which a process is taken to hang


def main() -> int:
    """Run a campaign; return 1 if a trial was not as it should be."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--trials", type=int, default=200)
    parser.add_argument("--seed", type=int, default=0)
    options = parser.parse_args()
    results = []
    with tempfile.TemporaryDirectory() as folder:
        for result in campaign(Path(folder), options.trials, options.seed):
            print(json.dumps(result), flush=True)
            results.append(result)
    print(json.dumps(summary(results)))
    return int(any(map(odd, results)))


def campaign(folder: Path, trials: int, seed: int) -> Iterator[dict[str, Any]]:
    """Yield what happened in every trial; `folder` is to work in."""
    start, whole = folder / "start", folder / "whole"
    copy_project(start)
    shutil.copytree(start, whole)
    began = time.monotonic()
    finish(whole, *TABLES)
    span, expected = time.monotonic() - began, products(whole)
    rng = np.random.default_rng(seed)
    for trial in range(trials):
        own = folder / f"trial{trial}"
        shutil.copytree(start, own)
        who, number = STRIKES[rng.integers(len(STRIKES))]
        yield {"trial": trial, **struck(own, who, number, span * rng.random(), expected)}
        shutil.rmtree(own)


def struck(
    folder: Path, who: str, number: signal.Signals, moment: float, expected: dict[str, str]
) -> dict[str, Any]:
    """Strike a run after `moment` seconds, recover, and compare with the expected products."""
    with open(folder / "first.log", "w") as log:
        process = subprocess.Popen(
            command(*TABLES),
            cwd=folder,
            env=environment(),
            stdout=log,
            stderr=subprocess.STDOUT,
            start_new_session=True,
        )
    running = strike(process, who, number, moment)
    before = tracebacks(folder)
    began = time.monotonic()
    recovery = resumed(folder)
    seconds = time.monotonic() - began
    _await_end(process.pid)
    found = products(folder)
    return {
        "struck": who if running else "nobody, it had ended",
        "signal": number.name,
        "moment": round(moment, 2),
        "exit": process.returncode,
        "recovery": recovery.returncode,
        "seconds": round(seconds, 1),
        "differing": sorted(name for name in expected if found.get(name) != expected[name]),
        "left": sorted(found.keys() - expected.keys()),
        "tracebacks": sorted({*before, *tracebacks(folder)}),
        "said": "" if recovery.returncode == 0 else (recovery.stdout + recovery.stderr)[-2000:],
    }


def strike(process: subprocess.Popen, who: str, number: signal.Signals, moment: float) -> bool:
    """Send a signal after `moment` seconds and await the end; return whether it still ran."""
    try:
        process.wait(moment)
        return False
    except subprocess.TimeoutExpired:
        pass
    if who == "all":
        os.killpg(process.pid, number)
    else:
        process.send_signal(number)
    try:
        process.wait(LIMIT)
    except subprocess.TimeoutExpired:
        os.killpg(process.pid, signal.SIGKILL)
        process.wait()
        raise
    return True


def _await_end(group: int) -> None:
    """Wait for all processes of a group, such as a job that outlived Snakemake."""
    deadline = time.monotonic() + LIMIT
    while time.monotonic() < deadline:
        try:
            os.killpg(group, 0)
        except ProcessLookupError:
            return
        time.sleep(0.05)
    os.killpg(group, signal.SIGKILL)
    raise TimeoutError("a job does not end")


def odd(result: dict[str, Any]) -> bool:
    """Return whether a trial was not as it should be."""
    return bool(result["recovery"] or result["differing"] or result["left"] or result["tracebacks"])


def summary(results: list[dict[str, Any]]) -> dict[str, Any]:
    """Return the counts of a campaign."""
    kinds = Counter(f"{result['struck']}, {result['signal']}" for result in results)
    return {"trials": len(results), "odd": sum(map(odd, results)), **dict(sorted(kinds.items()))}


def copy_project(folder: Path) -> None:
    """Copy what the workflow needs."""
    for part in PARTS:
        source, target = ROOT / part, folder / part.removeprefix("benchmarks/")
        target.parent.mkdir(parents=True, exist_ok=True)
        if source.is_dir():
            shutil.copytree(source, target, ignore=shutil.ignore_patterns("__pycache__"))
        else:
            shutil.copy2(source, target)


def command(*targets: str) -> list[str]:
    """Return the call of Snakemake that makes some targets."""
    own = [sys.executable, "-m", "snakemake", "--cores", "1"]
    return [*own, *targets, "--configfile", CONFIG]


def environment() -> dict[str, str]:
    """Return the environment in which `make` finds this Python's programs."""
    path = f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}"
    return {**os.environ, "PATH": path, "OMP_NUM_THREADS": "1"}


def finish(folder: Path, *targets: str) -> None:
    """Make some targets without a kill."""
    own = {"cwd": folder, "env": environment(), "capture_output": True, "text": True}
    done = subprocess.run(command(*targets), **own)
    if done.returncode:
        raise RuntimeError(done.stdout + done.stderr)


def resumed(folder: Path) -> subprocess.CompletedProcess:
    """Call `make resume`, with this Python in place of the environment that make sets up."""
    words = ["make", "--old-file", ".venv/.run", "resume", "CORES=1", f"CONFIG={CONFIG}"]
    return subprocess.run(
        [*words, f"TARGET={' '.join(TABLES)}"],
        cwd=folder,
        env=environment(),
        capture_output=True,
        text=True,
    )


def products(folder: Path) -> dict[str, str]:
    """Return the digest of every file of results, hidden ones too, except those that hold times."""
    root = folder / RESULTS
    return {
        path.relative_to(root).as_posix(): hashlib.sha256(path.read_bytes()).hexdigest()
        for path in root.rglob("*")
        if path.is_file() and path.relative_to(root).parts[0] not in TIMED
    }


def tracebacks(folder: Path) -> list[str]:
    """Return the logs of jobs that ended in a traceback."""
    logs = (folder / RESULTS / "logs").rglob("*.log")
    return [path.relative_to(folder).as_posix() for path in logs if "Traceback" in path.read_text()]


if __name__ == "__main__":
    sys.exit(main())
