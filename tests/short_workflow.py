"""The smoke configuration with one short training, and how other ways to call Snakemake run it."""

import os
import re
import stat
import subprocess
import sys

FIGURE = "figures/smoke/fig7.pdf"
DATA = "results/smoke/data/letters.safetensors"
TRAINED = "results/smoke/checkpoints/letters_maml_T1/seed0/epoch1.safetensors"
DRAWN = "figures/smoke/fig1.pdf"  # by a script, from no data

# All of figure 7 is planned; its data are prepared, its run is trained. Figure 1 is drawn.
SHORT = (FIGURE, DRAWN, "--omit-from", "sample_tasks")


def shorten(config):
    """One run, seed and epoch, without the kernel."""
    config["engine"] = "reference"
    config["defaults"] |= {"seeds": [0], "epochs": 1, "epochs_per_job": 1}
    config["figures"] = {"fig1": [], "fig7": ["letters_maml_T1"]}


def snakemake(folder, *arguments, ok=True, inside=(), **environment):
    """Call Snakemake in a folder, as a user would; return all that it says."""
    done = subprocess.run(
        [*inside, sys.executable, "-m", "snakemake", "--cores", "2", *map(str, arguments)],
        cwd=folder,
        env=os.environ | environment,
        capture_output=True,
        text=True,
    )
    said = done.stdout + done.stderr
    assert (done.returncode == 0) == ok, said
    return said


def planned(said):
    """The rules that a run or a dry-run lists, with the number of their jobs."""
    return {rule: int(jobs) for rule, jobs in re.findall(r"^(\w+) +(\d+)$", said, re.M)}


def sentence(said):
    """The one sentence that refuses; there is no traceback with it."""
    assert "Traceback" not in said
    (line,) = [line for line in said.splitlines() if line.startswith("metalandscape: ")]
    return line


def program(path, text):
    """Write an executable file."""
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text)
    path.chmod(path.stat().st_mode | stat.S_IXUSR)
    return path


def files(folder):
    """Every file below a folder but Python's caches, with the time of its last change."""
    paths = [path for path in folder.rglob("*") if path.is_file()]
    return {p: p.stat().st_mtime_ns for p in paths if p.parent.name != "__pycache__"}
