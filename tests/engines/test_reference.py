"""The reference engine against closed forms, finite differences and autograd on one graph."""

import pytest
import torch

from helpers import (
    adapt,
    conv_network,
    conv_tasks,
    meta_gradients,
    mlp_network,
    rates,
    relative,
    sine_tasks,
    start,
)
from metalandscape.engines import reference
from metalandscape.tasks.task import Task


class Quadratic:
    """Loss |theta - y|^2 / 2, whose adaptation has a closed form."""

    def loss(self, theta, x, y):
        return ((theta - y) ** 2).sum() / 2

    def outputs(self, theta, x):
        return theta

    def criterion(self, outputs, y):
        return self.loss(outputs, None, y)

    def accuracy(self, outputs, y):
        return float("nan")


CENTER, START = torch.tensor([1.0, -2.0]), torch.tensor([3.0, 4.0])


@pytest.fixture(params=["conv", "mlp"])
def case(request):
    """A network, theta, tasks and a vector of rates."""
    if request.param == "conv":
        network, tasks = conv_network(), conv_tasks(3)
    else:
        network, tasks = mlp_network(), sine_tasks(3)
    return network, start(network), tasks, rates(network)


@pytest.mark.parametrize("r", [0.1, torch.tensor([0.1, 0.1]), torch.tensor([0.3, 0.0])])
def test_adaptation_has_its_closed_form_on_a_quadratic(r, unchecked):
    adapted = reference.Engine(Quadratic()).adapt(START, Task(None, CENTER, None, None), 7, r)
    torch.testing.assert_close(adapted, CENTER + (1 - r) ** 7 * (START - CENTER))
    assert not adapted.requires_grad


@pytest.mark.parametrize("r", [0.1, torch.tensor([0.3, 0.0])])
def test_meta_gradients_have_their_closed_form_on_a_quadratic(r, unchecked):
    task, target = Task(None, CENTER, None, CENTER + 1), CENTER + 1
    found = reference.Engine(Quadratic()).meta_gradient(START, [task], 3, r, True, True)
    error = CENTER + (1 - r) ** 3 * (START - CENTER) - target
    torch.testing.assert_close(found.gradient, (1 - r) ** 3 * error)
    torch.testing.assert_close(found.rates, -3 * (1 - r) ** 2 * (START - CENTER) * error)
    assert found.loss == pytest.approx((error**2).sum().item() / 2)


def test_no_step_moves_nothing_and_gives_the_rates_no_gradient(case):
    network, theta, tasks, r = case
    engine = reference.Engine(network)
    assert torch.equal(engine.adapt(theta, tasks[0], 0, r), theta)
    assert not engine.meta_gradient(theta, tasks, 0, r, True, True).rates.any()


def test_gradients_agree_with_finite_differences(case):
    network, theta, (task, *_), _ = case
    exact = reference.Engine(network).gradient(theta, task.support_x, task.support_y).gradient
    for index in range(0, len(theta), 37):
        step = torch.zeros_like(theta)
        step[index] = 1e-6
        ends = [network.loss(theta + s * step, task.support_x, task.support_y) for s in (1, -1)]
        difference = (ends[0] - ends[1]).item() / 2e-6
        assert abs(exact[index].item() - difference) < 1e-7


@pytest.mark.parametrize("vector", [False, True])
def test_pulling_back_is_that_of_one_graph(case, vector):
    network, theta, (task, *_), r = case
    r = r if vector else 0.01
    theta = theta.requires_grad_()
    v = torch.ones_like(theta)
    (expected,) = torch.autograd.grad(adapt(network, theta, task, 3, r, True), theta, v)
    found = reference.Engine(network).pull_back(theta.detach(), task, 3, r, v)
    torch.testing.assert_close(found, expected)


@pytest.mark.parametrize("second_order", [True, False])
def test_gradients_of_theta_and_rates_are_those_of_one_graph(case, second_order):
    network, theta, tasks, r = case
    arguments = (theta, tasks, 3, r, second_order)
    found = reference.Engine(network).meta_gradient(*arguments, learn_rates=True)
    gradient, of_rates = meta_gradients(network, *arguments)
    assert relative(found.gradient, gradient) < 1e-12
    assert relative(found.rates, of_rates) < 1e-12


def test_a_number_has_the_rates_gradient_of_a_constant_vector(case):
    network, theta, tasks, _ = case
    engine, constant = reference.Engine(network), torch.full_like(theta, 0.01)
    number = engine.meta_gradient(theta, tasks, 2, 0.01, True, learn_rates=True)
    vector = engine.meta_gradient(theta, tasks, 2, constant, True, learn_rates=True)
    assert torch.equal(number.rates, vector.rates)


def test_parameters_with_rate_zero_stay_where_they_are(case):
    network, theta, (task, *_), r = case
    adapted = reference.Engine(network).adapt(theta, task, 4, r)
    assert torch.equal(adapted[r == 0], theta[r == 0])
    assert (adapted != theta).any()


def test_rates_that_do_not_fit_are_refused(case, unchecked):
    network, theta, tasks, r = case
    with pytest.raises(ValueError, match=r"rates .* do not fit theta"):
        reference.Engine(network).adapt(theta, tasks[0], 1, r[:-1])


@pytest.mark.parametrize("dtype", [torch.float32, torch.float64])
def test_results_are_the_same_bytes_on_any_number_of_threads(case, dtype):
    network, theta, tasks, r = case
    theta = theta.to(dtype)
    tasks = [Task(*(t.to(dtype) if t.is_floating_point() else t for t in task)) for task in tasks]
    engines = [reference.Engine(network, threads=threads) for threads in (1, 2, 3)]
    found = [engine.meta_gradient(theta, tasks, 2, r, True, True) for engine in engines]
    for each in found[1:]:
        assert torch.equal(each.gradient, found[0].gradient)
        assert torch.equal(each.rates, found[0].rates)
        assert each[1:3] == pytest.approx(found[0][1:3], rel=0, abs=0, nan_ok=True)
    thetas = theta.expand(3, -1)
    adapted = [engine.adapt_each(thetas, tasks, 2, r) for engine in engines]
    assert all(torch.equal(each, adapted[0]) for each in adapted)


def test_the_device_of_the_engine_is_where_it_computes():
    network, task = conv_network(), conv_tasks(1)[0]
    seen = reference.Engine(network, "meta")._there(start(network), *task)
    assert {tensor.device.type for tensor in seen} == {"meta"}
