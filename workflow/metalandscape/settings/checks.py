"""Checks of whole runs, for mistakes that no single key shows; of parts: `declarations`."""

import re
from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Any

from ..datasets import DatasetOptions
from ..ground import plugins
from ..ground.errors import UserError
from ..ground.options import Options
from ..ground.strict import unknown
from .matrix import Place
from .run import Run

if TYPE_CHECKING:
    from .config import Config

CONTROL = re.compile(r"[\x00-\x1f\x7f\x85\u2028\u2029]")  # with what ends a line
LONGEST_NAME, LONGEST = 255, 1_000  # bytes of a file's name, and characters of a text

Require = Callable[[bool, str, str], None]
Datasets = Mapping[str, DatasetOptions]


def check_texts(value: Any, key: str = "") -> None:
    """Refuse a text that can't be a name or a path, wherever it stands in a raw configuration.

    Raises:
        UserError: it holds a control character, or is longer than file systems take.
    """
    if isinstance(value, Mapping):
        for name, own in value.items():
            check_texts(own, f"{key}.{name}".strip("."))
    elif isinstance(value, list):
        for own in value:
            check_texts(own, key)
    elif isinstance(value, str):
        if found := CONTROL.search(value):
            raise UserError(
                f"config key {key}: it holds the control character {found[0]!r}; remove it."
            )
        if len(value) > LONGEST or _bytes(value) > LONGEST_NAME:
            raise UserError(
                f"config key {key}: the text {value!r} is too long; at most {LONGEST:,} "
                f"characters, and {LONGEST_NAME} bytes between two slashes, are possible."
            )


def _bytes(path: str) -> int:
    """Return the length of a path's longest name; that of a URL is no file's."""
    names = [] if "://" in path else path.split("/")
    return max((len(name.encode(errors="surrogatepass")) for name in names), default=0)


def check_run(run: Run, place: Place, datasets: Datasets) -> None:
    """Refuse a run whose settings don't fit together, at meta-training or at meta-test."""

    def require(possible: bool, key: str, complaint: str) -> None:
        if not possible:
            raise UserError(f"config key {place(key)}: {complaint}.")

    def require_at_test(possible: bool, key: str, complaint: str) -> None:
        require(possible, f"test.{key}" if key in run.test.given() else key, complaint)

    require(run.dataset in datasets, "dataset", unknown(run.dataset, datasets))
    data = datasets[run.dataset]
    _check_tasks(run, data, require)
    _check_sizes(run, run.dataset, data, "train", require)
    _check_algorithm(run, data, require)
    _check_network(run, data, require)
    later = run.at_test()
    require(later.dataset in datasets, "test.dataset", unknown(later.dataset, datasets))
    judged = datasets[later.dataset]
    _check_test(run, data, judged, require)
    _check_sizes(later, later.dataset, judged, "test", require_at_test)


def _check_tasks(run: Run, data: DatasetOptions, require: Require) -> None:
    if data.tasks == "regression":
        require(run.way is None, "way", "regression tasks have no classes; remove it or set null")
        require(run.test.way is None, "test.way", "regression tasks have no classes; remove it")
    else:
        require(run.way is not None, "way", "missing; give the number of classes of a task")
        require(run.way != 1, "way", "one class leaves nothing to tell apart; give 2 or more")
        require(run.test.way != 1, "test.way", "one class leaves nothing to tell apart; give more")


def _check_algorithm(run: Run, data: DatasetOptions, require: Require) -> None:
    possible = data.tasks in plugins.declared("algorithms", run.algorithm, "TASKS")
    require(possible, "algorithm", f"{run.algorithm} does not learn {data.tasks} tasks")
    heeded = plugins.declared("algorithms", run.algorithm, "REGULARIZED", False)
    require(
        heeded or not run.regularizer,
        "regularizer",
        f"{run.algorithm} does not support one; remove it",
    )
    name = run.regularizer.name if run.regularizer else None
    # Those of the package compare the tasks of a meta-batch; a user's own need not.
    compares = name and plugins.path("regularizers", name).is_relative_to(plugins.PACKAGE)
    require(
        run.batch_size > 1 or not compares,
        "batch_size",
        f"{name} compares the tasks of a meta-batch, and of one it changes nothing; give 2 or more",
    )


def _check_network(run: Run, data: DatasetOptions, require: Require) -> None:
    """Refuse a network that can't take the data."""
    name, shape = run.network.name, data.input_shape()
    possible = data.tasks in plugins.declared("networks", name, "TASKS")
    require(possible, "network", f"{name} does not learn {data.tasks} tasks")
    if shape is None:
        return
    images = plugins.declared("networks", name, "INPUTS") == "images"
    require(
        len(shape) == 3 or not images,
        "network",
        f"{name} takes images, but data of kind {data.kind} are vectors; set kind: mlp",
    )
    options = plugins.options("networks", name).model_validate(run.network.options)
    _check_batch(run, options, require)
    complain = getattr(options, "complaint", lambda shape: None)
    complaint = complain(shape)
    require(complaint is None, "network", str(complaint))


def _check_batch(run: Run, options: Options, require: Require) -> None:
    """Refuse supervised training on batches of one image under batch norm."""
    normed = getattr(options, "batch_statistics", lambda: False)()
    images = plugins.declared("algorithms", run.algorithm, "SUPERVISED", False)
    require(
        run.batch_size > 1 or not (normed and images),
        "batch_size",
        f"{run.algorithm} would train on one image at a time, which batch norm makes meaningless; "
        "give 2 or more",
    )


def _check_test(run: Run, data: DatasetOptions, judged: DatasetOptions, require: Require) -> None:
    """Refuse what a network that was trained on `data` can't be tested on."""
    given = run.test.given()
    require(
        judged.tasks == data.tasks,
        "test.dataset",
        f"{run.test.dataset} has {judged.tasks} tasks, but {run.dataset} has {data.tasks} tasks",
    )
    shapes = data.input_shape(), judged.input_shape()
    require(
        None in shapes or shapes[0] == shapes[1],
        "test.dataset",
        f"its inputs are {shapes[1]}, but those of {run.dataset} are {shapes[0]} (channels, "
        "height, width); give both datasets the same image size and channels",
    )
    head = plugins.declared("algorithms", run.algorithm, "NEW_HEAD", False)
    require(
        head or given.get("way", run.way) == run.way,
        "test.way",
        f"{run.algorithm} meta-learns its last layer for {run.way} classes; remove it",
    )
    rates = plugins.declared("algorithms", run.algorithm, "LEARNS_RATES", False)
    require(
        not rates or "inner_rate" not in given,
        "test.inner_rate",
        f"{run.algorithm} learns its inner rates; remove it",
    )


def _check_sizes(run: Run, name: str, data: DatasetOptions, split: str, require: Require) -> None:
    """Refuse tasks that a dataset is too small for."""
    if run.way is None:
        return
    size, need = data.instances(), run.shot + run.targets
    require(
        size is None or need <= size,
        "shot",
        f"shot {run.shot} + targets {run.targets} = {need} images, but a class of "
        f"{name} has {size}; lower shot or targets",
    )
    count = data.largest_way(split)
    require(
        count is None or run.way <= count,
        "way",
        f"{run.way} classes are asked for, but {name} has {count} {split} classes; lower way",
    )


def check_engine(config: "Config") -> None:
    """Refuse settings of an engine that will not be used."""
    if config.precision != "float32" and config.device == "cpu":
        raise UserError(
            f"config key precision: {config.precision} is for GPUs; set device: cuda or auto, or "
            "remove it."
        )
    alone = config.engine == "vectorized" or (config.engine == "auto" and config.device == "cuda")
    if config.threads > 1 and alone:
        raise UserError(
            "config key threads: the engine vectorized computes all tasks in one thread; remove it."
        )
    ours = config.engine == "vectorized" or (config.engine == "auto" and config.device != "cpu")
    if config.tasks_at_once is not None and not ours:
        raise UserError(
            "config key tasks_at_once: only the engine vectorized uses it, on GPUs or where it is "
            "asked for; set engine: vectorized or remove it."
        )
