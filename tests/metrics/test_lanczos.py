"""Both ends of the spectrum of operators whose spectrum is known."""

import numpy as np
import pytest
import torch

from metalandscape.metrics._lanczos import extremes


def random_start(size, seed=0):
    return torch.from_numpy(np.random.default_rng(seed).standard_normal(size))


def test_ends_of_nearly_the_same_size_are_both_certified():
    values = torch.cat([torch.linspace(-0.5, 0.5, 300), torch.tensor([-1.0, 0.999])]).double()
    found = extremes(lambda v: values * v, random_start(302), 1e-3, 300)
    assert max(found.residual, found.other_residual) <= 1e-3 * found.norm
    assert found.norm == pytest.approx(1.0, rel=1e-3)


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
