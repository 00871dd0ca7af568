"""The vectorized engine against the reference, for every network of the package.

Where there is a GPU, it computes there, too.
"""

import numpy as np
import pytest
import torch

from helpers import (
    conv_network,
    conv_tasks,
    engine,
    mlp_network,
    rates,
    relative,
    resnet_network,
    sine_tasks,
    start,
)
from metalandscape.engines import Choice, reference, vectorized
from metalandscape.networks import conv, initialize
from metalandscape.tasks.task import Task

SQUARE = (2, 9, 10)
CASES = {
    "conv, stride, mean": (lambda: conv_network(), lambda: conv_tasks(3)),
    "conv, stride, flatten, odd": (
        lambda: conv_network((1, 13, 10), output="flatten", modules=3),
        lambda: conv_tasks(3, shape=(1, 13, 10)),
    ),
    "conv, pool, mean, odd": (
        lambda: conv_network(SQUARE, downsampling="pool", modules=2),
        lambda: conv_tasks(3, shape=SQUARE),
    ),
    "conv, pool, flatten, one module": (
        lambda: conv_network(SQUARE, downsampling="pool", output="flatten", modules=1),
        lambda: conv_tasks(3, shape=SQUARE),
    ),
    "mlp, sine": (lambda: mlp_network(), lambda: sine_tasks(3)),
    "mlp, images": (
        lambda: mlp_network((6, 5), (1, 12, 12), 3, "classification"),
        lambda: conv_tasks(3),
    ),
    "resnet12, batch norm": (
        lambda: resnet_network(SQUARE),
        lambda: conv_tasks(3, shape=SQUARE),
    ),
    "resnet12, group norm": (
        lambda: resnet_network(SQUARE, norm="group", groups=2),
        lambda: conv_tasks(3, shape=SQUARE),
    ),
}


@pytest.fixture(params=["cpu", "cuda"])
def device(request, settings):
    """Every device of this machine."""
    if request.param == "cuda" and not torch.cuda.is_available():
        pytest.skip("torch sees no GPU")
    return request.param


@pytest.fixture(params=CASES)
def case(request, device):
    """The engine, the reference, a theta and tasks."""
    network, tasks = (make() for make in CASES[request.param])
    fast = vectorized.Engine(network, device, tasks_at_once=2)
    return fast, engine(network), start(network), tasks


@pytest.fixture(params=["number", "vector"])
def inner_rates(request, case):
    return 0.05 if request.param == "number" else rates(case[0].network)


def apart(theta, count):
    """A theta for each of several tasks."""
    return torch.stack([theta * (1 + 0.01 * i) for i in range(count)])


def like(theta, seed=0):
    generator = torch.Generator().manual_seed(seed)
    return torch.randn(theta.shape, generator=generator, dtype=theta.dtype)


@pytest.mark.parametrize("second_order", [True, False])
def test_meta_gradients_are_the_references(case, inner_rates, second_order):
    fast, plain, theta, tasks = case
    found, expected = (
        e.meta_gradient(theta, tasks, 3, inner_rates, second_order, True) for e in (fast, plain)
    )
    assert relative(found.gradient, expected.gradient) < 1e-11
    assert relative(found.rates, expected.rates) < 1e-11
    assert found[1:3] == pytest.approx(expected[1:3], rel=1e-11, nan_ok=True)
    assert np.isnan(found.accuracy) == (fast.network.tasks == "regression")


def test_no_step_is_the_gradient_at_the_start(case):
    fast, plain, theta, tasks = case
    found, expected = (e.meta_gradient(theta, tasks, 0, 0.1, True, True) for e in (fast, plain))
    assert relative(found.gradient, expected.gradient) < 1e-11
    assert not found.rates.any()
    assert torch.equal(fast.adapt(theta, tasks[0], 0, 0.1), theta)


def test_rates_have_no_gradient_unless_asked_for(case):
    fast, _, theta, tasks = case
    assert fast.meta_gradient(theta, tasks, 1, 0.1, True).rates is None


def test_adaptation_and_pulling_back_are_the_references(case, inner_rates):
    fast, plain, theta, tasks = case
    thetas, v = apart(theta, 3), like(apart(theta, 3))
    found, expected = (e.adapt_each(thetas, tasks, 3, inner_rates) for e in (fast, plain))
    assert relative(found - thetas, expected - thetas) < 1e-11
    found, expected = (e.pull_back_each(thetas, tasks, 3, inner_rates, v) for e in (fast, plain))
    assert relative(found - v, expected - v) < 1e-11


def test_gradients_losses_and_accuracies_are_the_references(case):
    fast, plain, theta, tasks = case
    data = [t.target_x for t in tasks], [t.target_y for t in tasks]
    found, expected = (e.gradient_each(apart(theta, 3), *data) for e in (fast, plain))
    for one, other in zip(found, expected, strict=True):
        assert relative(one.gradient, other.gradient) < 1e-11
        assert one[1:3] == pytest.approx(other[1:3], rel=1e-11, nan_ok=True)
    evaluated = fast.evaluate_each(apart(theta, 3), *data)
    assert evaluated == [pytest.approx(e[1:3], rel=1e-11, nan_ok=True) for e in expected]


def test_hessian_products_are_the_references(case):
    fast, plain, theta, tasks = case
    thetas = apart(theta, 3)
    data = [t.support_x for t in tasks], [t.support_y for t in tasks]
    seen = []
    for members, product in fast.hessian_products(thetas, *data):
        seen.append(members)
        for seed in range(2):
            v = like(thetas[members], seed)
            for index, found, one in zip(members, product(v), v, strict=True):
                of = plain.hessian_product(thetas[index], *(each[index] for each in data))
                assert relative(found, of(one)) < 1e-11
    assert seen == [[0, 1], [2]]


def test_one_task_is_a_group_of_one(case):
    fast, plain, theta, (task, *_) = case
    v, data = like(theta), (task.support_x, task.support_y)
    asked = [
        lambda e: e.adapt(theta, task, 2, 0.1),
        lambda e: e.pull_back(theta, task, 2, 0.1, v),
        lambda e: e.gradient(theta, *data).gradient,
        lambda e: e.hessian_product(theta, *data)(v),
    ]
    assert all(relative(of(fast), of(plain)) < 1e-11 for of in asked)
    assert fast.evaluate(theta, *data) == pytest.approx(
        plain.evaluate(theta, *data), rel=1e-11, nan_ok=True
    )


@pytest.mark.parametrize("size", [1, 2, 3, 8, None])
def test_a_meta_gradient_does_not_depend_on_the_groups(size):
    network, tasks = conv_network(), conv_tasks(5)
    theta = start(network)
    found = vectorized.Engine(network, tasks_at_once=size).meta_gradient(theta, tasks, 2, 0.1, True)
    expected = engine(network).meta_gradient(theta, tasks, 2, 0.1, True)
    assert relative(found.gradient, expected.gradient) < 1e-11


def test_tasks_of_several_sizes_are_computed_in_their_order():
    network, theta = conv_network(), start(conv_network())
    small = [Task(t.support_x[:4], t.support_y[:4], *t[2:]) for t in conv_tasks(2)]
    tasks = [*conv_tasks(1, seed=2), *small, *conv_tasks(1, seed=3)]
    found, expected = (
        e.adapt_each(theta.expand(4, -1), tasks, 2, 0.1)
        for e in (vectorized.Engine(network), engine(network))
    )
    assert relative(found, expected) < 1e-11


def test_the_same_bytes_come_again(case):
    fast, _, theta, tasks = case
    gradients = [fast.meta_gradient(theta, tasks, 2, 0.1, True).gradient for _ in range(2)]
    assert torch.equal(*gradients)


def test_single_precision_is_close():
    network = conv_network()
    theta = initialize(network, np.random.default_rng(0))
    tasks = [Task(a.float(), b, c.float(), d) for a, b, c, d in conv_tasks(3)]
    found, expected = (
        e.meta_gradient(theta, tasks, 1, 0.1, True).gradient
        for e in (vectorized.Engine(network), engine(network))
    )
    assert found.dtype == torch.float32 and relative(found, expected) < 1e-4


# --- what a GPU is asked for, without one


def test_nothing_in_an_iteration_waits_for_the_device(case):
    """Tensors of the device `meta` have no values: whatever asks for one fails."""
    fast, _, theta, tasks = case
    there = vectorized.Engine(fast.network, "meta", tasks_at_once=2)
    for _, (x, y) in there._groups("", print, *vectorized._supports(tasks)):
        thetas = theta.to("meta").expand(len(x), -1)
        adapted, points = there._descend(thetas, x, y, 2, 0.1, keep=True)
        assert {t.device.type for t in (adapted, points[0].product(thetas))} == {"meta"}


def test_a_group_is_what_memory_holds_and_is_found_out_once(monkeypatch):
    seen = []
    monkeypatch.setattr(vectorized, "fitting", lambda one: seen.append(one()) or 2)
    fast = vectorized.Engine(conv_network())
    fast.device = torch.device("cpu")  # which is not the text "cpu", so that memory is asked
    theta, tasks = start(fast.network), conv_tasks(5)
    found = [fast.meta_gradient(theta, tasks, 2, 0.1, True).gradient for _ in range(2)]
    assert len(seen) == 1 and len(seen[0][0]) == 1
    expected = vectorized.Engine(fast.network, tasks_at_once=2)
    assert torch.equal(found[1], expected.meta_gradient(theta, tasks, 2, 0.1, True).gradient)
    fast.meta_gradient(theta, tasks, 3, 0.1, True)
    assert len(seen) == 2


# --- which networks it is chosen for


class Other(conv.Network):
    """A network of the user's own."""


def of_others_making():
    known = conv_network()
    return Other(known.options, known.input_shape, known.output_size, known.tasks)


def test_on_a_gpu_it_serves_the_networks_of_the_package(case, monkeypatch):
    monkeypatch.setattr(Choice, "place", lambda self: "cuda")
    monkeypatch.setattr(vectorized, "prepare", lambda *of: None)
    chosen = Choice("auto", precision="tf32", tasks_at_once=3).of(case[0].network)
    assert type(chosen) is vectorized.Engine and chosen.device == "cuda"
    monkeypatch.setattr(reference, "prepare", lambda *of: None)
    assert type(Choice("auto").of(of_others_making())) is reference.Engine


def test_asked_for_by_name_it_takes_any_network():
    network = of_others_making()
    chosen = Choice("vectorized").of(network)
    assert type(chosen) is vectorized.Engine
    theta, tasks = start(network), conv_tasks(2)
    found, expected = (
        e.meta_gradient(theta, tasks, 1, 0.1, True).gradient for e in (chosen, engine(network))
    )
    assert relative(found, expected) < 1e-11
