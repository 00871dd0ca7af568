"""Target accuracy, target loss and support loss at the adapted solutions theta~_i.

For regression the losses are mean squared errors, and there is no accuracy.
"""

from collections.abc import Iterator

from ..tasks.episodes import Task
from . import Measurement, Options, Solution, mean

TASKS = ("classification", "regression")
OPTIONS = {"tasks": 600, "train_tasks": 0}
QUANTITIES = {
    "target_accuracy": {"label": "target accuracy", "unit": ""},
    "target_accuracy_step{t}": {"label": "target accuracy after {t} inner steps", "unit": ""},
    "initial_accuracy": {"label": "target accuracy before adaptation", "unit": ""},
    "target_loss": {"label": "target loss", "unit": ""},
    "support_loss": {"label": "support loss", "unit": ""},
    "diverged": {"label": "diverged adaptations", "unit": ""},
}


def measure(solution: Solution, options: Options) -> Iterator[Measurement]:
    """Yield the three quantities on meta-test tasks, and on meta-train tasks where asked for."""
    for split in ("test", "train"):
        rows = [_judge(solution, task) for task in solution.tasks(split)]
        for name in rows[0] if rows else ():
            values = [row[name] for row in rows]
            # Regression has no accuracy.
            if values[0] == values[0]:
                yield mean(name, split, values)


def _judge(solution: Solution, task: Task) -> dict[str, float]:
    adapted = solution.adapt(task)
    target_loss, accuracy = solution.engine.evaluate(adapted, task.target_x, task.target_y)
    support_loss, _ = solution.engine.evaluate(adapted, task.support_x, task.support_y)
    return {
        "target_accuracy": accuracy,
        "target_loss": target_loss,
        "support_loss": support_loss,
    }
