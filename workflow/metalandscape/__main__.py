"""The command line: `python -m metalandscape COMMAND`, one command per workflow rule."""

import argparse
import contextlib
import errno
import importlib
import logging
import os
import signal
import sys
import traceback
from collections.abc import Callable, Iterator
from types import ModuleType
from typing import Any

from .ground import plugins
from .ground.errors import Preempted, UserError

# Idle threads must not spin: on shared cores that slows every job down by an order of magnitude.
os.environ.setdefault("OMP_WAIT_POLICY", "PASSIVE")
# A job's threads compute a task each. Snakemake tells libraries to start as many in each of these,
# which takes longer than one thread, and sums that several threads share are rounded otherwise.
ALONE = ("OMP_NUM_THREADS", "MKL_NUM_THREADS", "OPENBLAS_NUM_THREADS", "VECLIB_MAXIMUM_THREADS")
os.environ |= dict.fromkeys(ALONE, "1")

COMMANDS = (
    *("download", "prepare", "build_kernel", "sample", "train", "measure"),
    *("keep", "schema", "ship", "release"),
)


MEMORY = (
    "metalandscape: memory does not suffice ({reason}); run fewer jobs at once (--cores), on a GPU "
    "with a smaller tasks_at_once, or take a smaller network or batch_size."
)


def main(arguments: list[str] | None = None) -> int:
    """Run one command; a user's mistake is one sentence on stderr and exit code 1.

    The signal SIGTERM, by which schedulers end a job, is one sentence and exit code 143.
    """
    logging.basicConfig(level=logging.INFO, format="%(message)s")
    words = sys.argv[1:] if arguments is None else arguments

    def run() -> int:
        options = vars(parser(words).parse_args(words))
        return call(options.pop("command"), options.pop("plugins"), **options)

    return _or_preempted(run)


def _or_preempted(run: Callable[[], int]) -> int:
    """Return the exit code of `run`, or after SIGTERM say one line and return 143."""
    try:
        with preemptible():
            return run()
    except Preempted as preempted:
        text = str(preempted) or "nothing of this job is kept"
        again = "call snakemake again, and it goes on from there"
        print(f"metalandscape: preempted (SIGTERM); {text}; {again}.", file=sys.stderr)
        return 128 + signal.SIGTERM


@contextlib.contextmanager
def preemptible() -> Iterator[None]:
    """Let SIGTERM raise `Preempted`, once, so that files are left complete or absent."""

    def stop(number: int, frame: object) -> None:
        signal.signal(signal.SIGTERM, signal.SIG_IGN)
        raise Preempted

    before = signal.signal(signal.SIGTERM, stop)
    try:
        yield
    finally:
        signal.signal(signal.SIGTERM, before)


def call(job: str, folder: str | None, **arguments: Any) -> int:
    """Run a job; return 1 after a user's mistake, which is told in one sentence on stderr.

    Where a part outside the package fails, the sentence names its file and comes after the
    traceback, which its author needs.

    Args:
        job: the name of its module.
        folder: where parts outside the package are, if there are any.
        arguments: the job's own.
    """
    try:
        plugins.use(folder)
        _module(job).run(**arguments)
    except UserError as error:
        print(f"metalandscape: {error}", file=sys.stderr)
        return 1
    except _lacks_memory() as error:
        reason = " ".join(str(error).split()) or "no more could be had"
        print(MEMORY.format(reason=f"{reason:.300}".rstrip(".")), file=sys.stderr)
        return 1
    except Exception as error:
        if (sentence := plugins.blamed(error)) is None:
            raise
        traceback.print_exc()
        print(f"metalandscape: {sentence}", file=sys.stderr)
        return 1
    return 0


def _lacks_memory() -> tuple[type[Exception], ...]:
    """Return the errors of a lack of memory; torch's own counts where a job has imported torch."""
    torch: Any = sys.modules.get("torch")
    return (MemoryError, torch.OutOfMemoryError) if torch else (MemoryError,)


def scripted(job: str, folder: str | None, log: str, **arguments: Any) -> None:
    """Run a job for a script of the workflow, with its output in its log; see `call`.

    Raises:
        SystemExit: after a user's mistake with code 1, after SIGTERM with 143; where
            the disk of the log is full, with a sentence.
    """
    full = (errno.ENOSPC, errno.EDQUOT)
    try:
        with open(log, "w", encoding="utf-8") as file, contextlib.redirect_stderr(file):
            try:
                code = _or_preempted(lambda: call(job, folder, **arguments))
            except Exception as error:  # a fault of ours, which belongs into the log, too
                if isinstance(error, OSError) and error.errno in full:
                    raise
                traceback.print_exc()
                code = 1
    except OSError as error:
        if error.errno not in full:
            raise
        sys.exit(f"metalandscape: {log}: the disk is full; free some space and start again.")
    if code:
        sys.exit(code)


def parser(words: list[str]) -> argparse.ArgumentParser:
    """Return the parser for these words: only the job that they name is imported."""
    top = argparse.ArgumentParser("metalandscape", description=__doc__)
    inherited = os.environ.get(plugins.VARIABLE) or None
    top.add_argument("--plugins", default=inherited, help="a folder with parts of your own")
    commands = top.add_subparsers(dest="command", required=True)
    for name in COMMANDS:
        sub = commands.add_parser(name)
        if name in words:
            job = _module(name)
            sub.description = job.__doc__
            job.arguments(sub)
    return top


def _module(job: str) -> ModuleType:
    return importlib.import_module(f"metalandscape.jobs.{job}")


if __name__ == "__main__":
    sys.exit(main())
