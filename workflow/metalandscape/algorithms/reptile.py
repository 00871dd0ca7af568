"""Reptile: theta moves towards the adapted theta~ of tasks (Nichol et al. 2018).

The outer optimizer is given (theta - mean_i theta~_i) / alpha in place of a gradient (section 2 of
the paper). This is the mean over tasks of the sum of the gradients along adaptation: no second
derivatives are taken, and no target loss is differentiated.

A meta-train task's data are its support and target set together, all of them in every step: the
paper has no split of a task in meta-training, and takes more images per class there than at
meta-test. (Its steps are on minibatches of a task.) `data: support` adapts to the support set
alone, the images that adaptation has at meta-test; with one image per class that learns next to
nothing. The reported loss and accuracy are those of the target set after adaptation; with `data:
all`, adaptation has seen its images.

Reference: Nichol, Achiam & Schulman, On first-order meta-learning algorithms, 2018
(arXiv:1803.02999).
"""

from collections.abc import Sequence
from typing import Literal

import torch

from .. import algorithms
from ..engines import LossGradient, mean
from ..ground import options
from ..tasks.task import Task
from ._episodic import Episodic

NAME = "Reptile"
ROLE = "meta-learner"
COLOUR = "#999933"
TASKS = ("classification", "regression")
REGULARIZED = False


class Options(options.Options):
    """Configuration of Reptile.

    Attributes:
        data: What adaptation sees of a meta-train task. `all`: support and target set together, as
            Nichol et al. do not split a task in meta-training; `support`: the support set alone,
            which at one shot learns next to nothing.
    """

    data: Literal["all", "support"] = "all"


class Algorithm(Episodic):
    """Reptile."""

    options: Options

    def meta_gradient(self, meta: algorithms.Meta, batch: Sequence[Task]) -> LossGradient:
        """Return (theta - mean_i theta~_i) / alpha, with the target loss at theta~_i."""
        run, theta = self.setup.run, meta["theta"]
        seen = list(map(_together, batch)) if self.options.data == "all" else batch
        thetas = theta.expand(len(batch), -1)
        adapted = self.engine.adapt_each(thetas, seen, run.inner_steps, run.inner_rate)
        _, _, xs, ys = zip(*batch, strict=True)
        judged = self.engine.evaluate_each(adapted, xs, ys)
        pseudo_gradients = (theta - adapted) / run.inner_rate
        return mean(list(map(LossGradient, pseudo_gradients, *zip(*judged, strict=True))))


def _together(task: Task) -> Task:
    """Return the task with its target set in the support set, too."""
    return task._replace(
        support_x=torch.cat([task.support_x, task.target_x]),
        support_y=torch.cat([task.support_y, task.target_y]),
    )
