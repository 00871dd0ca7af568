import numpy as np
import pytest
import torch

from helpers import conv_model, conv_tasks, engine, mlp_model, sine_tasks, start
from metalandscape.metrics._lanczos import extremes
from metalandscape.metrics.hessian import spectrum
from metalandscape.models import loss


def dense(model, theta, task):
    return torch.autograd.functional.hessian(
        lambda t: loss(model, t, task.support_x, task.support_y), theta
    )


def random_start(size, seed=0):
    return torch.from_numpy(np.random.default_rng(seed).standard_normal(size))


def nets():
    for seed in range(3):
        model = conv_model(filters=3)
        yield model, start(model, seed), conv_tasks(1, seed)[0]
    yield mlp_model(), start(mlp_model()), sine_tasks(1)[0]


@pytest.mark.parametrize("name", ["reference", "auto"])
@pytest.mark.parametrize("case", range(4))
def test_the_norm_equals_that_of_the_dense_hessian(case, name):
    model, theta, task = list(nets())[case]
    matrix = dense(model, theta, task)
    values = torch.linalg.eigvalsh(matrix)
    product = engine(model, name).hessian_product(theta, task.support_x, task.support_y)
    v = random_start(len(theta), 1)
    torch.testing.assert_close(product(v), matrix @ v)
    found = extremes(product, random_start(len(theta)), 1e-3, 200)
    norm = values.abs().max().item()
    assert found.norm == pytest.approx(norm, rel=1e-3)
    assert found.largest == pytest.approx(values[-1].item(), abs=2e-3 * norm)
    assert found.smallest == pytest.approx(values[0].item(), abs=2e-3 * norm)
    assert found.residual <= 1e-3 * found.norm and found.other_residual <= 1e-2 * found.norm


@pytest.mark.parametrize("case", range(4))
def test_a_start_from_the_gradient_finds_the_same_and_never_needs_more_than_the_space(case):
    model, theta, task = list(nets())[case]
    values = torch.linalg.eigvalsh(dense(model, theta, task))
    data = (task.support_x, task.support_y)
    found = spectrum(engine(model), theta, *data, random_start(len(theta)), 1e-3, 200)
    assert found.norm == pytest.approx(values.abs().max().item(), rel=1e-3)
    assert found.products <= len(theta)


def test_ends_of_nearly_the_same_size_are_both_certified():
    values = torch.cat([torch.linspace(-0.5, 0.5, 300), torch.tensor([-1.0, 0.999])]).double()
    found = extremes(lambda v: values * v, random_start(302), 1e-3, 300)
    assert max(found.residual, found.other_residual) <= 1e-3 * found.norm
    assert found.norm == pytest.approx(1.0, rel=1e-3)


def test_a_negative_dominant_eigenvalue_of_a_real_loss():
    """The negative of a loss has the spectrum mirrored: its norm is -lambda_min."""
    model, theta, task = next(nets())
    values = torch.linalg.eigvalsh(dense(model, theta, task))
    product = engine(model).hessian_product(theta, task.support_x, task.support_y)
    found = extremes(lambda v: -product(v), random_start(len(theta)), 1e-3, 200)
    assert abs(found.smallest) > found.largest
    assert found.norm == -found.smallest == pytest.approx(values.max().item(), rel=1e-3)


@pytest.mark.parametrize("spectrum", [(-9, -1, 0, 1, 4), (-3, -2, -1), (5, 5, 5, 5), (0, 0, 7)])
def test_known_spectra(spectrum):
    values = torch.tensor(spectrum, dtype=torch.float64)
    basis, _ = torch.linalg.qr(
        torch.from_numpy(np.random.default_rng(0).random((len(values),) * 2))
    )
    matrix = basis @ torch.diag(values) @ basis.T
    found = extremes(lambda v: matrix @ v, random_start(len(values)), 1e-9, 50)
    assert found.norm == pytest.approx(max(map(abs, spectrum)))
    assert found.products <= len(values)


def test_too_few_products_show_in_the_residual():
    values = torch.linspace(-1, 1.01, 300, dtype=torch.float64)
    found = extremes(lambda v: values * v, random_start(300), 1e-6, 5)
    assert found.products == 5 and found.residual > 1e-6


def test_the_residual_bounds_the_distance_to_an_eigenvalue():
    values = torch.from_numpy(np.random.default_rng(2).standard_normal(400))
    found = extremes(lambda v: values * v, random_start(400), 1e-2, 400)
    residuals = (found.residual, found.other_residual)
    for ritz, residual in zip(
        sorted((found.largest, found.smallest), key=abs)[::-1], residuals, strict=True
    ):
        assert (values - ritz).abs().min() <= residual + 1e-12
