"""MAML with the exact second-order meta-gradient (Finn et al. 2017), Eq. 1 and 2."""

from ._episodic import Episodic

NAME = "MAML"
ROLE = "meta-learner"
COLOUR = "#332288"
TASKS = ("classification", "regression")
REGULARIZED = True


class Algorithm(Episodic):
    """MAML."""
