"""Quadratures of dense Hessians of tiny networks, in float64."""

import numpy as np
import pytest
import torch

from helpers import conv_network, conv_tasks, engine, mlp_network, sine_tasks, start
from metalandscape.metrics._quadrature import quadratures


def hessian(network, theta, task):
    return torch.autograd.functional.hessian(
        lambda t: network.loss(t, task.support_x, task.support_y), theta
    )


@pytest.fixture(params=["mlp", "conv"])
def case(request):
    """A network, its theta and a task."""
    if request.param == "mlp":
        return mlp_network((3, 3)), start(mlp_network((3, 3))), sine_tasks(1)[0]
    network = conv_network(filters=2, modules=1)
    return network, start(network), conv_tasks(1)[0]


def products(network, theta, task):
    product = engine(network).hessian_product(theta, task.support_x, task.support_y)
    return lambda v: product(v[0]).unsqueeze(0)


@pytest.mark.parametrize("steps", [1, 4, 6])
def test_moments_up_to_twice_the_steps_are_exact(case, steps):
    matrix = hessian(*case)
    v = torch.from_numpy(np.random.default_rng(0).standard_normal(len(matrix)))
    (found,) = quadratures(products(*case), v[None], steps)
    v /= v.norm()
    scale = torch.linalg.matrix_norm(matrix, 2).item()
    for degree in range(2 * steps):
        moment = v @ torch.linalg.matrix_power(matrix / scale, degree) @ v
        assert found.weights @ (found.nodes / scale) ** degree == pytest.approx(
            moment.item(), abs=1e-10
        )


def test_starts_along_all_axes_have_the_moments_of_the_spectrum(case):
    matrix = hessian(*case)
    size = len(matrix)
    scale = torch.linalg.matrix_norm(matrix, 2).item()
    own = [quadratures(products(*case), axis[None], size)[0] for axis in torch.eye(size).double()]
    for degree in range(8):
        found = np.mean([q.weights @ (q.nodes / scale) ** degree for q in own])
        expected = torch.linalg.matrix_power(matrix / scale, degree).trace() / size
        assert found == pytest.approx(expected.item(), abs=1e-10)


def test_an_eigenvalue_lies_as_close_as_the_residual_says(case):
    matrix = hessian(*case)
    values = torch.linalg.eigvalsh(matrix).numpy()
    v = torch.from_numpy(np.random.default_rng(1).standard_normal(len(matrix)))
    (found,) = quadratures(products(*case), v[None], 8)
    near = np.abs(values - found.nodes[:, None]).min(1)
    assert (near <= found.residuals + 1e-12).all() and found.residuals.max() > 1e-6


def test_operators_that_end_at_different_steps_keep_apart():
    diagonals = torch.tensor([[2.0, 2, 2, 2], [1, 2, 3, 4]]).double()
    one, four = quadratures(lambda v: diagonals * v, torch.ones(2, 4).double(), 10)
    assert one.nodes == pytest.approx([2.0]) and one.weights == pytest.approx([1.0])
    assert four.nodes == pytest.approx([1, 2, 3, 4]) and four.weights == pytest.approx([0.25] * 4)
