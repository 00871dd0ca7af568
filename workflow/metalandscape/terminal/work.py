"""How much of a run's work is done, and how many minutes the rest takes.

Work is counted in seconds of jobs. Those of a job that has not run yet are the mean of what was
measured of its kind: by Snakemake's benchmark files of earlier runs, and by the jobs that this run
has finished. Where nothing was measured, `SECONDS` is used, multiplied by how much slower than
`SECONDS` the jobs finished so far were.
"""

import csv
from collections import Counter, defaultdict
from collections.abc import Iterable
from dataclasses import dataclass
from itertools import islice
from pathlib import Path

# Seconds on one core of a 2-core x86-64, with the embedded default and Python's start.
SECONDS = {
    "build_kernel": 20.0,
    "train_epochs": 6.0,
    "measure_checkpoints": 6.0,
    "prepare_dataset": 4.0,
    "draw_figure": 6.0,
    "all": 0.0,
}
OTHER = 3.0  # of any other rule: task lists, tables, verdicts, provenance
ENOUGH = 5  # benchmark files, for a first estimate of a kind


@dataclass(frozen=True)
class Kind:
    """Jobs that take about as long as each other.

    Attributes:
        rule: the name of their rule, that of training without its epochs.
        folder: where their benchmark files are, `<step>/<run>/seed<s>/<job>.tsv` up to the run;
            empty for a rule that has none.
    """

    rule: str
    folder: str = ""

    @classmethod
    def of(cls, rule: str, benchmark: str | None) -> "Kind":
        """Return the kind of a job.

        Args:
            rule: its rule.
            benchmark: its benchmark file, if its rule has one.
        """
        name = "train_epochs" if rule.startswith("train_epochs_") else rule
        return cls(name, str(Path(benchmark).parents[1]) if benchmark else "")

    def wider(self) -> "Kind":
        """Return the same rule and metric of all runs."""
        return Kind(self.rule, str(Path(self.folder).parent) if self.folder else "")

    def stated(self) -> float:
        """Return the seconds of such a job that `SECONDS` states."""
        return SECONDS.get(self.rule, OTHER)


class Work:
    """The jobs of a run, done and left, in seconds."""

    def __init__(self, jobs: Iterable[Kind]) -> None:
        """Count the jobs of every kind, and read benchmark files that earlier runs have left."""
        self._left = Counter(jobs)
        self._measured: dict[Kind, list[float]] = defaultdict(list)
        self._done = self._expected = 0.0  # seconds of finished jobs, and by `SECONDS`
        for kind in list(self._left):
            self._read(kind, "*/*.tsv")
            self._read(kind.wider(), "*/*/*.tsv")

    def _read(self, kind: Kind, pattern: str) -> None:
        if kind.folder and kind not in self._measured:
            files = islice(Path(kind.folder).glob(pattern), ENOUGH)
            self._measured[kind] = [s for s in map(benchmarked, files) if s is not None]

    def finish(self, kind: Kind, seconds: float) -> None:
        """Count a job as done, and learn from it what others of its kind take."""
        self._left[kind] -= 1
        self._done += seconds
        self._expected += kind.stated()
        for level in {kind, kind.wider()}:
            self._measured[level].append(seconds)

    def estimate(self, kind: Kind) -> float:
        """Return the seconds that a job of a kind is likely to take."""
        for level in (kind, kind.wider()):
            if seconds := self._measured.get(level):
                return sum(seconds) / len(seconds)
        slowness = self._done / self._expected if self._expected else 1.0
        return slowness * kind.stated()

    def left(self) -> float:
        """Return the seconds of all jobs that are not done."""
        return sum(n * self.estimate(kind) for kind, n in self._left.items() if n > 0)

    def share(self) -> float:
        """Return the share of the work that is done, from 0 to 1."""
        left = self.left()
        return self._done / (self._done + left) if left else 1.0

    def minutes(self, elapsed: float) -> float:
        """Return how many minutes the rest takes at the pace so far.

        Args:
            elapsed: seconds since the run began.
        """
        return self.left() * elapsed / max(self._done, 1e-3) / 60


def benchmarked(file: str | Path) -> float | None:
    """Return the seconds of a job by its benchmark file; None if there are none to read."""
    try:
        with open(file, encoding="utf-8", newline="") as lines:
            return float(next(csv.DictReader(lines, delimiter="\t"))["s"])
    except (OSError, ValueError, KeyError, StopIteration):
        return None
