"""The adapted solutions of the meta-test tasks, with the Hessians of their support losses."""

from collections.abc import Callable, Iterator, Sequence
from math import nan
from typing import NamedTuple

import torch
from jaxtyping import Float, Num
from torch import Tensor

from ..engines import Products
from ..ground import randomness
from . import Learner, Measurement, Tasks, mean

Rows = list[dict[str, float]]
"""Quantities of several tasks by their names."""


class Solutions(NamedTuple):
    """Several tasks at their adapted solutions.

    Attributes:
        numbers: which tasks, by their place among the metric's.
        thetas: the adapted solutions.
        losses, gradients: of the support loss there.
        xs, ys: the support sets.
        product: V -> H V: a row for each of the tasks, times the Hessian of its support loss.
    """

    numbers: list[int]
    thetas: Float[Tensor, "tasks P"]
    losses: list[float]
    gradients: Float[Tensor, "tasks P"]
    xs: Sequence[Float[Tensor, "_ *input"]]
    ys: Sequence[Num[Tensor, "_ *output"]]
    product: Products


def over_solutions(
    learner: Learner, tasks: Tasks, names: Sequence[str], measure: Callable[[Solutions], Rows]
) -> Iterator[Measurement]:
    """Yield means over the meta-test tasks; NaN for tasks on which adaptation diverged.

    Args:
        learner: what adapts.
        tasks: those of the metric.
        names: of the quantities.
        measure: returns the quantities of every task it is given.
    """
    rows: Rows = []
    for several, adapted in learner.adapt_each(tasks.of("test")):
        first = len(rows)
        rows += [dict.fromkeys(names, nan) for _ in several]
        xs, ys, _, _ = zip(*several, strict=True)
        found = learner.engine.gradient_each(adapted, xs, ys)
        finite = [index for index, each in enumerate(found) if each.gradient.isfinite().all()]
        data = adapted[finite], [xs[index] for index in finite], [ys[index] for index in finite]
        for members, product in learner.engine.hessian_products(*data):
            own = [finite[member] for member in members]
            here = Solutions(
                [first + index for index in own],
                adapted[own],
                [found[index].loss for index in own],
                torch.stack([found[index].gradient for index in own]),
                [xs[index] for index in own],
                [ys[index] for index in own],
                product,
            )
            for number, row in zip(here.numbers, measure(here), strict=True):
                rows[number] = row
            del product, here  # and what they hold, before the next is made
    for name in names:
        yield mean(name, "test", [row[name] for row in rows])


def signs(
    seed: int, name: str, numbers: Sequence[int], count: int, like: Float[Tensor, "tasks P"]
) -> Float[Tensor, "tasks {count} P"]:
    """Return random vectors of entries -1 and 1 for every task, the same at all epochs.

    Args:
        seed: of the run.
        name: what they are for.
        numbers: the tasks.
        count: how many vectors a task has.
        like: has their length and type.
    """
    shape = (count, like.shape[1])
    drawn = [randomness.generator(seed, name, number).integers(0, 2, shape) for number in numbers]
    return torch.stack([torch.from_numpy(2 * bits - 1) for bits in drawn]).to(like.dtype)
