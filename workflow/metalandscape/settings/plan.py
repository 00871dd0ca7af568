"""What the workflow's rules ask of a configuration: its files, and what a job depends on.

The functions of the rules are methods, so that they are tested without Snakemake; what they call
`wildcards` has a run's, seed's or metric's name as attributes.
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
from .layout import Layout


class Plan(Layout):
    """A configuration as jobs and files: what jobs depend on besides their files."""

    @functools.cached_property
    def _as_json(self) -> dict[str, str]:
        return {name: run.settings() for name, run in self.settings.runs.items()}

    def settings_of(self, wildcards: Any) -> str:
        """Return what a run's metric jobs depend on, as JSON; a change of it reruns them."""
        return self._as_json[wildcards.run]

    def training_settings_of(self, wildcards: Any) -> str:
        """Return what a run's training jobs depend on, as JSON."""
        return self.run(wildcards).training_settings()

    def shapes_of(self, wildcards: Any) -> str:
        """Return the way, shot and targets of a run's tasks by split, as JSON."""
        trained, judged = self.run(wildcards).shape(), self.tested[wildcards.run].shape()
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
        data = self.settings.datasets[self.tested[name].dataset]
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
        names = sorted({self.tested[run].dataset for run in self.judged_runs()})
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

    def is_trained(self) -> bool:
        """Return whether there is a checkpoint of any training."""
        pattern = self.checkpoint.format(run="*", seed="*", epoch="*")
        folder = pattern.partition("*")[0]
        return any(Path(folder).glob(pattern.removeprefix(folder)))

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
        datasets = (self.settings.datasets[each] for each in self.dataset_names(name))
        kinds = sorted({data.kind for data in datasets})
        return [part("datasets", kind) for kind in kinds]

    def configuration(self, raw: dict[str, Any]) -> str:
        """Return the configuration in force as YAML; where archives lie is no part of results."""
        kept = {key: value for key, value in raw.items() if key != "archives"}
        plain = json.loads(json.dumps(kept))
        return yaml.safe_dump(plain, sort_keys=False, default_flow_style=None)


def _job(name: str) -> str:
    return f"metalandscape.jobs.{name}"
