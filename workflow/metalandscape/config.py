"""The configuration: its schema, its defaults, the expansion of runs, and its error messages.

Every key is declared here, or in the module of the dataset kind or metric it belongs to, and is
explained in config/README.md.
"""

import difflib
import itertools
import math
from collections.abc import Iterator, Mapping
from fnmatch import fnmatchcase
from typing import Annotated, Any

from pydantic import Field, PositiveFloat, PositiveInt, ValidationError, model_validator

from . import plugins
from .datasets import DatasetOptions
from .errors import UserError
from .networks import ConvNetwork, MLPNetwork
from .strict import Strict

NonNegativeSeed = Annotated[int, Field(ge=0)]
NAME = r"[A-Za-z0-9_]+"


class Run(Strict):
    """One meta-training: what is trained, on what, and how it adapts. Defaults are the paper's."""

    dataset: str
    algorithm: str
    network: Annotated[ConvNetwork | MLPNetwork, Field(discriminator="kind")]
    way: PositiveInt | None = None
    shot: PositiveInt
    targets: PositiveInt = 15
    inner_steps: PositiveInt = 5
    inner_rate: PositiveFloat
    outer_rate: PositiveFloat = 0.001
    batch_size: PositiveInt
    iterations: PositiveInt = 500
    epochs: PositiveInt = 100
    epochs_per_job: PositiveInt = 1
    seeds: list[NonNegativeSeed] = Field(default=[0, 1, 2], min_length=1)

    @model_validator(mode="after")
    def _check(self) -> "Run":
        if len(set(self.seeds)) < len(self.seeds):
            raise ValueError("seeds holds the same seed twice; remove the repetition")
        if self.algorithm not in plugins.names("algorithms"):
            known = ", ".join(plugins.names("algorithms"))
            raise ValueError(f"algorithm {self.algorithm!r} is unknown; use one of {known}")
        return self

    def shape(self) -> dict[str, int]:
        """Return what a task of this run consists of."""
        return {"way": self.way or 1, "shot": self.shot, "targets": self.targets}

    def settings(self) -> str:
        """Return what a job's result depends on, as JSON: everything but how far and how often.

        Epochs, their grouping into jobs and the seeds are left out, so that training further or
        adding a seed changes no existing job.
        """
        return self.model_dump_json(exclude={"epochs", "epochs_per_job", "seeds"})

    def blocks(self) -> list[tuple[int, int]]:
        """Return the training jobs as (first, last) epoch; epoch 0 is the initialisation."""
        step = self.epochs_per_job
        return [
            (first, min(first + step - 1, self.epochs)) for first in range(1, self.epochs + 1, step)
        ]


class Folders(Strict):
    """Where products go, relative to the working directory."""

    results: str = "results"
    figures: str = "figures"


class Config(Strict):
    """A whole configuration, runs expanded."""

    scale: str = Field(min_length=1)
    folders: Folders = Folders()
    archives: str | None = None
    checkpoints_per_job: PositiveInt = 1
    datasets: dict[str, DatasetOptions]
    runs: dict[Annotated[str, Field(pattern=f"^{NAME}$")], Run]
    metrics: dict[str, dict[str, int | float]]
    figures: dict[str, list[str]]

    def pairs(self) -> list[tuple[str, str]]:
        """Return every (metric, run) that some configured figure shows."""
        return sorted(
            {
                (metric, run)
                for figure, runs in self.figures.items()
                for metric in plugins.declared("figures", figure, "METRICS")
                for run in runs
            }
        )


def load(raw: Mapping[str, Any]) -> Config:
    """Validate and expand a raw configuration.

    Raises:
        UserError: one sentence that names the key and what to do.
    """
    raw = dict(raw)
    defaults = _mapping(raw.pop("defaults", {}), "defaults")
    runs = dict(_expand(_mapping(raw.get("runs"), "runs"), defaults))
    try:
        config = Config.model_validate(
            raw
            | {
                "runs": runs,
                "datasets": dict(_datasets(_mapping(raw.get("datasets"), "datasets"))),
                "metrics": dict(_metrics(_mapping(raw.get("metrics", {}), "metrics"))),
                "figures": dict(_figures(_mapping(raw.get("figures", {}), "figures"), runs)),
            }
        )
    except ValidationError as error:
        raise UserError(_sentence(error)) from error
    for name, run in config.runs.items():
        _check_run(f"runs.{name}", run, config.datasets)
    _check_figures(config)
    return config


def _mapping(value: Any, key: str) -> Mapping[str, Any]:
    if not isinstance(value, Mapping):
        raise UserError(f"config key {key}: expected a mapping of names, got {value!r}.")
    return value


def _expand(runs: Mapping[str, Any], defaults: Mapping) -> Iterator[tuple[str, dict]]:
    """Yield (name, settings) of every run; a `matrix` makes one run per combination."""
    seen = set()
    for pattern, entry in runs.items():
        entry = dict(_mapping(entry, f"runs.{pattern}"))
        matrix = _mapping(entry.pop("matrix", {}), f"runs.{pattern}.matrix")
        if not all(isinstance(values, list) for values in matrix.values()):
            raise UserError(f"config key runs.{pattern}.matrix: expected a list for every key.")
        for values in itertools.product(*matrix.values()):
            combination = dict(zip(matrix, values, strict=True))
            try:
                name = pattern.format_map(combination)
            except (KeyError, ValueError, IndexError, AttributeError) as error:
                raise UserError(
                    f"config key runs.{pattern}: the name's placeholders should be keys of its "
                    f"matrix ({', '.join(matrix) or 'it has none'})."
                ) from error
            if name in seen:
                raise UserError(
                    f"config key runs.{pattern}: two runs are named {name!r}; name every key of "
                    "the matrix in the pattern."
                )
            seen.add(name)
            yield name, {**defaults, **entry, **combination}


def _datasets(datasets: Mapping[str, Any]) -> Iterator[tuple[str, DatasetOptions]]:
    kinds = plugins.names("datasets")
    for name, entry in datasets.items():
        key = f"datasets.{name}"
        kind = _mapping(entry, key).get("kind")
        if kind not in kinds:
            raise UserError(f"config key {key}.kind: {kind!r} is unknown; use {', '.join(kinds)}.")
        try:
            yield name, plugins.load("datasets", kind).Options.model_validate(entry)
        except ValidationError as error:
            raise UserError(_sentence(error, f"{key}.")) from error


def _metrics(metrics: Mapping[str, Any]) -> Iterator[tuple[str, dict]]:
    """Yield every metric with its module's options, overridden by the configuration's."""
    known = {
        name: plugins.declared("metrics", name, "OPTIONS") for name in plugins.names("metrics")
    }
    for name in metrics:
        if name not in known:
            raise UserError(f"config key metrics.{name}: {_unknown(name, known)}.")
    for name, defaults in known.items():
        options = _mapping(metrics.get(name, {}), f"metrics.{name}")
        for option, value in options.items():
            key = f"config key metrics.{name}.{option}"
            if option not in defaults:
                raise UserError(f"{key}: {_unknown(option, defaults)}.")
            wanted = type(defaults[option])
            if isinstance(value, bool) or not isinstance(value, (int, wanted)):
                raise UserError(
                    f"{key}: expected a value of type {wanted.__name__}, got {value!r}."
                )
            if not 0 <= value < math.inf or (value == 0 and defaults[option] != 0):
                raise UserError(f"{key}: expected a positive number, got {value!r}.")
        yield name, {**defaults, **options}


def _figures(figures: Mapping[str, Any], runs: Mapping) -> Iterator[tuple[str, list[str]]]:
    """Yield every figure with the runs its patterns name, in the order written."""
    known = plugins.names("figures")
    for name, patterns in figures.items():
        key = f"config key figures.{name}"
        if name not in known:
            raise UserError(f"{key}: no module workflow/metalandscape/figures/{name}.py draws it.")
        if not isinstance(patterns, list) or not all(isinstance(p, str) for p in patterns):
            raise UserError(f"{key}: expected a list of run names, got {patterns!r}.")
        chosen: dict[str, None] = {}
        for pattern in patterns:
            matches = [run for run in runs if fnmatchcase(run, pattern)]
            if not matches:
                raise UserError(f"{key}: run {pattern!r} is unknown; {_unknown(pattern, runs)}.")
            chosen |= dict.fromkeys(matches)
        yield name, list(chosen)


def _check_run(key: str, run: Run, datasets: Mapping[str, DatasetOptions]) -> None:
    """Refuse what no single key shows to be impossible."""
    if run.dataset not in datasets:
        raise UserError(f"config key {key}.dataset: {_unknown(run.dataset, datasets)}.")
    data = datasets[run.dataset]
    regression = data.tasks == "regression"
    if regression and run.way is not None:
        raise UserError(f"config key {key}.way: regression tasks have no classes; remove the key.")
    if not regression and run.way is None:
        raise UserError(f"config key {key}.way: missing; give the number of classes of a task.")
    if regression != (run.network.kind == "mlp"):
        raise UserError(
            f"config key {key}.network.kind: a dataset of kind {data.kind} needs the network "
            f"{'mlp' if regression else 'conv'}, got {run.network.kind}."
        )
    if data.tasks not in plugins.declared("algorithms", run.algorithm, "TASKS"):
        raise UserError(f"config key {key}.algorithm: {run.algorithm} has no {data.tasks} tasks.")
    size, need = data.instances(), run.shot + run.targets
    if size is not None and need > size:
        raise UserError(
            f"config key {key}.shot: shot {run.shot} + targets {run.targets} = {need} images, but "
            f"a class of {run.dataset} has {size}; lower shot or targets."
        )
    for split in ("train", "test"):
        count = data.classes(split)
        if run.way is not None and count is not None and run.way > count:
            raise UserError(
                f"config key {key}.way: {run.way} classes asked, but {run.dataset} has {count} "
                f"{split} classes; lower way."
            )


def _check_figures(config: Config) -> None:
    """Refuse a figure whose metric does not exist for the tasks of one of its runs."""
    for figure, runs in config.figures.items():
        for metric in plugins.declared("figures", figure, "METRICS"):
            for run in runs:
                tasks = config.datasets[config.runs[run].dataset].tasks
                if tasks not in plugins.declared("metrics", metric, "TASKS"):
                    raise UserError(
                        f"config key figures.{figure}: it shows the metric {metric}, which run "
                        f"{run} cannot have: its tasks are {tasks}."
                    )


def _unknown(name: str, known: Mapping[str, Any] | list[str]) -> str:
    close = difflib.get_close_matches(name, list(known), 1)
    hint = f"did you mean {close[0]!r}?" if close else f"known are {', '.join(known) or 'none'}"
    return f"{name!r} is unknown; {hint}"


def _sentence(error: ValidationError, prefix: str = "") -> str:
    """Return the first complaint of a validation as one sentence that names the key."""
    first = error.errors()[0]
    # A union's tag stands in the location but is no key of the file.
    location = [str(part) for part in first["loc"] if part not in ("conv", "mlp")]
    key = prefix + ".".join(location)
    message = first["msg"].removeprefix("Value error, ")
    if first["type"] == "extra_forbidden":
        message = "unknown key; remove it or correct its name"
    elif first["type"] == "missing":
        message = "missing; add it"
    elif isinstance(first["input"], (str, int, float, bool)):
        message = f"{message}, got {first['input']!r}"
    return f"config key {key}: {message[:1].lower()}{message[1:].rstrip('.')}."
