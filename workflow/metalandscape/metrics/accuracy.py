"""Target accuracy, target loss and support loss at the adapted solutions theta~_i.

Also target accuracy at theta^s, before adaptation (`initial_accuracy`), which the paper says is
chance (section 4.1). For regression the losses are mean squared errors, and there is no accuracy.
"""

from collections.abc import Iterator
from math import isfinite, nan

from jaxtyping import Float
from pydantic import Field
from torch import Tensor

from ..ground import options
from ..ground.errors import UserError
from ..ground.options import TaskCount
from ..tasks.task import Task
from . import Learner, Measurement, Tasks, mean

TASKS = ("classification", "regression")
ACCURACY = "target_accuracy"
QUANTITIES = {
    "target_accuracy": {"label": "target accuracy", "unit": ""},
    "target_accuracy_step{t}": {"label": "target accuracy after {t} inner steps", "unit": ""},
    "initial_accuracy": {"label": "target accuracy before adaptation", "unit": ""},
    "target_loss": {"label": "target loss", "unit": ""},
    "support_loss": {"label": "support loss", "unit": ""},
}


class Options(options.Options):
    """Configuration of the metric.

    Attributes:
        tasks: Meta-test tasks.
        val_tasks: Meta-validation tasks, for datasets that have any; 0 leaves them out.
        train_tasks: Meta-train tasks, which fig12 needs; 0 leaves them out.
        every_step: Whether target accuracy and loss are measured after every inner step, too.
    """

    tasks: TaskCount = 600
    val_tasks: int = Field(default=0, ge=0, le=1_000_000)
    train_tasks: int = Field(default=0, ge=0, le=1_000_000)
    every_step: bool = False


def measure(learner: Learner, tasks: Tasks, options: Options) -> Iterator[Measurement]:
    """Yield the quantities on meta-test tasks, and on those of the other splits asked for."""
    for split in ("test", "val", "train"):
        several = learner.start_each(tasks.of(split))
        rows = [row for some, starts in several for row in _judge(learner, some, starts, options)]
        for name in rows[0] if rows else ():
            yield mean(name, split, [row[name] for row in rows])


def _judge(
    learner: Learner, tasks: list[Task], starts: Float[Tensor, "tasks P"], options: Options
) -> list[dict[str, float]]:
    """Return the quantities of every task."""
    path, steps = [starts], [1] * learner.steps if options.every_step else [learner.steps]
    for count in steps:
        path.append(learner.engine.adapt_each(path[-1], tasks, count, learner.rates))
    # Of every point of the path, the quantities of every task.
    found = [_at(learner, thetas, tasks) for thetas in path]
    rows = [dict(at) for at in found[-1]]
    for row, before in zip(rows, found[0], strict=True):
        if ACCURACY in before:
            row["initial_accuracy"] = before[ACCURACY]
    for step, points in enumerate(found if options.every_step else ()):
        for row, at in zip(rows, points, strict=True):
            row |= {f"{n}_step{step}": value for n, value in at.items() if n.startswith("target")}
    return rows


def _at(
    learner: Learner, thetas: Float[Tensor, "tasks P"], tasks: list[Task]
) -> list[dict[str, float]]:
    """Return the quantities of every task at its theta, all NaN where that is not finite."""
    classes = learner.network.tasks == "classification"
    if classes and any((task.target_y < 0).any() for task in tasks):
        raise UserError("accuracy: a task lacks its targets' labels; give target_labels.")
    support_x, support_y, target_x, target_y = zip(*tasks, strict=True)
    targets = learner.engine.evaluate_each(thetas, target_x, target_y)
    supports = learner.engine.evaluate_each(thetas, support_x, support_y)
    return [_of_task(*of, classes) for of in zip(targets, supports, strict=True)]


def _of_task(
    target: tuple[float, float], support: tuple[float, float], classes: bool
) -> dict[str, float]:
    """Return the quantities of a task by their names, from losses and accuracies."""
    found = {ACCURACY: target[1]} if classes else {}
    found |= {"target_loss": target[0], "support_loss": support[0]}
    # The argmax of NaN logits is the first class, which would give chance accuracy.
    diverged = not all(map(isfinite, (target[0], support[0])))
    return dict.fromkeys(found, nan) if diverged else found
