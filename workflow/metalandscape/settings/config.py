"""The configuration: its schema, its defaults, and the checks that need more than one key.

Every key is declared here, or in the module of the dataset kind or metric it belongs to, and is
explained in config/README.md.
"""

from collections.abc import Callable, Iterator, Mapping
from fnmatch import fnmatchcase
from typing import Annotated, Any, Literal

from pydantic import Field, PositiveFloat, PositiveInt, ValidationError, field_validator

from ..datasets import DatasetOptions
from ..ground import plugins
from ..ground.errors import UserError
from ..ground.options import overridden
from ..ground.strict import Strict, mapping, sentence, unknown
from ..networks import ConvNetwork, MLPNetwork
from .matrix import NAME, Place, checked_name, expand

__all__ = ["NAME", "Config", "Folders", "Run", "load"]

NonNegativeSeed = Annotated[int, Field(ge=0)]


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
    regularizer: dict[str, str | int | float] | None = None

    @field_validator("seeds")
    @classmethod
    def _no_seed_twice(cls, seeds: list[int]) -> list[int]:
        if len(set(seeds)) < len(seeds):
            raise ValueError("the same seed stands there twice; remove the repetition")
        return seeds

    def shape(self) -> dict[str, int]:
        """Return what a task of this run consists of."""
        return {"way": self.way or 1, "shot": self.shot, "targets": self.targets}

    def settings(self) -> str:
        """Return what a job's result depends on, as JSON: everything but how far and how often.

        Epochs, their grouping into jobs and the seeds are left out, so that training further or
        adding a seed changes no existing job; so are nulls, so that a key that is new to the schema
        changes none either.
        """
        own = {"epochs", "epochs_per_job", "seeds"}
        return self.model_dump_json(exclude=own, exclude_none=True)

    def blocks(self) -> list[tuple[int, int]]:
        """Return the training jobs as (first, last) epoch; epoch 0 is the initialisation."""
        step = self.epochs_per_job
        return [
            (first, min(first + step - 1, self.epochs)) for first in range(1, self.epochs + 1, step)
        ]


class Folders(Strict):
    """Where products go, relative to the working directory."""

    results: str = Field(default="results", pattern=r"^[^{}]+$")
    figures: str = Field(default="figures", pattern=r"^[^{}]+$")


class Config(Strict):
    """A whole configuration, runs expanded."""

    scale: str = Field(min_length=1)
    folders: Folders = Folders()
    archives: Annotated[str, Field(min_length=1)] | None = None
    checkpoints_per_job: PositiveInt = 1
    engine: Literal["auto", "reference"] = "auto"
    threads: PositiveInt = 1
    device: Literal["auto", "cpu", "cuda"] = "cpu"
    datasets: dict[str, DatasetOptions]
    runs: dict[str, Run]
    metrics: dict[str, dict[str, int | float]] = Field(default={})
    figures: dict[str, list[str]] = Field(default={})

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
    if not isinstance(raw, Mapping) or not raw:
        raise UserError("the configuration is empty or no mapping of keys; see config/README.md.")
    raw = {"defaults": {}, "metrics": {}, "figures": {}, **raw}
    defaults = mapping(raw.pop("defaults"), "defaults")
    datasets = dict(_datasets(_section(raw, "datasets")))
    runs = dict(_runs(_section(raw, "runs"), defaults, datasets))
    parts = {
        "datasets": datasets,
        "runs": runs,
        "metrics": dict(_metrics(mapping(raw["metrics"], "metrics"))),
        "figures": dict(_figures(mapping(raw["figures"], "figures"), runs)),
    }
    try:
        config = Config.model_validate(raw | parts)
    except ValidationError as error:
        raise UserError(sentence(error, known=["defaults", *Config.model_fields])) from error
    _check_figures(config)
    return config


def _section(raw: Mapping[str, Any], key: str) -> Mapping[str, Any]:
    """Return a top-level mapping that must not be missing or empty."""
    if not raw.get(key):
        raise UserError(f"config key {key}: missing or empty; name at least one of the {key}.")
    return mapping(raw[key], key)


def _runs(
    patterns: Mapping[str, Any], defaults: Mapping[str, Any], datasets: Mapping[str, DatasetOptions]
) -> Iterator[tuple[str, Run]]:
    for name, settings, place in expand(patterns, defaults):
        if isinstance(settings.get("regularizer"), Mapping):
            settings["regularizer"] = _regularizer(settings["regularizer"], place("regularizer"))
        try:
            run = Run.model_validate(settings)
        except ValidationError as error:
            raise UserError(sentence(error, place, [*Run.model_fields, "matrix"])) from error
        _check_run(run, place, datasets)
        yield name, run


def _datasets(datasets: Mapping[str, Any]) -> Iterator[tuple[str, DatasetOptions]]:
    kinds = plugins.names("datasets")
    for name, entry in datasets.items():
        key = f"datasets.{checked_name(name, 'datasets')}"
        kind = mapping(entry, key).get("kind")
        if kind is None:
            raise UserError(f"config key {key}.kind: missing; add one of {', '.join(kinds)}.")
        if kind not in kinds:
            raise UserError(f"config key {key}.kind: {unknown(kind, kinds)}.")
        options = plugins.load("datasets", kind).Options
        try:
            yield name, options.model_validate(entry)
        except ValidationError as error:
            place = f"{key}.{{}}".format
            raise UserError(sentence(error, place, options.model_fields)) from error


def _metrics(metrics: Mapping[str, Any]) -> Iterator[tuple[str, dict]]:
    """Yield every metric with its module's options, overridden by the configuration's."""
    known = {
        name: plugins.declared("metrics", name, "OPTIONS") for name in plugins.names("metrics")
    }
    for name in metrics:
        if name not in known:
            raise UserError(f"config key metrics.{name}: {unknown(name, known)}.")
    for name, defaults in known.items():
        place = f"metrics.{name}"
        yield name, overridden(mapping(metrics.get(name, {}), place), defaults, place)


def _regularizer(given: Mapping[str, Any], key: str) -> dict[str, Any]:
    """Return a run's regularizer with its module's options, overridden by the configuration's."""
    options, known = dict(mapping(given, key)), plugins.names("regularizers")
    name = options.pop("name", None)
    if name not in known:
        raise UserError(f"config key {key}.name: {unknown(name, known)}.")
    return {
        "name": name,
        **overridden(options, plugins.declared("regularizers", name, "OPTIONS"), key),
    }


def _figures(figures: Mapping[str, Any], runs: Mapping) -> Iterator[tuple[str, list[str]]]:
    """Yield every figure with the runs its patterns name, in the order written."""
    known = plugins.names("figures")
    for name, patterns in figures.items():
        key = f"config key figures.{name}"
        if name not in known:
            raise UserError(f"{key}: no module workflow/metalandscape/figures/{name}.py draws it.")
        if not isinstance(patterns, list) or not all(isinstance(p, str) for p in patterns):
            raise UserError(f"{key}: expected a list of run names, got {patterns!r}.")
        # An illustration such as fig1 reads no metric and shows no run.
        if not patterns and plugins.declared("figures", name, "METRICS"):
            raise UserError(f"{key}: expected at least one run name, got [].")
        chosen: dict[str, None] = {}
        for pattern in patterns:
            matches = [run for run in runs if fnmatchcase(run, pattern)]
            if not matches:
                raise UserError(f"{key}: run {unknown(pattern, runs)}.")
            chosen |= dict.fromkeys(matches)
        yield name, list(chosen)


def _check_run(run: Run, place: Place, datasets: Mapping[str, DatasetOptions]) -> None:
    """Refuse what no single key shows to be impossible."""

    def require(possible: bool, key: str, complaint: str) -> None:
        if not possible:
            raise UserError(f"config key {place(key)}: {complaint}.")

    for key, known in (("dataset", datasets), ("algorithm", plugins.names("algorithms"))):
        name = getattr(run, key)
        require(name in known, key, unknown(name, known))
    data = datasets[run.dataset]
    regression = data.tasks == "regression"
    if regression:
        require(run.way is None, "way", "regression tasks have no classes; remove it or set null")
    else:
        require(run.way is not None, "way", "missing; give the number of classes of a task")
    network = "mlp" if regression else "conv"
    require(
        run.network.kind == network,
        "network",
        f"data of kind {data.kind} need kind: {network}, got kind: {run.network.kind}",
    )
    possible = data.tasks in plugins.declared("algorithms", run.algorithm, "TASKS")
    require(possible, "algorithm", f"{run.algorithm} does not learn {data.tasks} tasks")
    heeded = plugins.declared("algorithms", run.algorithm, "REGULARIZED")
    require(
        heeded or not run.regularizer,
        "regularizer",
        f"{run.algorithm} has no use for it; remove it",
    )
    if not regression:
        _check_images(run, data, require)


def _check_images(run: Run, data: DatasetOptions, require: Callable) -> None:
    """Refuse tasks that a dataset is too small for, and images that pooling leaves nothing of."""
    size, need = data.instances(), run.shot + run.targets
    require(
        size is None or need <= size,
        "shot",
        f"shot {run.shot} + targets {run.targets} = {need} images, but a class of "
        f"{run.dataset} has {size}; lower shot or targets",
    )
    for split in ("train", "test"):
        count = data.largest_way(split)
        require(
            count is None or run.way <= count,
            "way",
            f"{run.way} classes asked, but {run.dataset} has {count} {split} classes; lower way",
        )
    side = getattr(data, "image_size", None)
    require(
        run.network.downsampling == "stride" or side is None or side >= 16,
        "network",
        f"four poolings leave nothing of images of {side} pixels; set downsampling: stride",
    )


def _check_figures(config: Config) -> None:
    """Refuse a figure that needs an option left at 0, or a metric that one of its runs lacks."""
    for figure, runs in config.figures.items():
        for metric, options in plugins.declared("figures", figure, "OPTIONS", {}).items():
            for option in options:
                if not config.metrics[metric][option]:
                    raise UserError(
                        f"config key metrics.{metric}.{option}: {figure} needs it; set it to more "
                        "than 0, or remove the figure."
                    )
        for metric in plugins.declared("figures", figure, "METRICS"):
            for run in runs:
                tasks = config.datasets[config.runs[run].dataset].tasks
                if tasks not in plugins.declared("metrics", metric, "TASKS"):
                    raise UserError(
                        f"config key figures.{figure}: it shows the metric {metric}, which run "
                        f"{run} cannot have: its tasks are {tasks}."
                    )
