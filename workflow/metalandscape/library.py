"""The interface for Python programs: load a trained learner, give it your own tasks, measure it.

`metalandscape` itself offers these functions; docs/library.md explains them with an example.
"""

from collections.abc import Hashable, Iterable, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import torch
from jaxtyping import Float32, Int64
from pydantic import ValidationError
from torch import Tensor

from . import algorithms
from .datasets import Dataset, network_inputs, preprocess
from .engines import Choice
from .ground import plugins as parts
from .ground import randomness
from .ground.damage import DAMAGE
from .ground.errors import UserError
from .ground.options import Options
from .ground.strict import sentence
from .ground.version import VERSION
from .learner import Learner
from .metrics import Measurement
from .settings.run import Run
from .tasks import lists
from .tasks.episodes import Tasks, task_of
from .tasks.task import Spec, Task
from .training import artifacts

UNKNOWN = -1  # the label of a target whose class is to be predicted
COUNTS = {"tasks", "val_tasks", "train_tasks"}  # options of metrics that ask for tasks


def load(
    checkpoint: str | Path,
    *,
    kernel: str | Path | None = None,
    device: str = "cpu",
    plugins: str | Path | None = None,
) -> Learner:
    """Return the learner of a checkpoint, ready to adapt; no configuration is needed.

    It adapts with its run's settings for meta-test; `dataclasses.replace(learner, steps=10)` is the
    same learner with other inner steps.

    Args:
        checkpoint: a file such as `results/checkpoints/maml/seed0/epoch100.safetensors`.
        kernel: the workflow's `results/kernel.so` for the fast engine; without it, the reference
            engine computes, the same up to rounding.
        device: "cpu", "cuda", or "auto" for a GPU if there is one.
        plugins: the folder of parts outside the package that the run was trained with.

    Raises:
        UserError: the file can't be read, is no checkpoint, or was made by parts or a version that
            this version doesn't know; the sentence names the file.
    """
    if plugins is not None:
        parts.use(plugins)
    origin, tensors = artifacts.open_checkpoint(checkpoint)
    choice = Choice("auto", kernel, device=device)
    algorithm = _algorithm(checkpoint, origin, choice)
    meta = artifacts.meta_of(checkpoint, tensors, algorithm.network)
    return replace(algorithm.learner(meta), preprocessing=origin.preprocessing)


def _algorithm(
    checkpoint: str | Path, origin: artifacts.Origin, choice: Choice
) -> algorithms.Algorithm:
    """Return the algorithm that a checkpoint was trained with."""
    try:
        run = Run.model_validate_json(origin.settings)
        shape = tuple(origin.spec["input_shape"])
        spec = Spec(**{**origin.spec, "input_shape": shape})
        return algorithms.create(algorithms.Setup(run, spec, origin.seed, choice))
    except UserError as error:
        raise UserError(f"{checkpoint}: {error}") from error
    except DAMAGE as error:
        raise UserError(
            f"{checkpoint} has settings that version {VERSION} of metalandscape can't use; load it "
            f"with version {origin.version}, which wrote it."
        ) from error


def task_from_images(
    support: Any,
    labels: Iterable[Hashable],
    targets: Any,
    *,
    like: Learner,
    target_labels: Iterable[Hashable] | None = None,
) -> Task:
    """Return a task of images of your own, prepared as those that a learner was trained on.

    Classes are numbered in the order in which `labels` first names them, so that output i of
    `predict` belongs to `list(dict.fromkeys(labels))[i]`.

    Args:
        support: the labelled images: paths, PIL images or uint8 arrays, as `preprocess` takes them.
        labels: the class of each support image: text, numbers, or anything hashable.
        targets: the images to be classified.
        like: the learner that is to adapt.
        target_labels: the class of each target, where it is known: metrics of accuracy need it.

    Returns:
        Images are float32 [n, channels, height, width] in [0, 1], labels int64 [n]; without
        `target_labels`, `target_y` is -1.

    Raises:
        UserError: an image can't be read, labels and images don't match in number, or there are
            more or fewer classes than the learner has outputs.
    """
    if not like.preprocessing:
        raise UserError("task_from_images: the learner was not trained on images.")
    support_x, target_x = (_images(each, like) for each in (support, targets))
    names = _plain(labels)
    numbers = {name: number for number, name in enumerate(dict.fromkeys(names))}
    way = like.network.output_size
    if len(numbers) != way:
        raise UserError(
            f"labels: they name {len(numbers)} classes, but the learner tells {way} apart; give "
            f"support images of {way} classes."
        )
    support_y = _numbered("labels", names, numbers, len(support_x))
    if target_labels is None:
        target_y = torch.full((len(target_x),), UNKNOWN)
    else:
        target_y = _numbered("target_labels", _plain(target_labels), numbers, len(target_x))
    return Task(support_x, support_y, target_x, target_y)


def _images(images: Any, like: Learner) -> Float32[Tensor, "n channels height width"]:
    return torch.from_numpy(network_inputs(preprocess(images, dict(like.preprocessing))))


def _plain(labels: Any) -> list[Hashable]:
    """Return labels as a list; numbers of an array or a tensor become Python's."""
    return labels.tolist() if hasattr(labels, "tolist") else list(labels)


def _numbered(
    which: str, names: Sequence[Hashable], numbers: dict[Any, int], images: int
) -> Int64[Tensor, "n"]:
    """Return the number of each name."""
    if len(names) != images:
        raise UserError(f"{which}: {len(names)} labels for {images} images; give one for each.")
    for name in names:
        if name not in numbers:
            raise UserError(f"{which}: no support image has the label {name!r}.")
    return torch.tensor([numbers[name] for name in names], dtype=torch.int64)


def sample_tasks(
    dataset: Dataset,
    count: int,
    *,
    split: str = "test",
    way: int = 1,
    shot: int,
    targets: int = 15,
    seed: int = 0,
) -> list[Task]:
    """Return the first tasks of a split, those on which the workflow measures a run of that seed.

    Args:
        dataset: from `open_dataset`.
        count: the number of tasks.
        split: "train", "val" or "test".
        way: classes of a task; regression has none.
        shot: support examples of a class, or of a function.
        targets: target examples of a class, or of a function.
        seed: of the run.

    Raises:
        UserError: the split has too few classes, or a class too few images.
    """
    rng = randomness.generator(seed, "metric tasks", split)
    sampled = dataset.sample(rng, split, count, way=way, shot=shot, targets=targets)
    return [task_of(dataset, row, shot) for row in lists.rows(sampled, count)]


def measure(
    metric: str,
    learner: Learner,
    tasks: Sequence[Task],
    *,
    dataset: Dataset | None = None,
    seed: int = 0,
    **options: Any,
) -> list[Measurement]:
    """Return what a metric of the workflow finds for a learner.

    Args:
        metric: its name: "accuracy", "gradients", "trajectories", "hessian", "embeddings", ...
        learner: what is measured.
        tasks: at least three, on which it is measured.
        dataset: for metrics over all images of a split, such as "embeddings".
        seed: of random choices of the metric's own.
        options: of the metric, as in a configuration, without numbers of tasks.

    Raises:
        UserError: the metric or an option is unknown, has a wrong value, or does not fit.
    """
    module = parts.load("metrics", metric)
    if learner.network.tasks not in module.TASKS:
        raise UserError(f"{metric}: is not defined for {learner.network.tasks}.")
    given = Tasks(lambda split: tasks if split == "test" else (), seed, dataset)
    return list(module.measure(learner, given, _options(metric, module, len(tasks), options)))


def _options(metric: str, module: Any, tasks: int, given: dict[str, Any]) -> Options:
    """Return a metric's options, among which the tasks given stand as their number."""
    schema = getattr(module, "Options", Options)
    counts = COUNTS & schema.model_fields.keys()
    if wrong := sorted(counts & given.keys()):
        raise UserError(f"{metric}.{wrong[0]}: the tasks given are measured; remove it.")
    own = {"tasks": tasks} if "tasks" in counts else {}
    try:
        return schema.model_validate(own | given)
    except ValidationError as error:
        known = set(schema.model_fields) - counts
        text = sentence(error, f"{metric}.{{}}".format, known)
        raise UserError(text.removeprefix("config key ")) from error
