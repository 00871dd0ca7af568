"""First-Order MAML: MAML without the second-order term (Finn et al. 2017, section 5.2)."""

from ._episodic import Episodic

NAME = "First-Order MAML"
ROLE = "meta-learner"
COLOUR = "#44AA99"
TASKS = ("classification", "regression")
REGULARIZED = True


class Algorithm(Episodic):
    """First-Order MAML."""

    second_order = False
