"""Sharpness in scales of the weights, against dense Hessians and autograd, in float64."""

from dataclasses import replace

import numpy as np
import pytest
import torch

from helpers import conv_network, conv_tasks, engine, gradient, mlp_network, sine_tasks, start
from metalandscape.learner import Learner
from metalandscape.metrics import hessian, sharpness
from metalandscape.networks import conv, flatten, unflatten
from metalandscape.tasks.episodes import Tasks

EXACT = {"tolerance": 1e-7, "other_tolerance": 1e-7}


def of(network, steps=2, name="reference", theta=None):
    theta = start(network) if theta is None else theta
    return Learner(network, engine(network, name), theta, steps, 0.01)


@pytest.fixture(params=["mlp", "conv", "vectorized"])
def case(request):
    if request.param == "mlp":
        return of(mlp_network((3, 3))), sine_tasks(3)
    name = "vectorized" if request.param == "vectorized" else "reference"
    return of(conv_network(filters=2, modules=1), name=name), conv_tasks(3)


def measured(learner, tasks, metric=sharpness, **options):
    given = Tasks.given(tasks)
    found = metric.measure(learner, given, metric.Options(**EXACT | options))
    return {m.name: m for m in found}


def scales(network, theta):
    """The diagonal of D, filter by filter."""
    found = []
    for name, tensor in unflatten(network, theta).items():
        if name.endswith("bias") or name.startswith("norm"):
            found += [abs(entry.item()) for entry in tensor]
        else:
            for own in tensor:
                found += [own.square().sum().sqrt().item()] * own.numel()
    return torch.tensor(found, dtype=torch.float64)


def dense(learner, task):
    """H, and D H D, at the adapted solution."""
    theta = learner.adapt(task)
    matrix = torch.autograd.functional.hessian(
        lambda t: learner.network.loss(t, task.support_x, task.support_y), theta
    )
    d = scales(learner.network, theta)
    return matrix, d[:, None] * matrix * d


def test_norms_and_traces_are_those_of_the_dense_matrices(case):
    """With as many probes as dimensions a trace is exact."""
    learner, tasks = case
    found = measured(learner, tasks, trace_probes=2 * len(learner.theta))
    for number, task in enumerate(tasks):
        row = {name: m.per_task[number] for name, m in found.items()}
        plain, scaled = dense(learner, task)
        values = torch.linalg.eigvalsh(scaled)
        norm = values.abs().max().item()
        assert row["filter_norm"] == pytest.approx(norm, rel=1e-8)
        assert row["filter_lambda_max"] == pytest.approx(values[-1].item(), abs=1e-8 * norm)
        assert row["filter_lambda_min"] == pytest.approx(values[0].item(), abs=1e-8 * norm)
        assert row["filter_residual"] <= 1e-7 * norm and row["filter_unconverged"] == 0
        assert row["hessian_trace"] == pytest.approx(plain.trace().item(), rel=1e-8)
        assert row["filter_trace"] == pytest.approx(scaled.trace().item(), rel=1e-8)


def test_few_probes_have_an_error_that_covers_the_trace(case):
    learner, tasks = case
    found = measured(learner, tasks, trace_probes=8)
    for number, task in enumerate(tasks):
        for name, matrix in zip(("hessian", "filter"), dense(learner, task), strict=True):
            error = found[f"{name}_trace_error"].per_task[number]
            off = found[f"{name}_trace"].per_task[number] - matrix.trace().item()
            assert abs(off) < 6 * error and error < matrix.abs().sum()


@pytest.mark.parametrize("rho", [0.1, 0.5])
def test_adaptive_sharpness_is_the_rise_of_asams_step(case, rho):
    learner, tasks = case
    found = measured(learner, tasks, rho=rho)["adaptive_sharpness"]
    for number, task in enumerate(tasks):
        theta, (x, y, *_) = learner.adapt(task), task
        g, t = gradient(learner.network, theta, x, y), torch.diag(theta.abs())
        step = rho * t @ t @ g / (t @ g).norm()
        assert (step / theta).norm().item() == pytest.approx(rho)
        rise = learner.network.loss(theta + step, x, y) - learner.network.loss(theta, x, y)
        assert found.per_task[number] == pytest.approx(rise.item(), abs=1e-12)
        assert found.per_task[number] > 0


def invariant(one, other):
    for name in ("filter_norm", "filter_trace", "filter_lambda_min", "adaptive_sharpness"):
        np.testing.assert_allclose(one[name].per_task, other[name].per_task, rtol=1e-6)


def plain(learner, tasks):
    return measured(learner, tasks, hessian)["hessian_norm"].per_task


def test_filters_before_batch_norm_may_be_scaled(monkeypatch):
    """Each by a factor of its own: the norm and the trace change, what is scaled does not."""
    monkeypatch.setattr(conv, "BATCH_NORM_EPSILON", 1e-30)
    network, tasks = conv_network(filters=2, modules=2), conv_tasks(3)
    theta, rng = start(network), np.random.default_rng(0)
    parts = {name: part.clone() for name, part in unflatten(network, theta).items()}
    for name in ("conv1.weight", "conv2.weight"):
        parts[name] *= torch.from_numpy(rng.uniform(0.1, 0.5, (2, 1, 1, 1)))
    learner = of(network, steps=0)
    scaled = replace(learner, theta=flatten(network, parts))
    one, other = measured(learner, tasks), measured(scaled, tasks)
    invariant(one, other)
    assert (plain(scaled, tasks) > 3 * plain(learner, tasks)).all()
    traces = [abs(found["hessian_trace"].per_task) for found in (one, other)]
    assert (traces[1] > 3 * traces[0]).all()


def test_layers_around_a_relu_may_be_scaled_against_each_other():
    """The transformation of Dinh et al. (2017)."""
    network, tasks = mlp_network((3, 3)), sine_tasks(3)
    theta = start(network)
    parts = {name: part.clone() for name, part in unflatten(network, theta).items()}
    for name in ("hidden1.weight", "hidden1.bias"):
        parts[name] *= 5
    parts["hidden2.weight"] /= 5
    learner = of(network, steps=0)
    scaled = replace(learner, theta=flatten(network, parts))
    invariant(measured(learner, tasks), measured(scaled, tasks))
    assert (abs(plain(scaled, tasks) / plain(learner, tasks) - 1) > 0.5).all()


def test_without_a_gradient_there_is_no_ascent():
    """All answers are right and all weights zero: nothing to scale either."""
    network = mlp_network((2, 2))
    tasks = [task._replace(support_y=torch.zeros(4, 1).double()) for task in sine_tasks(3)]
    found = measured(of(network, theta=torch.zeros_like(start(network))), tasks)
    assert found["adaptive_sharpness"].value == found["filter_norm"].value == 0
    assert found["filter_trace"].value == 0
