"""Sharp-MAML, upper variant: MAML with a sharpness-aware outer loop (Abbas et al. 2022).

With F the mean target loss after adaptation, over the tasks of one meta-iteration, the
meta-gradient is

    grad F(theta + e),  e = rho grad F(theta) / |grad F(theta)|,

both gradients of second order and over the same tasks; e counts as a constant, as in
sharpness-aware minimization (Foret et al. 2021), the source of the default rho. An iteration costs
two meta-gradients. Adaptation is MAML's.

The paper has three variants. This is Sharp-MAML_up, which perturbs the outer loop; Sharp-MAML_low,
which perturbs every inner step, and Sharp-MAML_both are not implemented.

Reference: Abbas, Xiao, Chen, Chen & Chen, Sharp-MAML: sharpness-aware model-agnostic meta
learning, ICML 2022 (arXiv:2206.03996).
"""

from collections.abc import Sequence

import torch.nn.functional as F
from pydantic import PositiveFloat

from .. import algorithms
from ..engines import LossGradient
from ..ground import options
from ..tasks.task import Task
from ._episodic import Episodic

NAME = "Sharp-MAML"
ROLE = "meta-learner"
COLOUR = "#DDCC77"
TASKS = ("classification", "regression")
REGULARIZED = False


class Options(options.Options):
    """Configuration of Sharp-MAML.

    Attributes:
        rho: The l2 norm of the perturbation of theta, alpha_up in Abbas et al.; the default is that
            of sharpness-aware minimization (Foret et al. 2021).
    """

    rho: PositiveFloat = 0.05


class Algorithm(Episodic):
    """Sharp-MAML with a perturbed outer loop."""

    options: Options

    def meta_gradient(self, meta: algorithms.Meta, batch: Sequence[Task]) -> LossGradient:
        """Return the gradient at the perturbed theta, with loss and accuracy at theta itself."""
        here = super().meta_gradient(meta, batch)
        # A gradient of zero has no direction; `normalize` leaves it zero.
        perturbed = meta["theta"] + self.options.rho * F.normalize(here.gradient, dim=0)
        there = super().meta_gradient({**meta, "theta": perturbed}, batch)
        return here._replace(gradient=there.gradient)
