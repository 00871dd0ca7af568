"""The batched engine against the reference."""

import numpy as np
import pytest
import torch

from helpers import conv_tasks, engine, mlp_network, rates, relative, sine_tasks, start
from metalandscape.engines import batched
from metalandscape.tasks.task import Task


def vector_tasks(count, inputs, outputs):
    generator = torch.Generator().manual_seed(4)

    def draw(n, size):
        return torch.randn((n, size), generator=generator, dtype=torch.float64)

    return [
        Task(draw(4, inputs), draw(4, outputs), draw(6, inputs), draw(6, outputs))
        for _ in range(count)
    ]


CASES = {
    "sine": (lambda: mlp_network((40, 40)), lambda: sine_tasks(5)),
    "one layer": (lambda: mlp_network((7,)), lambda: sine_tasks(5)),
    "three layers": (lambda: mlp_network((3, 4, 5)), lambda: sine_tasks(5)),
    "vectors": (lambda: mlp_network((6, 5), (3,), 2), lambda: vector_tasks(4, 3, 2)),
    "images": (
        lambda: mlp_network((6, 5), (1, 12, 12), 3, "classification"),
        lambda: conv_tasks(4),
    ),
}


@pytest.fixture(params=CASES)
def case(request):
    network, tasks = (make() for make in CASES[request.param])
    return network, start(network), tasks


@pytest.mark.parametrize("second_order", [True, False])
@pytest.mark.parametrize("vector", [True, False])
def test_meta_gradients_are_the_references(case, second_order, vector):
    network, theta, tasks = case
    arguments = (theta, tasks, 4, rates(network) if vector else 0.01, second_order, True)
    fast = engine(network, "auto")
    assert isinstance(fast, batched.Engine)
    found = fast.meta_gradient(*arguments)
    expected = engine(network).meta_gradient(*arguments)
    assert relative(found.gradient, expected.gradient) < 1e-12
    assert relative(found.rates, expected.rates) < 1e-12
    assert found.loss == pytest.approx(expected.loss, rel=1e-12)
    assert found.accuracy == pytest.approx(expected.accuracy, nan_ok=True)
    assert np.isnan(found.accuracy) == (network.tasks == "regression")


def test_rates_have_no_gradient_unless_asked_for(case):
    network, theta, tasks = case
    assert engine(network, "auto").meta_gradient(theta, tasks, 1, 0.01, True).rates is None


def test_a_network_that_is_derived_is_not_taken_for_the_one_that_is_known():
    class Other(type(mlp_network())):
        pass

    plain = mlp_network()
    other = Other(plain.options, plain.input_shape, plain.output_size, plain.tasks)
    assert not isinstance(engine(other, "auto"), batched.Engine)
