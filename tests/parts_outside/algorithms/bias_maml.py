"""MAML of which nothing but biases adapts."""

import torch

from ._episodic import Episodic

NAME = "Bias-only MAML"
TASKS = ("classification", "regression")
REGULARIZED = True


class Algorithm(Episodic):
    """The inner rate of every weight is zero."""

    def rates(self, meta, run):
        sizes = [
            (p.name.endswith("bias"), torch.Size(p.shape).numel()) for p in self.network.parameters
        ]
        return torch.cat([torch.full((n,), run.inner_rate * is_bias) for is_bias, n in sizes])
