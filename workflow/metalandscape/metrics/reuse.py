"""Feature reuse: what adaptation changes of every layer, in function and in weights.

Linear CKA compares a layer's activations on a task's target inputs before and after adaptation
(Raghu et al. 2020, Kornblith et al. 2019): with K and L the Gram matrices of the two, centered,
<K, L> / (|K| |L|). It is 1 where they differ by a rotation and a scale only. With few inputs and
many features it is close to 1 for any two activations. `debiased_cka` centers K and L so that their
products have no bias (Szekely & Rizzo 2014), and is about 0 for unrelated activations.

The displacement is |theta~ - theta^s| / |theta^s| of the layer's parameters. Layers are counted
from 1 in theta's order, and the last one is the head.
"""

from collections.abc import Callable, Iterator

import torch
from jaxtyping import Float, Float64
from torch import Tensor

from ..ground import options
from ..ground.options import TaskCount
from ..tasks.task import Task
from . import Learner, Measurement, Tasks, mean
from ._layers import activations, spans

TASKS = ("classification", "regression")
QUANTITIES = {
    "cka_layer{l}": {"label": "CKA of layer {l}", "unit": ""},
    "debiased_cka_layer{l}": {"label": "debiased CKA of layer {l}", "unit": ""},
    "displacement_layer{l}": {"label": "relative displacement of layer {l}", "unit": ""},
}
FEWEST = 4  # inputs, for a debiased CKA


class Options(options.Options):
    """Configuration of the metric.

    Attributes:
        tasks: Meta-test tasks.
    """

    tasks: TaskCount = 100


def measure(learner: Learner, tasks: Tasks, options: Options) -> Iterator[Measurement]:
    """Yield the three quantities of every layer that has them.

    A layer that adds to another one's output has no activations of its own; a layer that is zero at
    theta^s, such as a new head of zeros, has no relative displacement.
    """
    found: dict[str, list[float]] = {}
    for several, adapted in learner.adapt_each(tasks.of("test")):
        for task, theta in zip(several, adapted, strict=True):
            for name, value in _of_task(learner, task, theta).items():
                found.setdefault(name, []).append(value)
    for name, values in found.items():
        yield mean(name, "test", values)


def _of_task(learner: Learner, task: Task, adapted: Float[Tensor, "P"]) -> dict[str, float]:
    """Return the quantities of a task by their names, NaN if its adaptation diverged."""
    start = learner.start(task)
    before, after = (activations(learner.network, at, task.target_x) for at in (start, adapted))
    centerings = {"cka": centered}
    if len(task.target_x) >= FEWEST:
        centerings["debiased_cka"] = unbiased
    found = {
        f"{name}_layer{layer + 1}": cka(before[layer], after[layer], centering)
        for layer in before
        for name, centering in centerings.items()
    }
    for layer, span in enumerate(spans(learner.network), 1):
        own = start[span].double()
        if norm := own.norm().item():
            found[f"displacement_layer{layer}"] = (adapted[span] - own).norm().item() / norm
    return found


def centered(gram: Float64[Tensor, "n n"]) -> Float64[Tensor, "n n"]:
    """Return the Gram matrix of vectors whose mean is subtracted."""
    return gram - gram.mean(0) - gram.mean(1, keepdim=True) + gram.mean()


def unbiased(gram: Float64[Tensor, "n n"]) -> Float64[Tensor, "n n"]:
    """Return the U-centered Gram matrix, of at least four vectors.

    Products of two of them estimate the independence criterion HSIC without bias (Song et al. 2012,
    Szekely & Rizzo 2014).
    """
    n = len(gram)
    gram = gram - gram.diag().diag()
    sums = gram.sum(0)
    found = gram - (sums + sums[:, None]) / (n - 2) + sums.sum() / ((n - 1) * (n - 2))
    return found - found.diag().diag()


def cka(
    x: Float[Tensor, "n ..."],
    y: Float[Tensor, "n ..."],
    centering: Callable[[Float64[Tensor, "n n"]], Float64[Tensor, "n n"]] = centered,
) -> float:
    """Return the linear CKA of two activations of the same n inputs; 0 if one is constant."""
    first, second = (_gram(each, centering) for each in (x, y))
    norm = (first.norm() * second.norm()).item()
    return 0.0 if norm == 0 else (first * second).sum().item() / norm


def _gram(x: Float[Tensor, "n ..."], centering: Callable[[Tensor], Tensor]) -> Tensor:
    x = x.flatten(1).double()
    x = x - x.mean(0)  # which costs fewer digits than to center the products alone
    return centering(torch.mm(x, x.T))
