"""A table of the smoke configuration through profiles/slurm, on a real Slurm, with accidents."""

import os
import re
import shutil
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

SCRIPTS = Path(__file__).parents[1] / "cluster"
NEEDED = ("slurmctld", "slurmd", "sbatch", "munged", "snakemake")
TABLE = "results/smoke/tables/letters_maml/accuracy.csv"
missing = [program for program in NEEDED if not shutil.which(program)]

pytestmark = [
    pytest.mark.skipif(bool(missing), reason=f"not installed: {', '.join(missing)}"),
    pytest.mark.skipif(os.geteuid() != 0, reason="slurmd needs root"),
]


class Cluster:
    """A Slurm of one node in a folder."""

    def __init__(self, folder):
        self.folder = folder
        shown = subprocess.run(
            ["bash", "-c", f'eval "$({SCRIPTS}/start_slurm.sh {folder})" && env -0'],
            capture_output=True,
            text=True,
        )
        assert shown.returncode == 0, shown.stderr
        pairs = (line.partition("=") for line in shown.stdout.split("\0") if line)
        self.environment = {name: value for name, _, value in pairs}

    def stop(self):
        subprocess.run([SCRIPTS / "stop_slurm.sh", self.folder], check=True)

    def call(self, *command):
        return subprocess.run(
            command, env=self.environment, capture_output=True, text=True, check=True
        ).stdout

    def jobs(self, state):
        """Return the comments, which tell rules, of the jobs in a state, by number."""
        lines = self.call("squeue", "--noheader", "--states", state, "--format", "%i %k")
        return dict(line.split(maxsplit=1) for line in lines.splitlines())

    def state(self, job):
        return (
            self.call("scontrol", "--oneliner", "show", "job", job).split("JobState=")[1].split()[0]
        )

    def node(self):
        return self.call("sinfo", "--noheader", "--format", "%n").split()[0]

    def node_state(self):
        return self.call("sinfo", "--noheader", "--format", "%t").split()[0]


@pytest.fixture(scope="module")
def cluster(tmp_path_factory):
    cluster = Cluster(tmp_path_factory.mktemp("slurm"))
    yield cluster
    cluster.stop()


def until(condition, what, seconds=240):
    """Return the first true value of a condition."""
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        if value := condition():
            return value
        time.sleep(0.3)
    pytest.fail(f"waited {seconds} s for {what}")


def running(cluster, rule, but=()):
    """Wait until a job of a rule runs; return its number."""
    return until(
        lambda: next(
            (
                job
                for job, text in cluster.jobs("RUNNING").items()
                if rule in text and job not in but
            ),
            None,
        ),
        f"a job of {rule} to run",
    )


def submit(project, cluster, log, *arguments):
    command = [sys.executable, "-m", "snakemake", "--profile", "profiles/slurm"]
    quick = ["--latency-wait", "10", "--slurm-init-seconds-before-status-checks", "2"]
    return subprocess.Popen(
        [*command, *quick, *arguments, "--configfile", "config/smoke.yaml"],
        cwd=project.folder,
        env=cluster.environment,
        stdout=log,
        stderr=subprocess.STDOUT,
    )


def test_whatever_befalls_its_jobs_a_run_ends_with_the_local_table(
    fresh, finished, cluster, tmp_path
):
    project = fresh()
    with (tmp_path / "log").open("w+") as log:
        run = submit(project, cluster, log, TABLE)
        try:
            cancelled = running(cluster, "train_epochs")
            cluster.call("scancel", cancelled)
            until(lambda: cluster.state(cancelled) == "CANCELLED", "scancel")

            node = cluster.node()
            running(cluster, "train_epochs", but=[cancelled])
            cluster.call(
                "scontrol", "update", f"NodeName={node}", "State=DRAIN", "Reason=maintenance"
            )
            until(lambda: cluster.node_state() == "drain", "the node to be drained")
            assert not cluster.jobs("RUNNING")
            cluster.call("scontrol", "update", f"NodeName={node}", "State=RESUME")

            # A job that is stopped exceeds any time limit; Slurm's are whole minutes.
            late = running(cluster, "measure")
            for line in cluster.call("scontrol", "listpids", late).splitlines()[1:]:
                if (pid := int(line.split()[0])) > 0:
                    os.kill(pid, signal.SIGSTOP)
            cluster.call("scontrol", "update", f"JobId={late}", "TimeLimit=1")
            until(lambda: cluster.state(late) == "TIMEOUT", "the time limit")

            code = run.wait(timeout=900)
        finally:
            run.kill()
            run.wait()
        log.seek(0)
        assert code == 0, log.read()
    made = project.products("tables", "metrics")
    assert made.items() <= finished.products("tables", "metrics").items()
    assert (project.folder / TABLE).exists()
    failed = {path.stem for path in project.folder.glob("results/logs/slurm/**/*.log")}
    assert {cancelled, late} <= failed, "logs of failed jobs stay"


def test_jobs_ask_for_the_gpu_that_they_compute_on(fresh, cluster, tmp_path):
    """Slurm's GPU is none, so the job it gives it to has to stop."""
    project = fresh()
    project.configure(lambda config: config.update(device="cuda"))
    target = "results/smoke/checkpoints/waves_maml/seed0/epoch2.safetensors"
    with (tmp_path / "log").open("w+") as log:
        run = submit(project, cluster, log, target, "--retries", "0")
        assert run.wait(timeout=300) != 0
        log.seek(0)
        text = log.read()
    assert "config key device: cuda" in text
    submitted = re.findall(r"^Job \d+ has been submitted with SLURM jobid (\d+)", text, re.M)
    shown = [cluster.call("scontrol", "--oneliner", "show", "job", job) for job in submitted]
    # Versions of Slurm differ in how they name it: gres:gpu:1, gres/gpu:1.
    asked = {"train_epochs" in job: bool(re.search(r"TresPer\w+=\S*gpu:1", job)) for job in shown}
    assert asked == {True: True, False: False}, "training does, preparing data does not"
