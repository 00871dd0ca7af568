"""ANIL, almost no inner loop: MAML in which only the last layer adapts (Raghu et al. 2020).

With m the mask of the last layer's parameters, a step of adaptation is theta - alpha m * g, in
meta-training and at meta-test; the meta-gradient goes through it exactly, and reaches all of theta.

Reference: Raghu, Raghu, Bengio & Vinyals, Rapid learning or feature reuse? Towards understanding
the effectiveness of MAML, ICLR 2020 (arXiv:1909.09157).
"""

from jaxtyping import Float
from torch import Tensor

from .. import algorithms, networks
from ..settings.run import Run
from ._episodic import Episodic

NAME = "ANIL"
ROLE = "meta-learner"
COLOUR = "#117733"
TASKS = ("classification", "regression")
REGULARIZED = False


class Algorithm(Episodic):
    """ANIL."""

    def rates(self, meta: algorithms.Meta, run: Run) -> Float[Tensor, "P"]:
        """Return the inner rate at the last layer and zero below it."""
        return run.inner_rate * networks.head_mask(self.network).to(meta["theta"])
