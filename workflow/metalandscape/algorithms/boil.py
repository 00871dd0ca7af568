"""BOIL, body only inner loop: MAML in which the last layer does not adapt (Oh et al. 2021).

With m the mask of the last layer's parameters, a step of adaptation is theta - alpha (1 - m) * g,
in meta-training and at meta-test; the meta-gradient goes through it exactly, and reaches all of
theta, the last layer too.

Reference: Oh, Yoo, Kim & Yun, BOIL: towards representation change for few-shot learning, ICLR 2021
(arXiv:2008.08882).
"""

from jaxtyping import Float
from torch import Tensor

from .. import algorithms, networks
from ..settings.run import Run
from ._episodic import Episodic

NAME = "BOIL"
ROLE = "meta-learner"
COLOUR = "#88CCEE"
TASKS = ("classification", "regression")
REGULARIZED = False


class Algorithm(Episodic):
    """BOIL."""

    def rates(self, meta: algorithms.Meta, run: Run) -> Float[Tensor, "P"]:
        """Return zero at the last layer and the inner rate below it."""
        return run.inner_rate * (1 - networks.head_mask(self.network).to(meta["theta"]))
