"""The configuration: its schema, its defaults, and how a raw one is expanded.

Every key is declared here or in `run`, or as an option of the part it belongs to, and explained in
the docstring of its class, from which `schema` takes its description.
"""

import os
from collections.abc import Iterator, Mapping
from fnmatch import fnmatchcase
from pathlib import Path
from typing import Annotated, Any, Literal

from pydantic import AfterValidator, Field, PositiveInt, ValidationError

from ..datasets import DatasetOptions
from ..ground import plugins
from ..ground.errors import UserError
from ..ground.strict import Strict, mapping, sentence, unknown
from . import parts
from .checks import check_engine, check_run, check_texts
from .declarations import check_parts
from .limits import SCALE, check_size
from .matrix import NAME, checked_name, expand
from .run import PathText, Run

__all__ = ["NAME", "Config", "Folders", "Run", "load"]


def _inside(folder: str) -> str:
    """Return a folder in its shortest form, which is the one that Snakemake compares.

    Raises:
        ValueError: it is relative and leads out of the working directory, is that itself or the
            root, or begins with ~.
    """
    if folder.startswith("~"):
        raise ValueError("~ is not expanded here; write the path in full")
    folder = os.path.normpath(folder)
    if Path(folder).parts[:1] == ("..",):
        raise ValueError("leads out of the working directory; write an absolute path to mean that")
    if folder in (".", "/", "//"):
        raise ValueError("is no folder of its own; name one in it")
    return folder


FolderPath = Annotated[PathText, AfterValidator(_inside)]


class Folders(Strict):
    """Where products go, relative to the working directory.

    Attributes:
        results: Where data, checkpoints, metrics and tables go, in the working directory or, as an
            absolute path, elsewhere. Give every configuration its own folder.
        figures: Where figures go.
    """

    results: FolderPath = "results"
    figures: FolderPath = "figures"


class Config(Strict):
    """A whole configuration, runs expanded.

    Attributes:
        scale: The words printed on every figure that state the scale of the results, e.g. "reduced:
            20 epochs of 100".
        folders: Where products go, relative to the working directory.
        archives: A folder with the archives; if given, nothing is downloaded. Takes precedence over
            the environment variable `METALANDSCAPE_ARCHIVES`, which means the same.
        checkpoints_per_job: How many checkpoints one metric job measures. More means fewer starts
            of Python, about 2 s each (measuring 10 small checkpoints on 2 cores took 11.9 s with 1
            and 4.1 s with 5), and less parallelism.
        engine: What computes gradients. `auto`: on a CPU a kernel in C++, compiled once at the
            start, for convolutional networks, and all tasks in one batch for sine regression; on a
            GPU `vectorized`. `vectorized`: all tasks in one computation, for every network; slow on
            a CPU. `reference`: the plain loop of automatic differentiation, which is also used,
            with a message, where there is no C++ compiler. They agree to rounding; on a CPU, each
            gives the same bytes every time.
        threads: Threads of one training job, each computing a task. No result depends on it. More
            threads help where there are fewer jobs than cores.
        device: `cuda`: a GPU, with torch's deterministic algorithms. `auto`: a GPU if the job finds
            one, otherwise as `cpu`. Results of GPU and CPU agree to rounding, which training
            amplifies to the difference of two seeds. See docs/cluster.md.
        precision: Precision of matrix products on a GPU. `float32`; `tf32`: factors are rounded to
            10 bits, which is faster, but may change a meta-gradient by a tenth and more. See
            docs/cluster.md.
        tasks_at_once: How many tasks the engine `vectorized` computes together, which bounds its
            memory; last digits may depend on it. By default, as many as the GPU's free memory
            holds, or 4 on a CPU.
        container: The image that `snakemake --sdm apptainer` runs jobs in, as `apptainer` names it:
            a file such as `metalandscape.sif`, or `docker://...`. Without this key, `--sdm
            apptainer` is refused. See docs/cluster.md.
        plugins: A folder with parts of your own, relative to the working directory, so that the
            package stays unchanged. Its subfolders are named as those of `workflow/metalandscape`
            and hold a file for each part, such as `my_parts/metrics/progress.py`; names of helper
            modules begin with `_`. A name that exists already is refused. Jobs are given the
            folder's absolute path, so it must lie where all machines of a cluster see it.
        datasets: The datasets by a name of your choice (letters, digits, underscores). The keys of
            a dataset depend on its `kind`.
        runs: The runs by name.
        metrics: Options of metrics by name. Which metrics are computed follows from the figures.
        figures: Figures by name, each with the list of runs it shows.
    """

    scale: str = Field(min_length=1, max_length=SCALE, pattern=r"\S")
    folders: Folders = Folders()
    archives: Annotated[str, Field(min_length=1)] | None = None
    checkpoints_per_job: PositiveInt = 1
    engine: Literal["auto", "reference", "vectorized"] = "auto"
    threads: PositiveInt = 1
    device: Literal["auto", "cpu", "cuda"] = "cpu"
    precision: Literal["float32", "tf32"] = "float32"
    tasks_at_once: PositiveInt | None = None
    # Snakemake hands it to a shell as it is.
    container: Annotated[str, Field(pattern=r"^[\w./][\w./:@+=%~-]*$")] | None = None
    plugins: Annotated[str, Field(min_length=1)] | None = None
    datasets: dict[str, DatasetOptions]
    runs: dict[str, Run]
    metrics: dict[str, dict[str, Any]] = Field(default={})
    figures: dict[str, list[str]] = Field(default={})

    def tasks_of(self, run: str) -> str:
        """Return the kind of a run's tasks, which is the same at meta-training and meta-test."""
        return self.datasets[self.runs[run].dataset].tasks

    def has(self, metric: str, run: str) -> bool:
        """Return whether a run's tasks are of a kind that a metric measures."""
        return self.tasks_of(run) in plugins.declared("metrics", metric, "TASKS")

    def pairs(self) -> list[tuple[str, str]]:
        """Return every (metric, run) that some configured figure shows."""
        return sorted(
            {
                (metric, run)
                for figure, runs in self.figures.items()
                for metric in _metrics_of(figure)
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
    check_texts({key: value for key, value in raw.items() if key != "scale"})
    raw = {"defaults": {}, "metrics": {}, "figures": {}, **raw}
    plugins.use(raw.get("plugins") if isinstance(raw.get("plugins"), str) else None)
    defaults = mapping(raw.pop("defaults"), "defaults")
    if "matrix" in defaults:
        raise UserError("config key defaults.matrix: a matrix belongs to a run; move it there.")
    datasets = dict(_datasets(_section(raw, "datasets")))
    runs = dict(_runs(_section(raw, "runs"), defaults, datasets))
    figures = dict(_figures(mapping(raw["figures"], "figures"), runs))
    metrics = dict(_metrics(mapping(raw["metrics"], "metrics"), figures))
    expanded = {"datasets": datasets, "runs": runs, "metrics": metrics, "figures": figures}
    try:
        config = Config.model_validate(raw | expanded)
    except ValidationError as error:
        raise UserError(sentence(error, known=["defaults", *Config.model_fields])) from error
    check_engine(config)
    check_parts(config)
    check_size(config)
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
        try:
            run = Run.model_validate(parts.of_run(settings, place))
        except ValidationError as error:
            known = [key for key in Run.model_fields if key != "algorithm_options"]
            raise UserError(sentence(error, place, [*known, "matrix"])) from error
        check_run(run, place, datasets)
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
        options = plugins.options("datasets", kind)
        if not issubclass(options, DatasetOptions):
            file = plugins.path("datasets", kind)
            raise UserError(f"{file}: it should define Options, derived from DatasetOptions.")
        try:
            yield name, options.model_validate(entry)
        except ValidationError as error:
            place = f"{key}.{{}}".format
            raise UserError(sentence(error, place, options.model_fields)) from error
        except (OSError, RecursionError) as error:  # of a file that an option names
            raise UserError(
                f"config key {key}: a file that it names cannot be read: {error}."
            ) from error


def _metrics(
    given: Mapping[str, Any], figures: Mapping[str, list[str]]
) -> Iterator[tuple[str, dict]]:
    """Yield every metric with its module's options, overridden by the configuration's.

    A metric whose module is broken is passed over where nothing in the configuration needs it.
    """
    known = plugins.names("metrics")
    for name in given:
        if name not in known:
            raise UserError(f"config key metrics.{name}: {unknown(name, known)}.")
    shown = {m: figure for figure in figures for m in _metrics_of(figure)}
    for name in shown:
        if name not in known:
            file = plugins.path("figures", shown[name])
            raise UserError(f"{file}: METRICS: {unknown(name, known)}.")
    for name in known:
        place = f"metrics.{name}"
        own = mapping(given.get(name, {}), place)
        try:
            yield name, parts.validated("metrics", name, own, place)
        except UserError:
            if name in given or name in shown:
                raise


def _metrics_of(figure: str) -> tuple[str, ...]:
    """Return the metrics that a figure reads."""
    return plugins.declared("figures", figure, "METRICS")


def _figures(figures: Mapping[str, Any], runs: Mapping) -> Iterator[tuple[str, list[str]]]:
    """Yield every figure with the runs its patterns name, in the order written."""
    known = plugins.names("figures")
    for name, patterns in figures.items():
        key = f"config key figures.{name}"
        if name not in known:
            raise UserError(f"{key}: no module figures/{name}.py draws it.")
        if not isinstance(patterns, list) or not all(isinstance(p, str) for p in patterns):
            raise UserError(f"{key}: expected a list of run names, got {patterns!r}.")
        # An illustration such as fig1 reads no metric and shows no run.
        if not patterns and _metrics_of(name):
            raise UserError(f"{key}: expected at least one run name, got [].")
        chosen: dict[str, None] = {}
        for pattern in patterns:
            matches = [run for run in runs if fnmatchcase(run, pattern)]
            if not matches:
                raise UserError(f"{key}: run {unknown(pattern, runs)}.")
            chosen |= dict.fromkeys(matches)
        yield name, list(chosen)
