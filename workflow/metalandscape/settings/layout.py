"""The files of a configuration: where each lies, and which of them every job reads.

Every path of the workflow stands here, once. What functions call `wildcards` has a run's, seed's or
metric's name as attributes.
"""

import functools
from collections.abc import Iterable
from typing import Any

from ..ground import plugins
from .config import Config
from .run import Run


class Layout:
    """A configuration as files.

    Attributes:
        settings: the configuration.
        came: files of tables that are read as they came with the repository; see `shipped`.
    """

    def __init__(self, settings: Config) -> None:
        """Lay out the files of a configuration."""
        self.settings = settings
        self.came: set[str] = set()
        results = settings.folders.results
        self.manifest = f"{results}/archives/{{dataset}}.json"
        self.data = f"{results}/data/{{dataset}}.safetensors"
        self.kernel = f"{results}/kernel.so"
        self.tasks = f"{results}/tasks/{{run}}/seed{{seed}}/{{metric}}.safetensors"
        self.checkpoint = f"{results}/checkpoints/{{run}}/seed{{seed}}/epoch{{epoch}}.safetensors"
        self.state = f"{results}/checkpoints/{{run}}/seed{{seed}}/state{{epoch}}.safetensors"
        self.training_log = f"{results}/training/{{run}}/seed{{seed}}/epochs{{epochs}}.csv"
        measured = f"{results}/metrics/{{metric}}/{{run}}/seed{{seed}}/epochs{{epochs}}"
        self.measured, self.measured_tasks = f"{measured}.csv", f"{measured}.tasks.csv"
        self.run_table = f"{results}/tables/{{run}}/{{metric}}.csv"
        self.seed_table = f"{results}/tables/{{run}}/seed{{seed}}/{{metric}}.csv"
        self.table = f"{results}/tables/{{metric}}.csv"
        self.best_epochs = f"{results}/best_epochs.csv"
        self.figure = f"{settings.folders.figures}/{{figure}}.{{suffix}}"
        self.verdicts = f"{results}/claims.{{suffix}}"
        self.provenance = f"{results}/provenance.html"
        self.kept = f"{results}/kept.csv"
        self.page, self.board = f"{results}/page.html", f"{results}/board"
        self.benchmarks, self.logs = f"{results}/benchmarks", f"{results}/logs"

    def folders(self) -> set[str]:
        """Return the folders of products, as deep as they are the same for all runs and metrics."""
        patterns = (value for value in vars(self).values() if isinstance(value, str))
        return {pattern.partition("{")[0].rpartition("/")[0] for pattern in patterns}

    def run(self, wildcards: Any) -> Run:
        """Return the settings of a run."""
        return self.settings.runs[wildcards.run]

    @functools.cached_property
    def tested(self) -> dict[str, Run]:
        """Every run as it is at meta-test."""
        return {name: run.at_test() for name, run in self.settings.runs.items()}

    def data_of(self, wildcards: Any) -> str:
        """Return the prepared file that a run is trained on."""
        return self.data.format(dataset=self.run(wildcards).dataset)

    def datasets_of(self, wildcards: Any) -> list[str]:
        """Return the prepared files that a run is trained and judged on, one if it is the same."""
        return [self.data.format(dataset=name) for name in self.dataset_names(wildcards.run)]

    def dataset_names(self, run: str) -> list[str]:
        """Return the datasets that a run is trained and judged on, one if it is the same."""
        return list(dict.fromkeys((self.settings.runs[run].dataset, self.tested[run].dataset)))

    def manifest_of(self, wildcards: Any) -> str | list[str]:
        """Return the manifest of a dataset's archives; generated data have none."""
        archives = self.settings.datasets[wildcards.dataset].archives()
        return self.manifest.format(dataset=wildcards.dataset) if archives else []

    def initial_weights_of(self, wildcards: Any) -> str | list[str]:
        """Return the file of weights that a run starts from, if it has one."""
        return self.run(wildcards).initial_weights or []

    def checkpoints_of(self, wildcards: Any) -> list[str]:
        """Return the checkpoints that a metric job measures."""
        first, _, last = wildcards.epochs.partition("-")
        return self.checkpoints(wildcards, int(first), int(last or first))

    def checkpoints(self, wildcards: Any, first: int, last: int) -> list[str]:
        """Return the checkpoints of the epochs from first to last."""
        return [
            self.checkpoint.format(run=wildcards.run, seed=wildcards.seed, epoch=epoch)
            for epoch in range(first, last + 1)
        ]

    def measured_of(self, wildcards: Any) -> list[str]:
        """Return the tables of one run and metric: of all jobs, or of a seed whose table came."""
        files = []
        for seed in self.run(wildcards).seeds:
            names = wildcards.run, wildcards.metric, seed
            came = self.seed_table_of(*names)
            files += [came] if came in self.came else self.measured_by(*names)
        return files

    def seed_table_of(self, run: str, metric: str, seed: int) -> str:
        """Return the table of a training and metric, if it came."""
        return self.seed_table.format(run=run, metric=metric, seed=seed)

    def measured_by(self, run: str, metric: str, seed: int) -> list[str]:
        """Return the tables of all jobs of one training and metric."""
        names = {"run": run, "metric": metric, "seed": seed}
        return [self.measured.format(epochs=e, **names) for e in self.epochs_of_jobs(run)]

    def tables_of_run(self, metric: str, run: str) -> list[str]:
        """Return the table of a run and metric, or those of its seeds if all of them came."""
        seeds = sorted(self.settings.runs[run].seeds)
        came = [self.seed_table_of(run, metric, seed) for seed in seeds]
        if self.came.issuperset(came):
            return came
        return [self.run_table.format(run=run, metric=metric)]

    def all_tables(self) -> list[str]:
        """Return the tables of all metrics and runs that some figure shows."""
        return self._tables_of(self.settings.pairs())

    def best_tables(self) -> list[str]:
        """Return the accuracy tables of all runs that are judged on validation tasks."""
        if not self.settings.metrics.get("accuracy", {}).get("val_tasks"):
            return []
        return self._tables_of(pair for pair in self.settings.pairs() if pair[0] == "accuracy")

    def run_tables_of(self, wildcards: Any) -> list[str]:
        """Return the tables of one metric of all runs that some figure shows."""
        own = wildcards.metric
        return self._tables_of(pair for pair in self.settings.pairs() if pair[0] == own)

    def tables_of(self, wildcards: Any) -> list[str]:
        """Return the tables of a figure's metrics and runs."""
        metrics = plugins.declared("figures", wildcards.figure, "METRICS")
        runs = self.settings.figures[wildcards.figure]
        return self._tables_of((metric, run) for metric in metrics for run in runs)

    def judged_tables(self) -> list[str]:
        """Return the tables that claims read and figures show."""
        return self._tables_of(self._judged_pairs())

    def _tables_of(self, pairs: Iterable[tuple[str, str]]) -> list[str]:
        return [table for metric, run in pairs for table in self.tables_of_run(metric, run)]

    def blocks(self) -> list[tuple[int, int]]:
        """Return every block of epochs of some run, first and last."""
        return sorted({block for run in self.settings.runs.values() for block in run.blocks()})

    def runs_with(self, block: tuple[int, int]) -> str:
        """Return the pattern of the runs that train this block of epochs."""
        return "|".join(n for n, run in self.settings.runs.items() if block in run.blocks())

    def epochs_of_jobs(self, run: str) -> list[str]:
        """Return the `epochs` wildcard of every metric job of a run: "7", or "0-9" for several."""
        step, last = self.settings.checkpoints_per_job, self.settings.runs[run].epochs
        batches = [(first, min(first + step - 1, last)) for first in range(0, last + 1, step)]
        return [f"{a}" if a == b else f"{a}-{b}" for a, b in batches]

    def metrics_shown(self) -> list[str]:
        """Return the metrics that some figure shows."""
        return sorted({metric for metric, _ in self.settings.pairs()})

    def runs_shown(self) -> list[str]:
        """Return the runs that some figure shows."""
        return sorted({run for _, run in self.settings.pairs()})

    def trainings_shown(self) -> list[str]:
        """Return the trainings that some figure shows, as `run/seed0`."""
        runs = self.settings.runs
        return [f"{run}/seed{seed}" for run in self.runs_shown() for seed in runs[run].seeds]

    def judged_runs(self) -> list[str]:
        """Return the names of the runs that claims are judged on."""
        shown = {run for _, run in self._judged_pairs()}
        return [name for name in self.settings.runs if name in shown]

    def claims(self) -> list[str]:
        """Return the claims that are judged."""
        return plugins.names("claims")

    def _judged_pairs(self) -> list[tuple[str, str]]:
        read = {m for c in self.claims() for m in plugins.declared("claims", c, "METRICS")}
        return [(metric, run) for metric, run in self.settings.pairs() if metric in read]
