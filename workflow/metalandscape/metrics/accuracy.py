"""Target accuracy, target loss and support loss at the adapted solutions theta~_i.

For regression the losses are mean squared errors, and there is no accuracy.
"""

from collections.abc import Iterator

import torch

from ..models import accuracy, loss
from . import Measurement, Options, Solution, mean

TASKS = ("classification", "regression")
OPTIONS = {"tasks": 600, "train_tasks": 0}


def measure(solution: Solution, options: Options) -> Iterator[Measurement]:
    """Yield the three quantities on meta-test tasks, and on meta-train tasks where asked for."""
    for split in ("test", "train"):
        rows = [_judge(solution, task) for task in solution.tasks(split)]
        for name in rows[0] if rows else ():
            values = [row[name] for row in rows]
            # Regression has no accuracy.
            if values[0] == values[0]:
                yield mean(name, split, values)


def _judge(solution: Solution, task) -> dict[str, float]:
    model, adapted = solution.model, solution.adapt(task)
    with torch.no_grad():
        outputs = model.outputs(adapted, task.target_x)
        return {
            "target_accuracy": accuracy(outputs, task.target_y),
            "target_loss": model.criterion(outputs, task.target_y).item(),
            "support_loss": loss(model, adapted, task.support_x, task.support_y).item(),
        }
