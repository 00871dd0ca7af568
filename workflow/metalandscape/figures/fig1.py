"""Figure 1: what the metrics measure, computed on a family of tasks with two parameters.

The tasks are regressions of y = a sin(x + c) from k points. The model is f(x) = theta_1 sin(x) +
theta_2 cos(x), which holds every task's solution: (a cos(c), a sin(c)). theta^s comes from
First-Order MAML on tasks whose amplitudes and phases are disjoint from those of the meta-test, as
in the paper's regression. Contours, paths, gradients and Hessians are those of the mean squared
error on the support points of three meta-test tasks, their phases spread evenly over the range.
Nothing is placed by hand.
"""

from typing import NamedTuple

import numpy as np
import seaborn as sns
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.patches import Ellipse

from ..ground import randomness
from . import FigureData
from ._style import GREY, footer, label, panels, shades, ticks

SECTION = "4"
METRICS = ()

SHOT, STEPS, RATE = 3, 5, 0.5
RANGES = {"train": ((0.1, 2.5), (0.0, np.pi / 2)), "test": ((2.5, 5.0), (np.pi / 2, np.pi))}
SHOWN = 3
BESIDE = 0.3  # from the end of an arrow to its name, in units of the axes
MARGIN = 0.5  # around everything drawn
EXCESS = 0.1  # an ellipse bounds the steps d from theta~ with d.H d / 2 below this
ARROWS = {"angles": "xy", "scale_units": "xy", "scale": 1, "width": 0.008, "zorder": 4}

Range = tuple[float, float]


class Task(NamedTuple):
    """Points of a sine: features [k, 2], which are sin(x) and cos(x), and y [k]."""

    features: np.ndarray
    y: np.ndarray


def draw(data: FigureData) -> Figure:
    """Draw curvature at theta~_i, trajectories with their directions, and gradients at theta^s."""
    rng = randomness.generator(0, "figure 1")
    start = meta_train(rng)
    amplitudes, (first, last) = RANGES["test"]
    phases = np.linspace(first, last, 2 * SHOWN + 1)[1::2]
    tasks = [sample(rng, amplitudes, (phase, phase))[0] for phase in phases]
    figure, axes = panels(3, height=3.9)
    colours = list(shades(range(SHOWN)).values())
    limits = _limits(start, tasks)
    for panel, ax in zip((_curvature, _trajectories, _gradients), axes, strict=True):
        _contours(ax, tasks, colours)
        ax.set(**limits, aspect="equal")
        panel(ax, start, tasks, colours)
        ax.plot(*start, "o", color="black", markersize=4, zorder=5)
        below = {"textcoords": "offset points", "ha": "left", "va": "top"}
        ax.annotate(r"$\theta^s$", start, (3, -3), **below)
        ax.set(xlabel=r"$\theta_1$", ylabel=r"$\theta_2$")
        ticks(ax)
        sns.despine(ax=ax)
    footer(
        figure,
        "an illustration, computed on a two-parameter family of tasks: "
        rf"$y = a\,\sin(x+c)$, $k = {SHOT}$, $T = {STEPS}$, $\alpha = {RATE}$"
        "\nblack: descent on the support loss; dotted: displacement; contours: support losses; "
        rf"ellipses: $\delta^{{\top}}H\,\delta/2 \leq {EXCESS}$ around adapted solutions",
    )
    return figure


def sample(rng: np.random.Generator, amplitudes: Range, phases: Range) -> tuple[Task, Task]:
    """Return support and target points of a new task."""
    amplitude, phase = rng.uniform(*amplitudes), rng.uniform(*phases)
    support, target = (
        Task(np.stack([np.sin(x), np.cos(x)], 1), amplitude * np.sin(x + phase))
        for x in rng.uniform(-5, 5, (2, SHOT))
    )
    return support, target


def meta_train(rng: np.random.Generator, iterations: int = 300, batch: int = 8) -> np.ndarray:
    """Return theta^s [2] of First-Order MAML, from zero, with gradient descent as outer loop."""
    theta = np.zeros(2)
    for _ in range(iterations):
        tasks = [sample(rng, *RANGES["train"]) for _ in range(batch)]
        gradients = [gradient(descend(theta, support)[-1], target) for support, target in tasks]
        theta = theta - 0.05 * np.mean(gradients, axis=0)
    return theta


def loss(theta: np.ndarray, task: Task) -> np.ndarray:
    """Return the mean squared error [...] at theta [..., 2]."""
    return ((theta @ task.features.T - task.y) ** 2).mean(-1)


def gradient(theta: np.ndarray, task: Task) -> np.ndarray:
    """Return the gradient [2] of the loss at theta [2]."""
    return 2 * (task.features @ theta - task.y) @ task.features / len(task.y)


def hessian(task: Task) -> np.ndarray:
    """Return the Hessian [2, 2] of the loss, which is the same at every theta."""
    return 2 * task.features.T @ task.features / len(task.y)


def descend(theta: np.ndarray, task: Task) -> np.ndarray:
    """Return the iterates [T + 1, 2] of gradient descent on the loss, theta^s first."""
    path = [theta]
    for _ in range(STEPS):
        path.append(path[-1] - RATE * gradient(path[-1], task))
    return np.array(path)


def directions(start: np.ndarray, tasks: list[Task]) -> np.ndarray:
    """Return the unit vectors [tasks, 2] of the displacements."""
    displacements = np.array([descend(start, task)[-1] - start for task in tasks])
    return displacements / np.linalg.norm(displacements, axis=1, keepdims=True)


def pair_average(vectors: np.ndarray) -> float:
    """Return the mean inner product of different vectors [n, 2]."""
    products = vectors @ vectors.T
    return float(products[~np.eye(len(vectors), dtype=bool)].mean())


def _curvature(ax: Axes, start: np.ndarray, tasks: list[Task], colours: list) -> None:
    """Draw the ellipse of the Hessian around every theta~_i: narrow where curvature is high."""
    norms = [np.linalg.norm(hessian(task), 2) for task in tasks]
    for task, norm, colour in zip(tasks, norms, colours, strict=True):
        path = descend(start, task)
        _path(ax, path)
        values, vectors = np.linalg.eigh(hessian(task))
        width, height = 2 * np.sqrt(2 * EXCESS / values)
        angle = np.degrees(np.arctan2(vectors[1, 0], vectors[0, 0]))
        look = {"color": colour, "alpha": 0.5, "lw": 0, "label": rf"$\|H\|_\sigma = {norm:.2f}$"}
        ax.add_patch(Ellipse(path[-1], width, height, angle=angle, **look))
    ax.legend(loc="upper left")
    ax.set_title(
        f"(1) curvature at adapted solutions\n{label('hessian_norm')} = {np.mean(norms):.2f}"
    )


def _trajectories(ax: Axes, start: np.ndarray, tasks: list[Task], colours: list) -> None:
    """Draw every descent, its displacement and its direction."""
    units = directions(start, tasks)
    paths = [descend(start, task) for task in tasks]
    for path in paths:
        _path(ax, path)
    texts = [rf"$\tilde\theta_{i + 1}$" for i in range(SHOWN)]
    _names(ax, texts, np.array([path[-1] for path in paths]), start)
    ax.quiver(*_at(start), *units.T, color=colours, **ARROWS)
    average = pair_average(units)
    ax.set_title(f"(2) trajectories and directions\n{label('direction_cosine')} = {average:.2f}")


def _gradients(ax: Axes, start: np.ndarray, tasks: list[Task], colours: list) -> None:
    """Draw the negative gradients of the support losses."""
    vectors = -np.array([gradient(start, task) for task in tasks])
    # The shortest arrow last, so that none is hidden.
    order = np.argsort(-np.linalg.norm(vectors, axis=1))
    ax.quiver(*_at(start), *vectors[order].T, color=[colours[i] for i in order], **ARROWS)
    _names(ax, [f"$g_{i + 1}$" for i in range(SHOWN)], start + vectors, start)
    average = pair_average(vectors)
    ax.set_title(rf"(3) gradients at $\theta^s$" f"\n{label('gradient_product')} = {average:.2f}")


def _at(start: np.ndarray) -> np.ndarray:
    return np.tile(start[:, None], SHOWN)


def _path(ax: Axes, path: np.ndarray) -> None:
    """Draw the steps of a descent as black arrows and its displacement as a dotted line."""
    ax.quiver(*path[:-1].T, *np.diff(path, axis=0).T, **ARROWS | {"width": 0.005})
    ax.plot(*path[[0, -1]].T, ":", color=GREY)


def _names(ax: Axes, texts: list[str], points: np.ndarray, start: np.ndarray) -> None:
    """Write beside the ends of arrows from theta^s, where it is farthest from all of them."""
    along = np.linspace(0, 1, 50)[:, None, None]
    arrows = (start + along * (points - start)).reshape(-1, 2)
    angles = np.linspace(0, 2 * np.pi, 24, endpoint=False)
    circle = BESIDE * np.stack([np.cos(angles), np.sin(angles)], 1)
    for text, point in zip(texts, points, strict=True):
        distances = np.linalg.norm((point + circle)[:, None] - arrows, axis=2).min(1)
        place = point + circle[distances.argmax()]
        ax.annotate(text, place, ha="center", va="center", zorder=6)
        arrows = np.concatenate([arrows, place[None]])


def _limits(start: np.ndarray, tasks: list[Task]) -> dict[str, tuple[float, float]]:
    """Return the limits of both axes that hold all arrows and ellipses, the same in all panels."""
    points = [start, *(start - gradient(start, task) for task in tasks)]
    for task in tasks:
        path = descend(start, task)
        half = np.sqrt(2 * EXCESS * np.diag(np.linalg.inv(hessian(task))))
        points += [*path, path[-1] - half, path[-1] + half]
    low, high = np.min(points, 0) - MARGIN, np.max(points, 0) + MARGIN
    return {"xlim": (low[0], high[0]), "ylim": (low[1], high[1])}


def _contours(ax: Axes, tasks: list[Task], colours: list) -> None:
    axis = np.linspace(-8, 8, 321)
    grid = np.stack(np.meshgrid(axis, axis), -1)
    for task, colour in zip(tasks, colours, strict=True):
        levels = np.array([0.05, 0.3, 0.8, 1.6])
        ax.contour(axis, axis, loss(grid, task), levels, colors=[colour], alpha=0.4, linewidths=0.8)
