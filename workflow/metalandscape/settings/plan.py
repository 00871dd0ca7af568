"""What the workflow's rules ask of a configuration: paths, jobs, and what a job depends on.

Every path of the workflow stands here, once. The functions of the rules are methods, so that they
are tested without Snakemake; what they call `wildcards` has a run's, seed's or metric's name as
attributes.
"""

import functools
import json
from collections.abc import Iterable
from pathlib import Path
from typing import Any

import yaml

from ..ground import plugins
from ..ground.brief import Brief
from ..ground.digests import digest, part
from . import parts
from .config import Config
from .run import Run


class Plan:
    """A configuration as jobs and files.

    Attributes:
        settings: the configuration.
    """

    def __init__(self, settings: Config) -> None:
        """Lay out the files of a configuration."""
        self.settings = settings
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

    # --- files that rules read

    def run(self, wildcards: Any) -> Run:
        """Return the settings of a run."""
        return self.settings.runs[wildcards.run]

    @functools.cached_property
    def _tested(self) -> dict[str, Run]:
        return {name: run.at_test() for name, run in self.settings.runs.items()}

    @functools.cached_property
    def _as_json(self) -> dict[str, str]:
        return {name: run.settings() for name, run in self.settings.runs.items()}

    def data_of(self, wildcards: Any) -> str:
        """Return the prepared file that a run is trained on."""
        return self.data.format(dataset=self.run(wildcards).dataset)

    def datasets_of(self, wildcards: Any) -> list[str]:
        """Return the prepared files that a run is trained and judged on, one if it is the same."""
        names = self.run(wildcards).dataset, self._tested[wildcards.run].dataset
        return [self.data.format(dataset=name) for name in dict.fromkeys(names)]

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
        """Return the tables of all jobs of one run and metric."""
        return [
            self.measured.format(metric=wildcards.metric, run=wildcards.run, seed=s, epochs=e)
            for s in self.run(wildcards).seeds
            for e in self.epochs_of_jobs(wildcards.run)
        ]

    def best_tables(self) -> list[str]:
        """Return the accuracy tables of all runs that are judged on validation tasks."""
        if not self.settings.metrics.get("accuracy", {}).get("val_tasks"):
            return []
        shown = (run for metric, run in self.settings.pairs() if metric == "accuracy")
        return [self.run_table.format(run=run, metric="accuracy") for run in shown]

    def run_tables_of(self, wildcards: Any) -> list[str]:
        """Return the tables of one metric of all runs that some figure shows."""
        shown = (run for metric, run in self.settings.pairs() if metric == wildcards.metric)
        return [self.run_table.format(run=run, metric=wildcards.metric) for run in shown]

    def tables_of(self, wildcards: Any) -> list[str]:
        """Return the tables of a figure's metrics and runs."""
        return [
            self.run_table.format(run=run, metric=metric)
            for metric in plugins.declared("figures", wildcards.figure, "METRICS")
            for run in self.settings.figures[wildcards.figure]
        ]

    def judged_tables(self) -> list[str]:
        """Return the tables that claims read and figures show."""
        return [self.run_table.format(metric=m, run=r) for m, r in self._judged_pairs()]

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

    # --- what jobs depend on besides files

    def settings_of(self, wildcards: Any) -> str:
        """Return what a run's metric jobs depend on, as JSON; a change of it reruns them."""
        return self._as_json[wildcards.run]

    def training_settings_of(self, wildcards: Any) -> str:
        """Return what a run's training jobs depend on, as JSON."""
        return self.run(wildcards).training_settings()

    def shapes_of(self, wildcards: Any) -> str:
        """Return the way, shot and targets of a run's tasks by split, as JSON."""
        trained, judged = self.run(wildcards).shape(), self._tested[wildcards.run].shape()
        return json.dumps({"train": trained, "val": judged, "test": judged})

    def dataset_of(self, wildcards: Any) -> str:
        """Return a dataset's options as JSON."""
        return self.settings.datasets[wildcards.dataset].model_dump_json()

    def counts_of(self, wildcards: Any) -> str:
        """Return how many fixed tasks a metric wants of each split, as JSON.

        Validation tasks are left out where the dataset has no classes set aside for them.
        """
        options = self.metric_options(wildcards.metric)
        keys = {"test": "tasks", "val": "val_tasks", "train": "train_tasks"}
        counts = {split: options[key] for split, key in keys.items() if options.get(key)}
        if not self._has_validation(wildcards.run):
            counts.pop("val", None)
        return json.dumps(counts)

    def _has_validation(self, name: str) -> bool:
        """Return whether the data that a run is judged on have meta-validation classes."""
        data = self.settings.datasets[self._tested[name].dataset]
        return data.tasks == "classification" and data.classes("val") != 0

    def options_of(self, wildcards: Any) -> str:
        """Return a metric's options as JSON."""
        return json.dumps(self.metric_options(wildcards.metric))

    def metric_options(self, metric: str) -> dict[str, Any]:
        """Return a metric's options.

        Raises:
            UserError: its module is broken.
        """
        if metric not in self.settings.metrics:
            plugins.options("metrics", metric)
        return self.settings.metrics[metric]

    def settings_of_runs(self, names: Iterable[str]) -> Brief:
        """Return what several runs' results depend on, by name."""
        return Brief({name: json.loads(self._as_json[name]) for name in names})

    def judged_datasets(self) -> Brief:
        """Return the options of the judged runs' datasets: published numbers are for some only."""
        names = sorted({self._tested[run].dataset for run in self.judged_runs()})
        options = self.settings.datasets
        return Brief({name: options[name].model_dump(mode="json") for name in names})

    def code_of_dataset(self, wildcards: Any) -> str:
        """Return the digest of what prepares a dataset."""
        kind = self.settings.datasets[wildcards.dataset].kind
        return digest(_job("prepare"), part("datasets", kind))

    def code_of_tasks(self, wildcards: Any) -> str:
        """Return the digest of what samples a run's tasks."""
        return digest(_job("sample"), *self._kinds(wildcards.run))

    def code_of_training(self, wildcards: Any) -> str:
        """Return the digest of what trains a run."""
        return digest(_job("train"), *self._run_parts(wildcards.run))

    def code_of_metric(self, wildcards: Any) -> str:
        """Return the digest of what measures a run's metric."""
        metric = part("metrics", wildcards.metric)
        return digest(_job("measure"), metric, *self._run_parts(wildcards.run))

    def code_of(self, job: str) -> str:
        """Return the digest of a job that depends on no part, e.g. "tabulate"."""
        return digest(_job(job))

    def code_of_kernel(self) -> str:
        """Return the digest of the fast engine's kernel, its sources included."""
        return digest("metalandscape.engines._library")

    def kernel_is_stale(self) -> bool:
        """Return whether the kernel is of other code, so that jobs that use it must run again.

        Snakemake does not check jobs whose `ancient` input is to be made again.
        """
        recorded = Path(self.kernel).with_suffix(".code")
        return recorded.exists() and recorded.read_text() != self.code_of_kernel()

    def code_of_figure(self, wildcards: Any) -> str:
        """Return the digest of what draws a figure."""
        return digest(_job("draw"), part("figures", wildcards.figure))

    def code_of_claims(self) -> str:
        """Return the digest of what judges the claims."""
        return digest(_job("judge"), *(part("claims", name) for name in self.claims()))

    def shown_names(self, wildcards: Any) -> Brief:
        """Return names and colors of what a figure shows: of metrics, algorithms and datasets."""
        runs = [self.settings.runs[name] for name in self.settings.figures[wildcards.figure]]
        metrics = plugins.declared("figures", wildcards.figure, "METRICS")
        shown = [("metrics", metric, "QUANTITIES") for metric in metrics]
        for name in dict.fromkeys(run.algorithm for run in runs):
            shown += [("algorithms", name, "NAME"), ("algorithms", name, "COLOUR")]
        shown += [("datasets", name, "NAME") for name in dict.fromkeys(run.dataset for run in runs)]
        return Brief({" ".join(each): plugins.readable(*each) for each in shown})

    @functools.cache  # noqa: B019, as there is one plan
    def _run_parts(self, name: str) -> list[str]:
        chosen = parts.names_of(self.settings.runs[name])
        return [*(part(*each) for each in chosen.items()), *self._kinds(name)]

    def _kinds(self, name: str) -> list[str]:
        names = {self.settings.runs[name].dataset, self._tested[name].dataset}
        kinds = sorted({self.settings.datasets[name].kind for name in names})
        return [part("datasets", kind) for kind in kinds]

    def configuration(self, raw: dict[str, Any]) -> str:
        """Return the configuration in force as YAML; where archives lie is no part of results."""
        kept = {key: value for key, value in raw.items() if key != "archives"}
        plain = json.loads(json.dumps(kept))
        return yaml.safe_dump(plain, sort_keys=False, default_flow_style=None)


def _job(name: str) -> str:
    return f"metalandscape.jobs.{name}"
