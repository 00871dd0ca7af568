"""Algorithm 1: a penalty on the angles between the trajectory directions of a meta-batch.

Omega = -dir_i . dir_mu, with dir_i the unit vector of theta~_i - theta^s and dir_mu the mean of the
n unit vectors, not normalised again. The paper writes grad_theta Omega and leaves open what is held
fixed: here the gradient is taken with respect to theta~_i with dir_mu fixed,

    grad Omega = -(I - dir_i dir_i^T) dir_mu / |theta~_i - theta^s|.

That is the step alone: the meta-gradient differentiates through all of it, dir_mu included.
"""

from pydantic import NonNegativeFloat
from torch import Tensor

from ..ground import options


class Options(options.Options):
    """Configuration of the regularizer.

    Attributes:
        gamma: the step along the gradient of the penalty.
    """

    gamma: NonNegativeFloat = 0.5


def correct(adapted: Tensor, theta: Tensor, options: Options) -> Tensor:
    """Return theta^_i = theta~_i - gamma grad Omega, [n, P]."""
    displacement = adapted - theta
    norm = displacement.norm(dim=1, keepdim=True)
    direction = displacement / norm
    mean = direction.mean(0)
    return adapted - options.gamma * gradient(direction, mean, norm)


def gradient(direction: Tensor, mean: Tensor, norm: Tensor) -> Tensor:
    """Return grad Omega [n, P] of unit vectors [n, P], their mean [P] and the norms [n, 1]."""
    along = (direction @ mean).unsqueeze(1)
    return -(mean - along * direction) / norm
