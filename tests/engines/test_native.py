"""The native engine against the reference."""

import numpy as np
import pytest
import torch

from helpers import conv_network, conv_tasks, engine, rates, relative, start
from metalandscape.engines import native, reference
from metalandscape.networks import initialize
from metalandscape.tasks.task import Task

# downsampling, output, (height, width, channels), way, shot, filters; four modules unless given
NETWORKS = {
    "stride-mean": ("stride", "mean", (14, 14, 1), 5, 1, 6),
    "stride-flatten, odd": ("stride", "flatten", (13, 17, 3), 2, 3, 5),
    "pool-flatten": ("pool", "flatten", (16, 16, 3), 5, 1, 8),
    "pool-mean, odd": ("pool", "mean", (19, 22, 1), 3, 2, 7),
    "pool-flatten, oblong": ("pool", "flatten", (33, 18, 3), 20, 1, 4),
    "many images": ("stride", "mean", (28, 28, 1), 20, 5, 16),
    "one filter": ("stride", "flatten", (8, 8, 2), 2, 2, 1),
    "one module": ("stride", "mean", (9, 8, 2), 3, 2, 5, 1),
    "one module that pools": ("pool", "flatten", (9, 8, 1), 3, 2, 5, 1),
    "two modules": ("pool", "mean", (11, 8, 3), 4, 1, 6, 2),
    "three modules": ("stride", "flatten", (14, 9, 1), 3, 2, 6, 3),
    "six modules, of which two see single pixels": ("stride", "mean", (16, 13, 1), 3, 2, 4, 6),
    "five modules": ("pool", "flatten", (32, 35, 1), 2, 2, 4, 5),
    "large, of several tiles": ("pool", "flatten", (70, 69, 3), 2, 1, 19, 2),
    "large, of several tiles, strides": ("stride", "mean", (140, 139, 1), 2, 1, 19, 2),
}


@pytest.fixture(params=NETWORKS)
def case(request):
    """A network, theta and tasks that the native engine knows."""
    downsampling, output, (height, width, channels), way, shot, *numbers = NETWORKS[request.param]
    options = dict(zip(("filters", "modules"), numbers, strict=False))
    options |= {"downsampling": downsampling, "output": output}
    network = conv_network((channels, height, width), way, **options)
    generator = torch.Generator().manual_seed(3)

    def images(each):
        shape = (way * each, channels, height, width)
        x = torch.randn(shape, generator=generator, dtype=torch.float64)
        return x, torch.arange(way).repeat_interleave(each)

    return network, start(network), [Task(*images(shot), *images(3)) for _ in range(3)]


def test_the_native_engine_is_there(case):
    assert isinstance(engine(case[0], "auto"), native.Engine)


def test_gradients_losses_and_accuracies_are_the_references(case):
    network, theta, (task, *_) = case
    fast, plain = engine(network, "auto"), engine(network)
    found = fast.gradient(theta, task.target_x, task.target_y)
    expected = plain.gradient(theta, task.target_x, task.target_y)
    assert relative(found.gradient, expected.gradient) < 1e-12
    assert found[1:3] == pytest.approx(expected[1:3], rel=1e-12)
    evaluated = fast.evaluate(theta, task.target_x, task.target_y)
    assert evaluated == pytest.approx(expected[1:3], rel=1e-12)


@pytest.fixture(params=["number", "vector"])
def inner_rates(request, case):
    return 0.1 if request.param == "number" else rates(case[0], 0.2)


def test_adapted_weights_are_the_references(case, inner_rates):
    network, theta, (task, *_) = case
    found, expected = (
        engine(network, e).adapt(theta, task, 4, inner_rates) for e in ("auto", "reference")
    )
    assert relative(found - theta, expected - theta) < 1e-12


@pytest.mark.parametrize("second_order", [True, False])
@pytest.mark.parametrize("steps", [1, 3])
def test_meta_gradients_are_the_references(case, inner_rates, steps, second_order):
    network, theta, tasks = case
    arguments = (theta, tasks, steps, inner_rates, second_order, True)
    found = engine(network, "auto").meta_gradient(*arguments)
    expected = engine(network).meta_gradient(*arguments)
    assert relative(found.gradient, expected.gradient) < 1e-12
    assert relative(found.rates, expected.rates) < 1e-12
    assert found[1:3] == pytest.approx(expected[1:3], rel=1e-12)


def test_pulling_back_is_the_references(case, inner_rates):
    network, theta, (_, task, _) = case
    v = torch.randn(len(theta), generator=torch.Generator().manual_seed(0), dtype=torch.float64)
    found, expected = (
        engine(network, e).pull_back(theta, task, 2, inner_rates, v) for e in ("auto", "reference")
    )
    assert relative(found, expected) < 1e-12
    assert relative(found - v, expected - v) < 1e-11


def test_rates_of_another_precision_are_converted():
    network, tasks = conv_network(), conv_tasks(2)
    theta, r = start(network).float(), rates(network)
    tasks = [Task(a.float(), b, c.float(), d) for a, b, c, d in tasks]
    fast = engine(network, "auto")
    found = fast.meta_gradient(theta, tasks, 2, r, True).gradient
    assert torch.equal(found, fast.meta_gradient(theta, tasks, 2, r.float(), True).gradient)


def test_hessian_products_are_the_references(case):
    network, theta, (task, *_) = case
    products = [
        engine(network, e).hessian_product(theta, task.target_x, task.target_y)
        for e in ("auto", "reference")
    ]
    generator = torch.Generator().manual_seed(0)
    for _ in range(3):
        v = torch.randn(len(theta), generator=generator, dtype=torch.float64)
        assert relative(*(product(v) for product in products)) < 1e-12


def test_a_hessian_product_survives_other_calls():
    network, task = conv_network(), conv_tasks(1)[0]
    theta = start(network)
    fast = engine(network, "auto")
    product = fast.hessian_product(theta, task.support_x, task.support_y)
    v = torch.ones_like(theta)
    before = product(v)
    fast.meta_gradient(theta + 1, conv_tasks(2), 2, 0.1, True)
    assert torch.equal(product(v), before)


@pytest.mark.parametrize("dtype", [torch.float32, torch.float64])
def test_results_are_the_same_bytes_on_any_number_of_threads(case, dtype):
    network, theta, tasks = case
    theta = theta.to(dtype)
    tasks = [Task(a.to(dtype), b, c.to(dtype), d) for a, b, c, d in tasks]
    gradients = [
        engine(network, "auto", threads).meta_gradient(theta, tasks, 2, 0.1, True).gradient
        for threads in (1, 2, 3, 1)
    ]
    assert all(torch.equal(gradients[0], g) for g in gradients[1:])


def test_single_precision_is_close(case):
    network, _, tasks = case
    theta = initialize(network, np.random.default_rng(0))
    tasks = [Task(a.float(), b, c.float(), d) for a, b, c, d in tasks]
    found, expected = (
        engine(network, e).meta_gradient(theta, tasks, 1, 0.1, True).gradient
        for e in ("auto", "reference")
    )
    assert relative(found, expected) < 1e-4


def test_what_the_kernel_does_not_know_is_left_to_the_reference():
    class Other(type(conv_network())):
        pass

    known = conv_network()
    others = [
        conv_network(tasks="regression"),
        conv_network(way=5000),
        Other(known.options, known.input_shape, known.output_size, known.tasks),
    ]
    for network in others:
        assert type(engine(network, "auto")) is reference.Engine
