"""Algorithm 1: a penalty on the angles between the trajectory directions of a meta-batch.

Omega = -dir_i . dir_mu, with dir_i the unit vector of theta~_i - theta^s and dir_mu the mean of the
n unit vectors, not normalized again. The paper writes grad_theta Omega and leaves open what is held
fixed: here the gradient is taken with respect to theta~_i with dir_mu fixed,

    grad Omega = -(I - dir_i dir_i^T) dir_mu / |theta~_i - theta^s|.

This holds for the step only: the meta-gradient differentiates through all of it, dir_mu included.
"""

from jaxtyping import Float
from pydantic import NonNegativeFloat
from torch import Tensor

from ..ground import options


class Options(options.Options):
    """Configuration of the regularizer.

    Attributes:
        gamma: The step along the gradient of the penalty. Paper: 0.5.
    """

    gamma: NonNegativeFloat = 0.5


def correct(
    adapted: Float[Tensor, "tasks P"], theta: Float[Tensor, "P"], options: Options
) -> Float[Tensor, "tasks P"]:
    """Return theta^_i = theta~_i - gamma grad Omega."""
    displacement = adapted - theta
    norm = displacement.norm(dim=1, keepdim=True)
    direction = displacement / norm
    mean = direction.mean(0)
    return adapted - options.gamma * gradient(direction, mean, norm)


def gradient(
    direction: Float[Tensor, "tasks P"], mean: Float[Tensor, "P"], norm: Float[Tensor, "tasks 1"]
) -> Float[Tensor, "tasks P"]:
    """Return grad Omega of the unit vectors, their mean and the norms of displacements."""
    along = (direction @ mean).unsqueeze(1)
    return -(mean - along * direction) / norm
