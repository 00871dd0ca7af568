"""First-Order MAML: MAML without the second-order term (Finn et al. 2017, section 5.2)."""

from functools import partial

from ._episodic import build, starting_point
from ._episodic import step as episodic_step

__all__ = ["REGULARIZED", "TASKS", "build", "starting_point", "step"]

NAME = "First-Order MAML"
ROLE = "meta-learner"
COLOUR = "#44AA99"
TASKS = ("classification", "regression")
REGULARIZED = True

step = partial(episodic_step, second_order=False)
