"""Coherence of meta-test gradients at theta^s: E_{i != j}[g_i . g_j], Eq. 6."""

from collections.abc import Iterator

from torch import Tensor

from ..ground import options
from ..ground.options import TaskCount
from . import Learner, Measurement, Tasks
from ._pairs import pair_average

TASKS = ("classification", "regression")


class Options(options.Options):
    """Configuration of the metric.

    Attributes:
        tasks: meta-test tasks.
    """

    tasks: TaskCount = 500


def measure(learner: Learner, tasks: Tasks, options: Options) -> Iterator[Measurement]:
    """Yield the average inner product of g_i = -grad of the support loss at theta^s."""

    def gradients() -> Iterator[Tensor]:
        for task in tasks.of("test"):
            start = learner.start(task)
            yield -learner.engine.gradient(start, task.support_x, task.support_y).gradient

    yield pair_average("gradient_product", "test", gradients)
