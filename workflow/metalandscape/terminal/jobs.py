"""Jobs in words: what a line calls them, what their logs say, and where they leave results."""

import os
import shutil
from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field

from .work import Kind

# What a run is made for, by the rule that writes it.
RESULTS = {
    "draw_figure": "figures",
    "tabulate_run": "tables",
    "tabulate_metric": "tables",
    "choose_epochs": "tables",
    "judge_claims": "verdicts",
    "record_provenance": "provenance",
    "write_page": "page",
}
LITTLE = 2**16  # bytes
NAMED = 6  # files; more of them are told as a folder and a number


@dataclass(frozen=True)
class Job:
    """A job of the workflow.

    Attributes:
        rule: the name of its rule.
        wildcards: their values by name, in the order of its output's path.
        benchmark: the file with its time, if its rule has one.
        logs: the files with what it says.
        outputs: the files it writes.
    """

    rule: str
    wildcards: Mapping[str, str] = field(default_factory=dict)
    benchmark: str | None = None
    logs: Sequence[str] = ()
    outputs: Sequence[str] = ()

    @property
    def kind(self) -> Kind:
        """Its kind, by which its time is estimated."""
        return Kind.of(self.rule, self.benchmark)

    @property
    def trains(self) -> bool:
        """Whether its log has lines of epochs."""
        return self.kind.rule == "train_epochs"

    def __str__(self) -> str:
        """Return the rule and the wildcards, such as `draw figure fig7`."""
        return " ".join(filter(None, [self.rule.replace("_", " "), self.subject]))

    @property
    def subject(self) -> str:
        """The values of its wildcards, of numbers with their names, such as `few_maml seed 0`."""
        numbers = ("seed", "epoch", "epochs")
        return " ".join(f"{n} {v}" if n in numbers else v for n, v in self.wildcards.items())

    def mistake(self) -> str:
        """Return the sentence for the user in its logs, or where to read why it failed."""
        for log in self.logs:
            for line in reversed(text_of(log).splitlines()):
                if line.startswith("metalandscape: "):
                    return line
        if any(map(_on_full_disk, self.logs)):
            remedy = "free some space and start again"
            return f"metalandscape: the job '{self}' failed: the disk is full; {remedy}."
        where = f"; see {', '.join(self.logs)}" if self.logs else ""
        return f"metalandscape: the job '{self}' failed{where}."


def text_of(file: str) -> str:
    """Return what a log holds; nothing if it can't be read."""
    try:
        with open(file, encoding="utf-8", errors="replace") as text:
            return text.read()
    except OSError:
        return ""


def _on_full_disk(log: str) -> bool:
    """Return whether a log has no room left, so that what a job says is lost."""
    try:
        return shutil.disk_usage(os.path.dirname(log) or ".").free < LITTLE
    except OSError:
        return False


def results(jobs: Iterable[Job]) -> list[str]:
    """Return a line for every sort of result that jobs have written: what, and where it is."""
    files: dict[str, list[str]] = defaultdict(list)
    for job in jobs:
        if job.rule in RESULTS:
            files[RESULTS[job.rule]] += job.outputs
    shown = [what for what in dict.fromkeys(RESULTS.values()) if files[what]]
    return [f"{what + ':':12}{_places(files[what])}" for what in shown]


def _places(files: Sequence[str]) -> str:
    if len(files) <= NAMED:
        return ", ".join(sorted(files))
    return f"{len(files)} files in {os.path.commonpath([os.path.dirname(f) for f in files])}"
