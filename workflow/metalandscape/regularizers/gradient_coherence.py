"""Coherence of gradients: a penalty on their inner products over the tasks of a meta-batch.

As Algorithm 1, with displacements in place of their directions: d_i = theta~_i - theta^s is minus
the inner rate times the sum of the task's gradients along its path, so that d_i . d_j is, for one
inner step, alpha^2 g_i . g_j. With

    Omega_i = -d_i . mean_{j != i} d_j

and the other tasks' mean held fixed, as Algorithm 1 holds dir_mu, the step is

    theta^_i = theta~_i - gamma grad Omega_i = theta~_i + gamma mean_{j != i} d_j:

a share gamma of the step that the other tasks took. To first order in gamma, the target loss there
is L_i(theta~_i) + gamma grad L_i . mean_{j != i} d_j, so that minimizing it lowers the loss and
turns the steps of the others against the gradient of a task's target loss: towards gradients whose
inner products, E[g . g] of support and target sets, are large.

That is the step alone: the meta-gradient differentiates through all of it, the means included. A
meta-batch of one task has no others: its solution stays as it is.
"""

from jaxtyping import Float
from pydantic import NonNegativeFloat
from torch import Tensor

from ..ground import options


class Options(options.Options):
    """Configuration of the regularizer.

    Attributes:
        gamma: The step along the gradient of the penalty: a share of the other tasks' mean step.
    """

    gamma: NonNegativeFloat = 0.5


def correct(
    adapted: Float[Tensor, "tasks P"], theta: Float[Tensor, "P"], options: Options
) -> Float[Tensor, "tasks P"]:
    """Return theta^_i = theta~_i + gamma mean_{j != i} (theta~_j - theta^s)."""
    displacement = adapted - theta
    others = displacement.sum(0) - displacement
    return adapted + options.gamma * others / max(1, len(adapted) - 1)
