from dataclasses import replace

import numpy as np
import pytest
import torch

from helpers import adapt, algorithm, conv_tasks, engine, image_dataset, image_run, start
from metalandscape.ground.options import Options
from metalandscape.learner import Learner
from metalandscape.metrics import reuse
from metalandscape.metrics._layers import spans
from metalandscape.metrics.reuse import cka, unbiased
from metalandscape.networks import Network, Parameter, head_mask, unflatten
from metalandscape.tasks.episodes import Tasks
from metalandscape.tasks.task import Task


class Linear(Network):
    """Two matrices and no nonlinearity."""

    def body_parameters(self):
        return [Parameter("a", (4, 3), None), Parameter("b", (5, 4), None)], 5

    def body(self, p, x):
        return x @ p["a"].T @ p["b"].T


def normal(*shape, seed=0):
    return torch.from_numpy(np.random.default_rng(seed).standard_normal(shape))


def linear_tasks(count):
    return [
        Task(
            normal(6, 3, seed=i),
            normal(6, 1, seed=50 + i),
            normal(9, 3, seed=100 + i),
            normal(9, 1),
        )
        for i in range(count)
    ]


def test_a_linear_network_has_the_closed_form():
    """Of X A and X B, with S the covariance of X: |A' S B|^2 / (|A' S A| |B' S B|)."""
    network, steps, rate = Linear(Options(), (3,), 1, "regression"), 3, 0.05
    learner = Learner(network, engine(network), start(network), steps, rate)
    tasks = linear_tasks(3)
    found = {m.name: m for m in reuse.measure(learner, Tasks.given(tasks), reuse.Options(tasks=3))}
    assert set(found) == {
        f"{name}_layer{layer}"
        for name in ("cka", "debiased_cka", "displacement")
        for layer in (1, 2, 3)
    }
    for i, task in enumerate(tasks):
        adapted = adapt(network, learner.theta, task, steps, rate).detach()
        old, new = (unflatten(network, each) for each in (learner.theta, adapted))
        s = torch.cov(task.target_x.T)
        before, after = torch.eye(3).double(), torch.eye(3).double()
        for layer, name in enumerate(["a", "b", "linear.weight"], 1):
            before, after = before @ old[name].T, after @ new[name].T
            cross, own = before.T @ s @ after, [(m.T @ s @ m).norm() for m in (before, after)]
            expected = (cross.square().sum() / (own[0] * own[1])).item()
            value = found[f"cka_layer{layer}"].per_task[i]
            assert value == pytest.approx(expected, abs=1e-12)
            span = spans(network)[layer - 1]
            moved = (adapted - learner.theta)[span].norm() / learner.theta[span].norm()
            value = found[f"displacement_layer{layer}"].per_task[i]
            assert value == pytest.approx(moved.item(), rel=1e-12)


@pytest.mark.parametrize("centering", [reuse.centered, unbiased])
def test_rotations_scales_and_shifts_change_nothing(centering):
    x, y = normal(12, 5), normal(12, 7, seed=1)
    rotation = torch.linalg.qr(normal(5, 5, seed=2)).Q
    expected = cka(x, y, centering)
    assert cka(-3 * x @ rotation + normal(5, seed=3), y, centering) == pytest.approx(expected)
    assert cka(x, 2 * x @ rotation, centering) == pytest.approx(1, abs=1e-14)
    assert cka(y, x, centering) == pytest.approx(expected, abs=1e-14)
    assert abs(cka(x @ torch.diag(torch.arange(1.0, 6).double()), y, centering) - expected) > 1e-3


def test_activations_of_any_shape_are_those_of_their_entries():
    x, y = normal(8, 2, 3, 3), normal(8, 4, seed=1)
    assert cka(x, y) == cka(x.flatten(1), y)


def test_nothing_is_shared_with_what_is_constant():
    assert cka(normal(6, 3), torch.full((6, 2), 0.5).double()) == 0
    assert np.isnan(cka(normal(6, 3), normal(6, 3) / 0 * 0))


def test_the_debiased_one_equals_the_estimator_of_song_et_al():
    """The estimator of HSIC with matrices of ones: Song et al. 2012, Eq. 5."""

    def hsic(k, m):
        n, one = len(k), torch.ones(len(k)).double()
        k, m = k - k.diag().diag(), m - m.diag().diag()
        sums = (one @ k @ one) * (one @ m @ one) / ((n - 1) * (n - 2))
        return ((k @ m).trace() + sums - 2 / (n - 2) * (one @ k @ m @ one)) / (n * (n - 3))

    x, y = normal(9, 4), normal(9, 6, seed=1)
    k, m = x @ x.T, y @ y.T
    expected = hsic(k, m) / (hsic(k, k) * hsic(m, m)).sqrt()
    assert cka(x, y, unbiased) == pytest.approx(expected.item(), abs=1e-12)


def test_unrelated_activations_of_many_features_look_alike_unless_debiased():
    pairs = [(normal(15, 500, seed=i), normal(15, 500, seed=100 + i)) for i in range(20)]
    assert min(cka(x, y) for x, y in pairs) > 0.9
    assert abs(np.mean([cka(x, y, unbiased) for x, y in pairs])) < 0.05


def test_a_body_that_does_not_adapt_is_reused(images):
    rates = 0.1 * head_mask(images.learner.network)
    images.learner = replace(images.learner, rates=rates)
    found = images.by("reuse", tasks=5)
    head = len(spans(images.learner.network))
    assert {name for name, _ in found} == {
        f"{name}_layer{layer}"
        for name in ("cka", "debiased_cka", "displacement")
        for layer in range(1, head + 1)
    }
    for layer in range(1, head):
        assert found[f"cka_layer{layer}", "test"].per_task == pytest.approx([1] * 5, abs=1e-12)
        assert not found[f"displacement_layer{layer}", "test"].per_task.any()
    assert found[f"cka_layer{head}", "test"].value < 1 - 1e-4
    assert found[f"displacement_layer{head}", "test"].value > 0


def test_a_task_that_diverged_is_nan(sines):
    sines.learner = replace(sines.learner, rates=float("nan"))
    assert all(np.isnan(m.per_task).all() for m in sines.by("reuse", tasks=5).values())


def test_a_head_of_zeros_has_no_relative_displacement():
    run = image_run(algorithm={"name": "finetuning", "head": "zero"})
    own = algorithm(run, image_dataset())
    learner = own.learner(own.initial())
    task = Task(*(t.float() if t.is_floating_point() else t for t in conv_tasks(1)[0]))
    found = [
        m.name for m in reuse.measure(learner, Tasks.given([task] * 3), reuse.Options(tasks=3))
    ]
    assert "displacement_layer4" in found and "displacement_layer5" not in found
