"""MAML with the exact second-order meta-gradient (Finn et al. 2017), Eq. 1 and 2."""

from functools import partial

from ._episodic import build, starting_point
from ._episodic import step as episodic_step

__all__ = ["REGULARIZED", "TASKS", "build", "starting_point", "step"]

NAME = "MAML"
ROLE = "meta-learner"
COLOUR = "#332288"
TASKS = ("classification", "regression")
REGULARIZED = True

step = partial(episodic_step, second_order=True)
