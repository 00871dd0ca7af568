"""First-Order MAML: MAML without the second-order term (Finn et al. 2017, section 5.2)."""

from torch import Tensor

from .. import tasks
from ..config import Run
from ..datasets import Dataset
from ..models import Model
from . import Outer
from ._episodic import build, meta_gradient, starting_point

__all__ = ["TASKS", "build", "starting_point", "step"]

TASKS = ("classification", "regression")


def step(
    model: Model, theta: Tensor, run: Run, dataset: Dataset, seed: int, iteration: int
) -> Outer:
    """Return the first-order meta-gradient over the tasks of one meta-iteration."""
    batch = tasks.sample(dataset, run, seed, iteration)
    return meta_gradient(model, theta, batch, run.inner_steps, run.inner_rate, second_order=False)
