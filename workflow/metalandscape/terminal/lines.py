"""The lines of the terminal, from what Snakemake's logger tells of jobs.

Snakemake hands every event to the handlers of its logger, as a record with the attributes `event`,
`jobid` and others (`snakemake-interface-logger-plugins` lists them).
"""

import logging
import threading
import time
from collections.abc import Mapping

from .jobs import Job, results, text_of
from .work import Work, benchmarked

# Snakemake's messages that one line per job replaces, and those around them.
REPLACED = ("job_info", "job_started", "job_finished", "progress", "shellcmd")
AROUND = ("Select jobs to execute...",)
SENTENCES = 10  # of failed jobs, at the end
EVERY = 5.0  # seconds between two reads of the logs of trainings


class Lines(logging.Handler):
    """Writes a line for every finished job and every epoch, and remembers what failed.

    Its lines take the place of Snakemake's own on the terminal; Snakemake's log file keeps those.

    Attributes:
        failed: the jobs that have failed for good or for now, by number.
    """

    def __init__(self, jobs: Mapping[int, Job], terminal: logging.Handler | None) -> None:
        """Prepare the lines of a run.

        Args:
            jobs: what is to run, by Snakemake's number.
            terminal: Snakemake's handler of the terminal; None leaves the terminal as it is.
        """
        super().__init__()
        self.failed: dict[int, Job] = {}
        self._jobs, self._terminal = jobs, terminal
        self._begun = time.monotonic()
        self._running: dict[int, float] = {}
        self._epochs: dict[int, Epochs] = {}
        self._over = threading.Event()
        if terminal:
            self._work = Work(job.kind for job in jobs.values())
            terminal.addFilter(_not_replaced)
            threading.Thread(target=self._watch, daemon=True).start()

    def emit(self, record: logging.LogRecord) -> None:
        """Take notice of an event of a job, and write its line."""
        try:
            event = str(getattr(record, "event", ""))
            number = int(getattr(record, "job_id" if event == "job_finished" else "jobid", -1))
            if event == "job_info" and number in self._jobs:
                self._start(number)
            elif event == "job_finished" and number in self._running:
                self._finish(number)
            elif event == "job_error" and number in self._jobs:
                self.failed[number] = self._jobs[number]
        except Exception:
            self.handleError(record)

    def _start(self, number: int) -> None:
        self._running[number] = time.monotonic()
        self.failed.pop(number, None)
        if self._jobs[number].trains:
            self._epochs[number] = Epochs(self._jobs[number])

    def _finish(self, number: int) -> None:
        job, now = self._jobs[number], time.monotonic()
        waited = now - self._running.pop(number)
        if not self._terminal or job.rule == "all":
            return
        self._write_epochs(number)
        self._epochs.pop(number, None)
        # On a cluster the job has waited in a queue, which its benchmark doesn't count.
        own = benchmarked(job.benchmark) if job.benchmark else None
        seconds = waited if own is None else own
        self._work.finish(job.kind, seconds)
        done, left = int(100 * self._work.share()), told(self._work.minutes(now - self._begun))
        self._write(f"{done:3} % of the work done, {left:>16}: {job} ({seconds:.0f} s)")

    def _write_epochs(self, number: int) -> None:
        for line in self._epochs[number].new() if number in self._epochs else ():
            self._write(line)

    def _watch(self) -> None:
        while not self._over.wait(EVERY):
            self.acquire()
            try:
                for number in self._epochs:
                    self._write_epochs(number)
            finally:
                self.release()

    def _write(self, line: str) -> None:
        if self._terminal:
            values = {"msg": line, "levelno": logging.INFO, "levelname": "INFO"}
            self._terminal.handle(logging.makeLogRecord(values))

    def close(self) -> None:
        """End the watch over the logs of trainings."""
        self._over.set()
        super().close()

    def ending(self, report: str) -> list[str]:
        """Return the last lines of a run that succeeded: where its results are.

        Args:
            report: the command that makes the report, told if everything was asked for.
        """
        asked = any(job.rule == "all" for job in self._jobs.values())
        return results(self._jobs.values()) + ([f"{'report:':12}{report}"] if asked else [])

    def mistakes(self) -> list[str]:
        """Return the sentences of the jobs that have failed, each once, `SENTENCES` of them."""
        found = list(dict.fromkeys(job.mistake() for job in self.failed.values()))
        more = len(found) - SENTENCES
        rest = [f"metalandscape: {more} more jobs failed."] if more > 0 else []
        return found[:SENTENCES] + rest


class Epochs:
    """The lines of epochs in the log of a training job, as they come."""

    def __init__(self, job: Job) -> None:
        """Begin before the job runs: what its log holds then is of an earlier attempt."""
        self._job, self._shown = job, 0
        self._old = self._text()

    def new(self) -> list[str]:
        """Return the lines that were not returned before, with run and seed."""
        text = self._text()
        if text == self._old:
            return []
        lines = [x for x in text.splitlines(keepends=True) if x.startswith("epoch ")]
        whole = [line.strip() for line in lines if line.endswith("\n")]
        fresh, self._shown, self._old = whole[self._shown :], len(whole), ""
        return [f"{'':6}{self._job.subject}, {line}" for line in fresh]

    def _text(self) -> str:
        return "".join(map(text_of, self._job.logs))


def told(minutes: float) -> str:
    """Return the time left in words."""
    if minutes < 1:
        return "under 1 min left"
    return f"{minutes:.0f} min left" if minutes < 120 else f"{minutes / 60:.0f} h left"


def _not_replaced(record: logging.LogRecord) -> bool:
    event = str(getattr(record, "event", None))
    return event not in REPLACED and record.getMessage() not in AROUND
