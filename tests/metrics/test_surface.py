from dataclasses import replace
from itertools import combinations

import numpy as np
import pytest
import torch
from pydantic import ValidationError

from helpers import adapt, engine, start
from metalandscape.ground import randomness
from metalandscape.ground.options import Options
from metalandscape.learner import Learner
from metalandscape.metrics import surface
from metalandscape.metrics._directions import filter_normalized
from metalandscape.networks import Network
from metalandscape.tasks.episodes import Tasks
from metalandscape.tasks.task import Task

SMALL = {"tasks": 5, "size": 3}


class Linear(Network):
    """A linear layer alone: its squared error is a quadratic function of theta."""

    def body_parameters(self):
        return [], 3

    def body(self, p, x):
        return x


def quadratic(tasks=3, steps=2, rate=0.1):
    """A learner, and tasks with their losses a' A a / n - 2 a' b / n + c / n, a = theta."""
    network = Linear(Options(), (3,), 1, "regression")
    rng = np.random.default_rng(3)

    def data(n):
        return torch.from_numpy(rng.standard_normal((n, 3))), torch.from_numpy(
            rng.standard_normal((n, 1))
        )

    listed = [Task(*data(5), *data(7)) for _ in range(tasks)]
    return Learner(network, engine(network), start(network), steps, rate), listed


def closed(x, y, theta):
    """The squared error from its moments."""
    x1 = torch.cat([x, torch.ones(len(x), 1).double()], 1)
    a, b, c = x1.T @ x1 / len(x), (x1.T @ y)[:, 0] / len(x), (y**2).mean()
    return (theta @ a @ theta - 2 * theta @ b + c).item()


def measured(learner, tasks, **options):
    chosen = surface.Options(**{"tasks": len(tasks), "size": 5} | options)
    return {m.name: m for m in surface.measure(learner, Tasks.given(tasks), chosen)}


def test_the_plane_of_paths_has_the_closed_form_of_a_quadratic_loss():
    learner, tasks = quadratic()
    found, theta = measured(learner, tasks, path_reach=2.0), learner.theta
    paths = torch.stack(
        [
            torch.stack([adapt(learner.network, theta, task, t, 0.1).detach() for t in (1, 2)])
            for task in tasks
        ]
    )
    _, values, vectors = torch.linalg.svd((paths - theta).flatten(0, 1))
    at = (paths - theta) @ vectors[:2].T
    signs = at.flatten(0, 1).gather(0, at.flatten(0, 1).abs().argmax(0, keepdim=True)).sign()
    at, directions = at * signs, vectors[:2] * signs.T
    step = found["path_step"].value
    assert step == pytest.approx(2 * at.norm(dim=2).max().item() / 2, rel=1e-12)
    share = (values[:2].square().sum() / values.square().sum()).item()
    assert found["path_variance"].value == pytest.approx(share, rel=1e-12)
    for i, j in np.ndindex(2, 3):
        assert found[f"path{j + 1}_x{i + 1}"].value == pytest.approx(at[j, i, 0].item(), abs=1e-12)
        assert found[f"path{j + 1}_y{i + 1}"].value == pytest.approx(at[j, i, 1].item(), abs=1e-12)
    for i, j in np.ndindex(5, 5):
        point = theta + step * ((i - 2) * directions[0] + (j - 2) * directions[1])
        supports = [closed(task.support_x, task.support_y, point) for task in tasks]
        targets = [closed(task.target_x, task.target_y, point) for task in tasks]
        np.testing.assert_allclose(found[f"path_support_loss_{i}_{j}"].per_task, supports, 1e-10)
        np.testing.assert_allclose(found[f"path_target_loss_{i}_{j}"].per_task, targets, 1e-10)


def test_random_planes_have_the_closed_form_around_every_solution():
    learner, tasks = quadratic()
    found = measured(learner, tasks, random_reach=0.7)
    noise = randomness.generator(0, "surface directions").standard_normal((2, 4))
    assert found["random_step"].value == 0.35
    for k, task in enumerate(tasks):
        theta = adapt(learner.network, learner.theta, task, 2, 0.1).detach()
        # The only filter is the weight of all three inputs; the bias doesn't move.
        d = [theta[:3].norm() * torch.from_numpy(n[:3] / np.linalg.norm(n[:3])) for n in noise]
        for i, j in np.ndindex(5, 5):
            point = theta.clone()
            point[:3] += 0.35 * ((i - 2) * d[0] + (j - 2) * d[1])
            value = found[f"random_target_loss_{i}_{j}"].per_task[k]
            assert value == pytest.approx(closed(task.target_x, task.target_y, point), rel=1e-10)


def test_the_middles_are_the_plain_losses(images):
    """By every engine: at theta^s before adaptation, and at theta~ after it."""
    found, plain = images.by("surface", **SMALL), images.by("accuracy", every_step=True)
    before = found["path_target_loss_1_1", "test"].per_task
    np.testing.assert_allclose(before, plain["target_loss_step0", "test"].per_task, 1e-5)
    for which in ("support", "target"):
        after = found[f"random_{which}_loss_1_1", "test"].per_task
        np.testing.assert_allclose(after, plain[f"{which}_loss", "test"].per_task, 1e-5)


def test_planes_are_those_of_the_formulas(images):
    learner, tasks, found = images.learner, images.listed(), images.by("surface", **SMALL)
    noise = randomness.generator(0, "surface directions")
    noise = torch.from_numpy(noise.standard_normal((2, len(learner.theta)))).float()
    for k, task in enumerate(tasks):
        theta = adapt(learner.network, learner.theta, task, 2, 0.1).detach()
        d = [filter_normalized(learner.network, each, theta) for each in noise]
        loss = learner.network.loss(theta + d[0] - d[1], task.target_x, task.target_y).item()
        value = found["random_target_loss_2_0", "test"].per_task[k]
        assert value == pytest.approx(loss, rel=1e-3)


def test_it_goes_through_the_tasks_own_start(baseline):
    found, plain = baseline.by("surface", **SMALL), baseline.by("accuracy", every_step=True)
    before = found["path_target_loss_1_1", "test"].per_task
    np.testing.assert_allclose(before, plain["target_loss_step0", "test"].per_task, 1e-5)


def test_a_convex_loss_has_no_barrier():
    found = measured(*quadratic())
    for name in surface.BARRIERS:
        assert found[name].per_task.tolist() == [0, 0, 0]


def test_a_barrier_is_the_largest_excess_over_the_line_between_the_ends(images):
    learner, tasks = images.learner, images.listed()
    found = images.by("surface", tasks=5, size=5)
    solutions = [adapt(learner.network, learner.theta, t, 2, 0.1).detach() for t in tasks]

    def heights(i, j, of):
        line = [(1 - a) * solutions[i] + a * solutions[j] for a in (0, 0.25, 0.5, 0.75, 1)]
        return np.array([learner.network.loss(at, *tasks[of][2:]).item() for at in line])

    def excess(found):
        return (found - np.linspace(found[0], found[-1], 5)).max()

    both, own = np.zeros((5, 5)), np.zeros((5, 5))
    for i, j in combinations(range(5), 2):
        first, second = heights(i, j, of=i), heights(i, j, of=j)
        both[i, j] = both[j, i] = excess((first + second) / 2)
        own[i, j] = own[j, i] = (excess(first) + excess(second)) / 2
    assert own.max() > 1e-3
    for name, expected in {"target_barrier": both, "own_target_barrier": own}.items():
        m = found[name, "test"]
        np.testing.assert_allclose(m.per_task, expected.sum(1) / 4, rtol=1e-3, atol=1e-5)
        assert m.value == pytest.approx(expected.sum() / 20, rel=1e-3, abs=1e-5)


def test_a_bent_valley_has_the_barrier_of_its_bend(monkeypatch):
    """Of 1 - t^2 on the line t from -1 to 1; of 3 - 3 t^2 and its opposite, which cancel."""
    learner, tasks = quadratic()
    ends = torch.zeros(3, 4).double()
    ends[:, 0] = torch.tensor([-1.0, 1.0, 1.0])

    def losses(learner, given, thetas):
        bend = 1 - thetas[:, 0].numpy() ** 2
        return np.stack([bend, (3 if given[0] is tasks[0] else -3) * bend])

    monkeypatch.setattr(surface, "losses", losses)
    support, target, own_support, own_target = surface.barriers(learner, tasks, ends, 5)
    assert support.per_task.tolist() == own_support.per_task.tolist() == [1.0, 0.5, 0.5]
    assert target.per_task.tolist() == [0, 0, 0]
    assert own_target.per_task.tolist() == [1.5, 0.75, 0.75]
    # Without the first task no barrier is left, without another one that of one pair.
    assert support.stderr == pytest.approx(surface.jackknife_error(np.array([0, 1.0, 1.0])))


def test_a_task_that_diverged_is_nan_and_no_partner():
    learner, tasks = quadratic(4)
    tasks[2] = tasks[2]._replace(support_x=tasks[2].support_x * 1e200)
    found = measured(learner, tasks)
    assert np.isnan(found["path3_x1"].value) and np.isfinite(found["path2_x2"].value)
    for name in ("random_target_loss_2_2", "support_barrier", "path_variance"):
        assert np.isnan(found[name].value)
    gone = np.isnan(found["target_barrier"].per_task).tolist()
    assert gone == np.isnan(found["random_target_loss_0_1"].per_task).tolist()
    assert gone == [False, False, True, False]
    assert not np.isnan(found["path_target_loss_0_0"].value)


def test_a_learner_that_does_not_move_has_flat_paths():
    learner, tasks = quadratic()
    found = measured(replace(learner, rates=0.0), tasks)
    assert found["path_step"].value == 0 == found["path1_x2"].value
    middle = found["path_target_loss_2_2"].per_task
    np.testing.assert_array_equal(found["path_target_loss_0_4"].per_task, middle)


@pytest.mark.parametrize("options", [{"size": 4}, {"size": 1}, {"tasks": 2}, {"tasks": 17}])
def test_options_that_are_refused(options):
    with pytest.raises(ValidationError):
        surface.Options(**options)
