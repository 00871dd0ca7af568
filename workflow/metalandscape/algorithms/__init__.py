"""Meta-training algorithms.

A module of this folder is an algorithm (`algorithm:` in the configuration). It defines

- `TASKS`: a literal, the kinds of tasks it can learn from: "classification", "regression".
- `REGULARIZED`: a literal, whether it adapts in training and so heeds a run's `regularizer`.
- `build(run, dataset)`: the model that is meta-trained.
- `step(model, theta, run, dataset, seed, iteration)`: an `Outer`, the gradient of one
  meta-iteration, which Adam then applies.
- `starting_point(model, theta, run, dataset, seed)`: the model and the theta^s from which it adapts
  at meta-test, given what was meta-trained.
"""

from typing import NamedTuple

from torch import Tensor


class Outer(NamedTuple):
    """What one meta-iteration yields.

    Attributes:
        gradient: [P], of the mean loss over the batch with respect to theta.
        loss: mean target loss of the tasks (mean loss of the images for supervised training).
        accuracy: likewise; NaN for regression.
    """

    gradient: Tensor
    loss: float
    accuracy: float
