"""How much of adaptation happens in biases."""

import torch

from .. import networks
from ..ground import options
from ..ground.options import TaskCount
from . import mean

TASKS = ("classification", "regression")
QUANTITIES = {"bias_share": {"label": "adaptation in biases", "unit": "%"}}


class Options(options.Options):
    """Meta-test tasks."""

    tasks: TaskCount = 100


def measure(learner, tasks, options):
    def share(task):
        moved = networks.unflatten(learner.network, learner.adapt(task) - learner.start(task))
        squares = {name: tensor.square().sum() for name, tensor in moved.items()}
        biases = sum(square for name, square in squares.items() if name.endswith("bias"))
        return 100 * (biases / torch.stack([*squares.values()]).sum()).item()

    yield mean("bias_share", "test", [share(task) for task in tasks.of("test")])
