"""Meta-SGD: MAML that also learns an inner rate for every parameter (Li et al. 2017).

A step of adaptation is theta - r * g with a vector r [P] of rates. Both theta and r are
meta-parameters, and the outer optimizer, with its one outer rate, descends the mean target loss in
both; both gradients are exact. Every rate starts as the run's `inner_rate`.

Rates are free, as in the paper: one may become negative, so that r decides the direction of
adaptation as well as its length. Nothing here or in the engines needs them to be positive; keeping
them so (by clamping, or by learning their logarithms) would be another algorithm.

Reference: Li, Zhou, Chen & Li, Meta-SGD: learning to learn quickly for few-shot learning, 2017
(arXiv:1707.09835), algorithm 1.
"""

from collections.abc import Sequence

import torch
from jaxtyping import Float
from torch import Tensor

from .. import algorithms
from ..engines import LossGradient
from ..settings.run import Run
from ..tasks.task import Task
from ._episodic import Episodic

NAME = "Meta-SGD"
ROLE = "meta-learner"
COLOUR = "#CC6677"
TASKS = ("classification", "regression")
REGULARIZED = False
LEARNS_RATES = True


class Algorithm(Episodic):
    """Meta-SGD; its meta-parameters are `theta` and `rates`, both [P]."""

    def initial(self) -> algorithms.Meta:
        """Return the meta-parameters before meta-training; all rates are the inner rate."""
        meta = super().initial()
        return meta | {"rates": torch.full_like(meta["theta"], self.setup.run.inner_rate)}

    def rates(self, meta: algorithms.Meta, run: Run) -> Float[Tensor, "P"]:
        """Return the learned rates."""
        return meta["rates"]

    def meta_gradient(self, meta: algorithms.Meta, batch: Sequence[Task]) -> LossGradient:
        """Return the gradient of the mean target loss with respect to theta and the rates."""
        run = self.setup.run
        return self.engine.meta_gradient(
            meta["theta"], batch, run.inner_steps, meta["rates"], True, learn_rates=True
        )
