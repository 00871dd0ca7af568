"""Symmetry of the classes: what is left of coherence if theta^s prefers no class to another.

Tasks number their classes at random, so a preference of theta^s for some outputs is of use to no
task, and every adaptation begins by undoing it: a direction that all tasks have in common. Here the
same adaptations begin at the symmetric theta^s as well, in which every row of the last layer is the
mean of its rows (cf. Ye & Chao, How to train your MAML to excel in few-shot classification, ICLR
2022). There all outputs of an input are equal, so that g is zero below the last layer; its row c in
the last layer is the mean over support inputs i of (1/N - y_ic) h_i, whose expectation over
numberings is zero. Hence E[g_i . g_j] = 0 for every body.

Measured are the share of target inputs that theta^s assigns to the class it predicts most often,
1/N without a preference; the part of the cosine of adaptation directions that lies in the last
layer, E_{i != j}[u_i . u_j] over its parameters alone, u the unit vectors of Eq. 5; and from the
symmetric theta^s the cosine (Eq. 5), E[g_i . g_j] (Eq. 6), the target accuracy, and its gain over
that from theta^s on the same task.
"""

from collections.abc import Iterator
from math import isfinite, nan

import torch
from jaxtyping import Float
from torch import Tensor
from torch.nn.functional import one_hot

from ..ground import options
from ..ground.errors import UserError
from ..ground.options import TaskCount
from ..networks import Network, head_mask
from ..tasks.task import Task
from . import Learner, Measurement, Tasks, mean
from ._pairs import direction, pair_average

TASKS = ("classification",)
QUANTITIES = {
    "top_class": {"label": "share of the class predicted most often", "unit": ""},
    "head_direction_cosine": {"label": "last layer's part of the cosine", "unit": ""},
    "symmetric_direction_cosine": {
        "label": r"$\mathbb{E}\,[\vec{\theta}_i\cdot\vec{\theta}_j]$, symmetric $\theta^s$",
        "unit": "",
    },
    "symmetric_gradient_product": {
        "label": r"$\mathbb{E}\,[g_i\cdot g_j]$, symmetric $\theta^s$",
        "unit": "",
    },
    "symmetric_accuracy": {"label": r"target accuracy, symmetric $\theta^s$", "unit": ""},
    "symmetric_gain": {"label": r"gain of the symmetric $\theta^s$", "unit": ""},
}


class Options(options.Options):
    """Configuration of the metric.

    Attributes:
        tasks: Meta-test tasks, all pairs of which are averaged.
    """

    tasks: TaskCount = 200


def measure(learner: Learner, tasks: Tasks, options: Options) -> Iterator[Measurement]:
    """Yield the six quantities.

    Raises:
        UserError: a task lacks its targets' labels.
    """
    head = head_mask(learner.network).bool()
    predictions: list[Tensor] = []
    heads: list[Tensor] = []
    accuracies: list[float] = []
    gains: list[float] = []
    for several, starts in learner.start_each(tasks.of("test")):
        if any((task.target_y < 0).any() for task in several):
            raise UserError("symmetry: a task lacks its targets' labels; give target_labels.")
        predictions += [
            _predicted(learner.network, *each) for each in zip(starts, several, strict=True)
        ]
        adapted = _adapt(learner, starts, several)
        heads += [direction(moved)[head] for moved in adapted - starts]
        others = _adapt(learner, symmetric(learner.network, starts), several)
        before, after = (_accuracies(learner, each, several) for each in (adapted, others))
        accuracies += after
        gains += [new - old for old, new in zip(before, after, strict=True)]
    shares = torch.stack(predictions)
    yield mean("top_class", "test", shares[:, shares.mean(0).argmax()].numpy())
    yield pair_average("head_direction_cosine", "test", lambda: heads)
    yield pair_average("symmetric_direction_cosine", "test", lambda: _directions(learner, tasks))
    yield pair_average("symmetric_gradient_product", "test", lambda: _gradients(learner, tasks))
    yield mean("symmetric_accuracy", "test", accuracies)
    yield mean("symmetric_gain", "test", gains)


def symmetric(network: Network, thetas: Float[Tensor, "tasks P"]) -> Float[Tensor, "tasks P"]:
    """Return thetas with the mean of the last layer's rows, weights and bias, in every row."""
    tasks, outputs = len(thetas), network.output_size
    head = int(head_mask(network).sum())
    body, weights, biases = thetas.split([thetas.shape[1] - head, head - outputs, outputs], dim=1)
    rows = weights.view(tasks, outputs, -1).mean(1, keepdim=True).expand(-1, outputs, -1)
    return torch.cat([body, rows.flatten(1), biases.mean(1, keepdim=True).expand_as(biases)], 1)


def _predicted(network: Network, theta: Float[Tensor, "P"], task: Task) -> Float[Tensor, "N"]:
    """Return the share of target inputs that theta assigns to each class; NaN if it diverged."""
    with torch.no_grad():
        logits = network.outputs(theta, task.target_x)
    if not logits.isfinite().all():
        return torch.full((network.output_size,), nan, dtype=torch.float64)
    return one_hot(logits.argmax(1), network.output_size).double().mean(0)


def _adapt(
    learner: Learner, starts: Float[Tensor, "tasks P"], tasks: list[Task]
) -> Float[Tensor, "tasks P"]:
    return learner.engine.adapt_each(starts, tasks, learner.steps, learner.rates)


def _accuracies(
    learner: Learner, thetas: Float[Tensor, "tasks P"], tasks: list[Task]
) -> list[float]:
    """Return the target accuracies, NaN where adaptation diverged."""
    _, _, xs, ys = zip(*tasks, strict=True)
    found = learner.engine.evaluate_each(thetas, xs, ys)
    # The argmax of NaN logits is the first class, which would give chance accuracy.
    return [accuracy if isfinite(loss) else nan for loss, accuracy in found]


def _directions(learner: Learner, tasks: Tasks) -> Iterator[Float[Tensor, "P"]]:
    """Yield the unit vectors of theta~_i - theta^s, theta^s symmetric."""
    for several, starts in learner.start_each(tasks.of("test")):
        starts = symmetric(learner.network, starts)
        yield from map(direction, _adapt(learner, starts, several) - starts)


def _gradients(learner: Learner, tasks: Tasks) -> Iterator[Float[Tensor, "P"]]:
    """Yield the gradients of the support losses at the symmetric theta^s."""
    for several, starts in learner.start_each(tasks.of("test")):
        xs, ys, _, _ = zip(*several, strict=True)
        starts = symmetric(learner.network, starts)
        for found in learner.engine.gradient_each(starts, xs, ys):
            yield found.gradient
