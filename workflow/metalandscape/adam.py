"""The outer loop's optimizer: Adam (Kingma & Ba 2015, Algorithm 1) on a flat theta.

Equal to `torch.optim.Adam`, against which it is tested; that class imports torch's compiler at its
first step, which would cost every training job more than a second.
"""

from torch import Tensor

BETA1, BETA2, EPSILON = 0.9, 0.999, 1e-8


def adam_step(
    theta: Tensor, first: Tensor, second: Tensor, gradient: Tensor, step: int, rate: float
) -> None:
    """Update theta and both moments, all [P], in place.

    Args:
        theta: the parameters.
        first: the running mean of the gradient.
        second: the running mean of its square.
        gradient: of this step.
        step: the number of this step, from 1.
        rate: the outer learning rate beta.
    """
    first.lerp_(gradient, 1 - BETA1)
    second.mul_(BETA2).addcmul_(gradient, gradient, value=1 - BETA2)
    scale = (second.sqrt() / (1 - BETA2**step) ** 0.5).add_(EPSILON)
    theta.addcdiv_(first, scale, value=-rate / (1 - BETA1**step))
