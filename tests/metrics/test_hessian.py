import numpy as np
import pytest
import torch

from helpers import conv_network, conv_tasks, engine, mlp_network, sine_tasks, start
from metalandscape.metrics._lanczos import Limits, extremes
from metalandscape.metrics.hessian import spectra


def dense(network, theta, task):
    return torch.autograd.functional.hessian(
        lambda t: network.loss(t, task.support_x, task.support_y), theta
    )


def random_start(size, seed=0):
    return torch.from_numpy(np.random.default_rng(seed).standard_normal(size))


def nets():
    for seed in range(3):
        network = conv_network(filters=3)
        yield network, start(network, seed), conv_tasks(1, seed)[0]
    yield mlp_network(), start(mlp_network()), sine_tasks(1)[0]


@pytest.mark.parametrize("name", ["reference", "auto"])
@pytest.mark.parametrize("case", range(4))
def test_the_norm_equals_that_of_the_dense_hessian(case, name):
    network, theta, task = list(nets())[case]
    matrix = dense(network, theta, task)
    values = torch.linalg.eigvalsh(matrix)
    product = engine(network, name).hessian_product(theta, task.support_x, task.support_y)
    v = random_start(len(theta), 1)
    torch.testing.assert_close(product(v), matrix @ v)
    found = extremes(product, random_start(len(theta)), Limits())
    norm = values.abs().max().item()
    assert found.norm == pytest.approx(norm, rel=1e-3)
    assert found.largest == pytest.approx(values[-1].item(), abs=2e-3 * norm)
    assert found.smallest == pytest.approx(values[0].item(), abs=2e-3 * norm)
    assert found.residual <= 1e-3 * found.norm and found.other_residual <= 1e-2 * found.norm


@pytest.mark.parametrize("case", range(4))
def test_a_start_from_the_gradient_finds_the_same_and_never_needs_more_than_the_space(case):
    network, theta, task = list(nets())[case]
    values = torch.linalg.eigvalsh(dense(network, theta, task))
    data = theta[None], [task.support_x], [task.support_y]
    (found,) = spectra(engine(network), *data, random_start(len(theta)), Limits())
    assert found.norm == pytest.approx(values.abs().max().item(), rel=1e-3)
    assert found.products <= len(theta)


@pytest.mark.parametrize("name", ["reference", "vectorized"])
def test_several_spectra_are_those_of_the_tasks_by_themselves(name):
    network, tasks = conv_network(filters=3), conv_tasks(6)
    thetas = torch.stack([start(network, seed) for seed in range(6)])
    thetas[1] = torch.nan
    noise = random_start(len(thetas[0]))
    xs, ys = [t.support_x for t in tasks], [t.support_y for t in tasks]
    found = spectra(engine(network, name), thetas, xs, ys, noise, Limits(least=2))
    assert np.isnan(found[1].norm) and not found[1].converged
    plain, products = engine(network), set()
    for index in (0, 2, 3, 4, 5):
        alone = thetas[[index]], [xs[index]], [ys[index]]
        (expected,) = spectra(plain, *alone, noise, Limits(least=2))
        assert found[index] == pytest.approx(expected, rel=1e-6)
        products.add(expected.products)
    assert len(products) > 1  # they don't end together


def test_a_negative_dominant_eigenvalue_of_a_real_loss():
    """The negative of a loss has the spectrum mirrored: its norm is -lambda_min."""
    network, theta, task = next(nets())
    values = torch.linalg.eigvalsh(dense(network, theta, task))
    product = engine(network).hessian_product(theta, task.support_x, task.support_y)
    found = extremes(lambda v: -product(v), random_start(len(theta)), Limits())
    assert abs(found.smallest) > found.largest
    assert found.norm == -found.smallest == pytest.approx(values.max().item(), rel=1e-3)


def test_it_is_taken_at_the_adapted_solution_of_the_support_loss(images):
    found = images.by("hessian", tolerance=1e-4)
    learner, task = images.learner, images.listed()[0]
    adapted = learner.adapt(task).double()
    double = task._replace(support_x=task.support_x.double())
    values = torch.linalg.eigvalsh(dense(learner.network, adapted, double))
    norm = found["hessian_norm", "test"]
    assert norm.per_task[0] == pytest.approx(values.abs().max().item(), rel=2e-3)
    assert (found["hessian_residual", "test"].per_task <= 1e-4 * norm.per_task).all()
    assert (found["hessian_products", "test"].per_task > 1).all()
