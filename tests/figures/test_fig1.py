"""The illustration's numbers against finite differences, and its way through the command line."""

from itertools import pairwise
from pathlib import Path

import numpy as np
import pytest
from matplotlib.quiver import Quiver

from figure_tables import drawing
from metalandscape.figures import fig1
from metalandscape.ground import randomness
from metalandscape.jobs import draw


@pytest.fixture
def task():
    return fig1.sample(randomness.generator(1, "test"), *fig1.RANGES["test"])[0]


def differences(function, theta, step=1e-4):
    steps = step * np.eye(2)
    return np.array([(function(theta + s) - function(theta - s)) / (2 * step) for s in steps])


def test_gradient_and_hessian_are_the_losss(task):
    theta = np.array([0.3, -1.2])
    slope = differences(lambda t: fig1.loss(t, task), theta)
    np.testing.assert_allclose(fig1.gradient(theta, task), slope, atol=1e-8)
    bend = differences(lambda t: fig1.gradient(t, task), theta)
    np.testing.assert_allclose(fig1.hessian(task), bend, atol=1e-8)


def test_the_model_holds_the_solution_of_a_task():
    task, target = fig1.sample(randomness.generator(2, "test"), (3.0, 3.0), (2.0, 2.0))
    solution = 3 * np.array([np.cos(2), np.sin(2)])
    assert fig1.loss(solution, task) + fig1.loss(solution, target) == pytest.approx(0)


def test_descent_follows_the_gradient(task):
    path = fig1.descend(np.array([1.0, 0.5]), task)
    assert len(path) == fig1.STEPS + 1
    for before, after in pairwise(path):
        np.testing.assert_allclose(after - before, -fig1.RATE * fig1.gradient(before, task))
    assert (np.diff(fig1.loss(path, task)) < 0).all()


def test_meta_training_lowers_the_loss_after_adaptation():
    rng = randomness.generator(3, "test")
    tasks = [fig1.sample(rng, *fig1.RANGES["train"]) for _ in range(200)]
    losses = [
        np.mean([fig1.loss(fig1.descend(theta, s)[-1], t) for s, t in tasks])
        for theta in (np.zeros(2), fig1.meta_train(rng))
    ]
    assert losses[1] < 0.8 * losses[0]


def test_pairs_are_of_different_vectors():
    vectors = np.array([[1.0, 0.0], [0.0, 2.0], [1.0, 1.0]])
    assert fig1.pair_average(vectors) == pytest.approx((0 + 1 + 2) / 3)


def arrows(ax):
    """The vectors of the arrows drawn last."""
    last = [c for c in ax.collections if isinstance(c, Quiver)][-1]
    return np.stack([last.U, last.V], 1)


def test_what_is_drawn_is_what_is_printed():
    figure = drawing("fig1")
    directions, gradients = map(arrows, figure.axes[1:])
    np.testing.assert_allclose(np.linalg.norm(directions, axis=1), 1)
    for ax, drawn in zip(figure.axes[1:], (directions, gradients), strict=True):
        assert ax.get_title().endswith(f"= {fig1.pair_average(drawn):.2f}")
    norms = [float(t.get_text().split("= ")[1][:-1]) for t in figure.axes[0].legend_.texts]
    # The short half axis of the Hessian's ellipse is sqrt(2 excess / norm).
    axes = [min(e.width, e.height) / 2 for e in figure.axes[0].patches]
    np.testing.assert_allclose(2 * fig1.EXCESS / np.square(axes), norms, atol=0.005)


def test_it_is_drawn_without_tables_and_runs(tmp_path):
    outputs = [str(tmp_path / "fig1.pdf"), str(tmp_path / "fig1.png")]
    draw.run(figure="fig1", scale="test", runs={}, tables=[], outputs=outputs)
    assert all(Path(path).stat().st_size for path in outputs)
