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
        val_tasks: Meta-validation tasks, of the datasets that have any; 0 leaves them out.
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
        rows = [_judge(learner, task, options) for task in tasks.of(split)]
        for name in rows[0] if rows else ():
            yield mean(name, split, [row[name] for row in rows])


def _judge(learner: Learner, task: Task, options: Options) -> dict[str, float]:
    start = learner.start(task)
    before = _at(learner, start, task)
    initial = {"initial_accuracy": before[ACCURACY]} if ACCURACY in before else {}
    if not options.every_step:
        return _at(learner, learner.adapt(task), task) | initial
    path = learner.path(task)
    steps = {
        f"{name}_step{step}": value
        for step, theta in enumerate(path)
        for name, value in _at(learner, theta, task).items()
        if name.startswith("target")
    }
    return _at(learner, path[-1], task) | initial | steps


def _at(learner: Learner, theta: Float[Tensor, "P"], task: Task) -> dict[str, float]:
    """Return the quantities of a task at theta, all NaN where theta is not finite."""
    classes = learner.network.tasks == "classification"
    if classes and (task.target_y < 0).any():
        raise UserError("accuracy: a task lacks its targets' labels; give target_labels.")
    target_loss, accuracy = learner.engine.evaluate(theta, task.target_x, task.target_y)
    support_loss, _ = learner.engine.evaluate(theta, task.support_x, task.support_y)
    found = {ACCURACY: accuracy} if classes else {}
    found |= {"target_loss": target_loss, "support_loss": support_loss}
    # The largest of logits that are NaN is the first: chance accuracy, which would be no answer.
    diverged = not all(map(isfinite, (target_loss, support_loss)))
    return dict.fromkeys(found, nan) if diverged else found
