"""Surfaces: the loss on two planes through parameter space, and on lines between solutions.

The plane of the paths goes through theta^s along the first two principal directions of
theta^(t) - theta^s, of all steps of all tasks; `path_variance` is the share of |theta^(t) -
theta^s|^2 that it holds. The other plane goes through every task's own theta~ along two random
directions, the same for all tasks and epochs, whose filters have the norms of theta~'s (Li et al.
2018). On both, a task's losses are taken on its own data and averaged over tasks.

A barrier is the largest excess of a loss, on the line between two tasks' solutions, over the
straight line between its values at the ends (Frankle et al. 2020, Entezari et al. 2022). It is 0
for a convex loss. `support_barrier` and `target_barrier` are those of the mean of the two tasks'
losses; `own_...` are the means of those of the single tasks' losses.
"""

from collections.abc import Iterator, Sequence
from itertools import combinations
from math import nan

import numpy as np
import torch
from jaxtyping import Float
from pydantic import Field, PositiveFloat, field_validator
from torch import Tensor

from ..ground import options, randomness
from ..tasks.task import Task
from . import Learner, Measurement, Tasks, mean
from ._directions import Plane, filter_normalized, plane
from ._pairs import jackknife_error

TASKS = ("classification", "regression")
QUANTITIES = {
    "path_support_loss_{i}_{j}": {"label": "support loss on the plane of paths", "unit": ""},
    "path_target_loss_{i}_{j}": {"label": "target loss on the plane of paths", "unit": ""},
    "path_step": {"label": "distance of neighbors on the plane of paths", "unit": ""},
    "path_variance": {"label": "share of the paths within their plane", "unit": ""},
    "path{task}_x{t}": {"label": "first coordinate of path {task} at step {t}", "unit": ""},
    "path{task}_y{t}": {"label": "second coordinate of path {task} at step {t}", "unit": ""},
    "random_support_loss_{i}_{j}": {"label": "support loss on random planes", "unit": ""},
    "random_target_loss_{i}_{j}": {"label": "target loss on random planes", "unit": ""},
    "random_step": {"label": "distance of neighbors on random planes", "unit": ""},
    "support_barrier": {"label": "support barrier (both tasks)", "unit": ""},
    "target_barrier": {"label": "target barrier (both tasks)", "unit": ""},
    "own_support_barrier": {"label": "support barrier (own task)", "unit": ""},
    "own_target_barrier": {"label": "target barrier (own task)", "unit": ""},
}
MOST = 16  # tasks, all of whose paths are held at once
LOSSES = ("support", "target")
BARRIERS = ("support_barrier", "target_barrier", "own_support_barrier", "own_target_barrier")


class Options(options.Options):
    """Configuration of the metric.

    Attributes:
        tasks: Meta-test tasks, all pairs of which have a barrier. Their paths are held in memory
            together.
        size: Points in each direction of a plane and on a line, an odd number, so that the middle
            is one of them.
        path_reach: How far the plane of the paths reaches from theta^s, in each direction, as a
            multiple of the distance of the farthest point of a path within it.
        random_reach: How far the random planes reach from theta~, as a multiple of its filters'
            norms.
    """

    tasks: int = Field(default=8, ge=3, le=MOST)
    size: int = Field(default=11, ge=3, le=101)
    path_reach: PositiveFloat = 1.5
    random_reach: PositiveFloat = 1.0

    @field_validator("size")
    @classmethod
    def _has_a_middle(cls, size: int) -> int:
        if size % 2 == 0:
            raise ValueError("an odd number has a middle; add 1")
        return size


def measure(learner: Learner, tasks: Tasks, options: Options) -> Iterator[Measurement]:
    """Yield the losses on both planes, the paths on the first, and the barriers."""
    listed = list(tasks.of("test"))
    starts = torch.stack([learner.start(task) for task in listed])
    fitted, solutions = _adapted(learner, listed, starts)
    farthest = fitted.coordinates.norm(dim=2).nan_to_num(nan=0.0).max().item()
    middle = options.size // 2
    step = options.path_reach * farthest / middle
    yield _single("path_step", step)
    yield from _paths(fitted, options.tasks)
    across = fitted.directions[:, None].expand(-1, len(listed), -1)
    yield from _surface("path", learner, listed, starts, step * across, options.size)

    step = options.random_reach / middle
    yield _single("random_step", step)
    across = step * _random(learner, solutions, tasks.seed)
    yield from _surface("random", learner, listed, solutions, across, options.size)
    yield from barriers(learner, listed, solutions, options.size)


def _adapted(
    learner: Learner, tasks: Sequence[Task], starts: Float[Tensor, "tasks P"]
) -> tuple[Plane, Float[Tensor, "tasks P"]]:
    """Return the plane of all paths, which are then forgotten, and where they end."""
    displacements, at = [], starts
    for _ in range(learner.steps):
        at = learner.engine.adapt_each(at, tasks, 1, learner.rates)
        displacements.append(at - starts)
    return plane(torch.stack(displacements, 1)), at


def _single(name: str, value: float) -> Measurement:
    """Return a quantity that belongs to no task, or to one: it has no standard error."""
    return Measurement(name, "test", value, nan, np.array([value]))


def _paths(fitted: Plane, tasks: int) -> Iterator[Measurement]:
    """Yield every path's coordinates from its first step on, and the share that the plane holds.

    The names are those of as many tasks as are asked for, with NaN for those that are not given:
    without weights, quantities are found from fewer. The share's values of the tasks are
    |projection|^2 over the mean of |theta^(t) - theta^s|^2, so that their mean is the share of all;
    its standard error is that of a ratio.
    """
    coordinates = fitted.coordinates.numpy()
    given, steps, _ = coordinates.shape
    for task in range(tasks):
        for t in range(steps):
            x, y = coordinates[task, t].tolist() if task < given else (nan, nan)
            yield _single(f"path{task + 1}_x{t + 1}", x)
            yield _single(f"path{task + 1}_y{t + 1}", y)
    held, total = fitted.held.numpy(), fitted.total.numpy()
    with np.errstate(invalid="ignore"):  # no path moves
        shares = held / total.mean()
        residuals = (held - shares.mean() * total) / total.mean()
    stderr = residuals.std(ddof=1) / np.sqrt(len(residuals))
    yield Measurement("path_variance", "test", float(shares.mean()), float(stderr), shares)


def _random(
    learner: Learner, thetas: Float[Tensor, "tasks P"], seed: int
) -> Float[Tensor, "2 tasks P"]:
    """Return two random directions, filter-normalized for every theta."""
    rng = randomness.generator(seed, "surface directions")
    noise = torch.from_numpy(rng.standard_normal((2, thetas.shape[1]))).to(thetas.dtype)
    return torch.stack(
        [
            torch.stack([filter_normalized(learner.network, own, theta) for theta in thetas])
            for own in noise
        ]
    )


def _surface(
    kind: str,
    learner: Learner,
    tasks: Sequence[Task],
    centers: Float[Tensor, "tasks P"],
    across: Float[Tensor, "2 tasks P"],
    size: int,
) -> Iterator[Measurement]:
    """Yield both losses at center + i' across_1 + j' across_2, i' = i - size // 2 and so j'."""
    middle = size // 2
    for i in range(size):
        for j in range(size):
            thetas = centers + (i - middle) * across[0] + (j - middle) * across[1]
            for which, found in zip(LOSSES, losses(learner, tasks, thetas), strict=True):
                yield mean(f"{kind}_{which}_loss_{i}_{j}", "test", found)


def losses(
    learner: Learner, tasks: Sequence[Task], thetas: Float[Tensor, "tasks P"]
) -> Float[np.ndarray, "2 tasks"]:
    """Return support and target loss of every task at its theta, NaN where it is not finite."""
    support_x, support_y, target_x, target_y = zip(*tasks, strict=True)
    engine = learner.engine
    both = (
        engine.evaluate_each(thetas, support_x, support_y),
        engine.evaluate_each(thetas, target_x, target_y),
    )
    found = np.array([[loss for loss, _ in each] for each in both])
    return np.where(np.isfinite(found), found, nan)


def barriers(
    learner: Learner, tasks: Sequence[Task], solutions: Float[Tensor, "tasks P"], size: int
) -> Iterator[Measurement]:
    """Yield the mean barriers over pairs of tasks.

    A task's value is the mean over its partners; a task that diverged is no partner.
    """
    n = len(tasks)
    found = np.full((len(BARRIERS), n, n), nan)
    for i, j in combinations(range(n), 2):
        pair = _barriers(learner, (tasks[i], tasks[j]), (solutions[i], solutions[j]), size)
        found[:, i, j] = found[:, j, i] = pair
    for name, own in zip(BARRIERS, found, strict=True):
        sums, partners = np.nansum(own, 1), np.isfinite(own).sum(1)
        with np.errstate(invalid="ignore"):  # no partner
            per_task = sums / partners
        left_out = (sums.sum() - 2 * sums) / ((n - 1) * (n - 2))
        yield Measurement(name, "test", float(per_task.mean()), jackknife_error(left_out), per_task)


def _barriers(
    learner: Learner,
    pair: tuple[Task, Task],
    ends: tuple[Float[Tensor, "P"], Float[Tensor, "P"]],
    size: int,
) -> Float[np.ndarray, "4"]:
    """Return the barriers of two tasks, in the order of their names."""
    along = np.linspace(0, 1, size)
    line = torch.stack([(1 - a) * ends[0] + a * ends[1] for a in along.tolist()])
    heights = np.stack([losses(learner, [task] * size, line) for task in pair])
    own = _excess(heights, along).mean(0)
    return np.concatenate([_excess(heights.mean(0), along), own])


def _excess(
    heights: Float[np.ndarray, "*shape points"], along: Float[np.ndarray, "points"]
) -> Float[np.ndarray, "*shape"]:
    """Return by how much a line of heights rises at most over the one between its ends."""
    straight = heights[..., :1] * (1 - along) + heights[..., -1:] * along
    return (heights - straight).max(-1)
