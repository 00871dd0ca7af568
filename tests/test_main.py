"""The command line: one sentence for a user's mistake, and only the job it names is imported."""

import json
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest
import torch

from metalandscape import __main__ as command_line
from metalandscape.ground import files, plugins


def prepared(tmp_path, *before):
    options = json.dumps({"kind": "sine"})
    output = str(tmp_path / "waves.safetensors")
    return command_line.main([*before, "prepare", "--dataset", options, "--output", output])


def test_a_command_runs_its_job(tmp_path):
    assert prepared(tmp_path) == 0
    assert (tmp_path / "waves.safetensors").exists()


def test_no_library_starts_threads_whatever_the_surroundings_say():
    """As in a job of several threads, for which Snakemake sets these."""
    told = dict.fromkeys(("OMP_NUM_THREADS", "MKL_NUM_THREADS", "OPENBLAS_NUM_THREADS"), "3")
    code = "import metalandscape.__main__, torch; print(torch.get_num_threads())"
    environment = os.environ | told | {"PYTHONPATH": str(plugins.PACKAGE.parent)}
    command = [sys.executable, "-c", code]
    done = subprocess.run(command, env=environment, capture_output=True, text=True, check=True)
    assert done.stdout == "1\n"


def test_a_users_mistake_is_one_sentence_and_exit_code_1(tmp_path, capsys):
    assert prepared(tmp_path, "--plugins", str(tmp_path)) == 1
    error = capsys.readouterr().err
    assert error.startswith("metalandscape: config key plugins: ") and error.count("\n") == 1
    assert not (tmp_path / "waves.safetensors").exists()


@pytest.mark.parametrize(
    ("words", "complaint"),
    [
        (["fly"], "invalid choice: 'fly'"),
        ([], "the following arguments are required: command"),
        (["prepare"], "the following arguments are required: --dataset, --output"),
        (["prepare", "--dataste", "x"], "required"),
    ],
)
def test_what_is_no_command_is_refused_by_the_parser(words, complaint, capsys):
    with pytest.raises(SystemExit) as stopped:
        command_line.main(words)
    assert stopped.value.code == 2 and complaint in capsys.readouterr().err


def test_errors_that_are_no_mistake_of_the_user_are_not_hidden(monkeypatch):
    def fail(**arguments):
        raise ZeroDivisionError

    monkeypatch.setattr("metalandscape.jobs.tabulate.run", fail)
    with pytest.raises(ZeroDivisionError):
        command_line.call("tabulate", None)


def test_what_a_script_says_goes_to_its_log(tmp_path):
    log = tmp_path / "log"
    with pytest.raises(SystemExit) as stopped:
        command_line.scripted("tabulate", str(tmp_path / "nowhere"), str(log))
    assert stopped.value.code == 1
    assert log.read_text().startswith("metalandscape: config key plugins: ")


def test_the_traceback_of_a_fault_goes_to_the_log_of_a_script(tmp_path, monkeypatch):
    def run():
        raise ZeroDivisionError("of ours")

    monkeypatch.setattr(command_line._module("tabulate"), "run", run)
    with pytest.raises(SystemExit) as stopped:
        command_line.scripted("tabulate", None, str(tmp_path / "log"))
    assert stopped.value.code == 1
    assert (tmp_path / "log").read_text().endswith("ZeroDivisionError: of ours\n")


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="no device that is always full")
def test_what_a_script_says_on_a_full_disk_is_one_sentence(tmp_path):
    with pytest.raises(SystemExit) as stopped:
        command_line.scripted("tabulate", str(tmp_path / "nowhere"), "/dev/full")
    assert str(stopped.value).endswith(
        "/dev/full: the disk is full; free some space and start again."
    )


def test_only_the_job_that_is_named_is_imported(monkeypatch):
    for job in ("measure", "prepare"):
        monkeypatch.delitem(sys.modules, f"metalandscape.jobs.{job}", raising=False)
    command_line.parser(["prepare"])
    assert "metalandscape.jobs.prepare" in sys.modules
    assert "metalandscape.jobs.measure" not in sys.modules


@pytest.mark.parametrize("command", command_line.COMMANDS)
def test_every_command_explains_itself(command, capsys):
    with pytest.raises(SystemExit) as stopped:
        command_line.main([command, "--help"])
    assert stopped.value.code == 0 and "usage: metalandscape" in capsys.readouterr().out


@pytest.mark.parametrize("error", [MemoryError, torch.OutOfMemoryError])
def test_a_lack_of_memory_is_one_sentence(error, monkeypatch, tmp_path, capsys):
    def run(**arguments):
        raise error("tried to allocate 2.00 GiB.")

    monkeypatch.setattr(command_line._module("prepare"), "run", run)
    assert prepared(tmp_path) == 1
    said = capsys.readouterr().err
    assert said.startswith("metalandscape: memory does not suffice (tried to allocate 2.00 GiB);")
    assert said.count("\n") == 1 and "tasks_at_once" in said


PREEMPTED = (
    "metalandscape: preempted (SIGTERM); nothing of this job is kept; call snakemake again, and it "
    "goes on from there.\n"
)


def struck(output):
    """A job that gets two SIGTERMs while it writes."""

    def run(**arguments):
        with files.whole(output) as temporary:
            temporary.write_text("half")
            try:
                os.kill(os.getpid(), signal.SIGTERM)
                time.sleep(60)
            except Exception:
                output.touch()
            finally:
                os.kill(os.getpid(), signal.SIGTERM)

    return run


def test_sigterm_is_one_line_and_leaves_nothing(tmp_path, monkeypatch, capsys):
    """Whatever catches exceptions does not catch it, and a second signal changes nothing."""
    run = struck(tmp_path / "waves.safetensors")
    monkeypatch.setattr(command_line._module("prepare"), "run", run)
    before = signal.getsignal(signal.SIGTERM)
    assert prepared(tmp_path) == 143
    assert capsys.readouterr().err == PREEMPTED
    assert not list(tmp_path.iterdir()) and signal.getsignal(signal.SIGTERM) == before


def test_sigterm_ends_a_script_as_it_ends_a_command(tmp_path, monkeypatch):
    run = struck(tmp_path / "table.csv")
    monkeypatch.setattr(command_line._module("tabulate"), "run", run)
    before, log = signal.getsignal(signal.SIGTERM), tmp_path / "log"
    with pytest.raises(SystemExit) as stopped:
        command_line.scripted("tabulate", None, str(log))
    assert stopped.value.code == 143 and log.read_text() == PREEMPTED
    assert list(tmp_path.iterdir()) == [log] and signal.getsignal(signal.SIGTERM) == before
