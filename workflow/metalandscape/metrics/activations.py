"""Moments of the activations of every hidden layer, which activation-based early stopping compares.

With H [n, d] the activations of one hidden layer at theta^s, before adaptation, on the n support
inputs of a task as one batch, as the next layer is given them:

    m1 = mean_j mean_i H_ij             the mean activation
    m2 = mean_j (mean_i H_ij)^2         the mean square of the features' means
    m3 = mean_j mean_i H_ij^2           the mean square
    m4 = mean_{j != k} mean_i H_ij H_ik   the mean product of two features

on meta-test tasks, the target, and on meta-train tasks, the source. `results.stopping` compares
their courses over the epochs. No label is read.

Reference: Guiroy, Pal, Mordido & Chandar, Improving meta-learning generalization with
activation-based early-stopping, CoLLAs 2022 (arXiv:2208.02377), and their published code.
"""

from collections.abc import Iterator

import torch
from jaxtyping import Float
from pydantic import Field
from torch import Tensor

from ..ground import options
from ..tasks.task import Task
from . import Learner, Measurement, Tasks, mean
from ._layers import activations

TASKS = ("classification", "regression")
QUANTITIES = {
    "activation_m1_layer{t}": {"label": "mean activation of layer {t}", "unit": ""},
    "activation_m2_layer{t}": {"label": "squared mean activation of layer {t}", "unit": ""},
    "activation_m3_layer{t}": {"label": "mean square activation of layer {t}", "unit": ""},
    "activation_m4_layer{t}": {"label": "product of features of layer {t}", "unit": ""},
}


class Options(options.Options):
    """Configuration of the metric.

    Attributes:
        tasks: Meta-test tasks, over which the moments are averaged. Guiroy et al. use a single one.
        train_tasks: Meta-train tasks, the source that these are compared with.
    """

    tasks: int = Field(default=1, ge=1, le=1_000_000)
    train_tasks: int = Field(default=20, ge=1, le=1_000_000)


def measure(learner: Learner, tasks: Tasks, options: Options) -> Iterator[Measurement]:
    """Yield four moments of every layer, on meta-test and on meta-train tasks."""
    for split in ("test", "train"):
        rows = [_of_task(learner, task) for task in tasks.of(split)]
        for name in rows[0] if rows else ():
            yield mean(name, split, [row[name] for row in rows])


def _of_task(learner: Learner, task: Task) -> dict[str, float]:
    """Return the moments of all hidden layers by their names; the last layer is the outputs."""
    found = activations(learner.network, learner.start(task), task.support_x)
    return {
        f"activation_m{number}_layer{layer + 1}": value
        for layer in sorted(found)[:-1]
        for number, value in enumerate(moments(found[layer].flatten(1)), 1)
    }


def moments(activations: Float[Tensor, "n features"]) -> list[float]:
    """Return m1 to m4; m4 of a single feature is NaN. Sums are float64."""
    h = activations.double()
    n, d = h.shape
    means, squares = h.mean(0), (h * h).sum()
    pairs = (h.sum(1) ** 2).sum() - squares  # over j != k, without the d x d matrix
    found = (means.mean(), (means**2).mean(), squares / (n * d), pairs / (n * d * (d - 1)))
    return torch.stack(found).tolist()
