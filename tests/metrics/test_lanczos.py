"""Both ends of the spectrum of operators whose spectrum is known."""

import sys
from pathlib import Path

import numpy as np
import pytest
import torch

from metalandscape.metrics._lanczos import Limits, extremes

ROOT = Path(__file__).parents[2]
sys.path.insert(0, str(ROOT / "benchmarks"))

import lanczos_failures  # noqa: E402


def random_start(size, seed=0):
    return torch.from_numpy(np.random.default_rng(seed).standard_normal(size))


def test_ends_of_nearly_the_same_size_are_both_within_their_tolerance():
    values = torch.cat([torch.linspace(-0.5, 0.5, 300), torch.tensor([-1.0, 0.999])]).double()
    found = extremes(lambda v: values * v, random_start(302), Limits(1e-3, 1e-2, most=300))
    assert max(found.residual, found.other_residual) <= 1e-3 * found.norm
    assert found.norm == pytest.approx(1.0, rel=1e-3)


@pytest.mark.parametrize("spectrum", [(-9, -1, 0, 1, 4), (-3, -2, -1), (5, 5, 5, 5), (0, 0, 7)])
def test_known_spectra(spectrum):
    values = torch.tensor(spectrum, dtype=torch.float64)
    basis, _ = torch.linalg.qr(
        torch.from_numpy(np.random.default_rng(0).random((len(values),) * 2))
    )
    matrix = basis @ torch.diag(values) @ basis.T
    found = extremes(lambda v: matrix @ v, random_start(len(values)), Limits(1e-9, 1e-9, most=50))
    assert found.norm == pytest.approx(max(map(abs, spectrum)))
    assert found.products <= len(values)


def test_too_few_products_show_in_the_residual():
    values = torch.linspace(-1, 1.01, 300, dtype=torch.float64)
    found = extremes(lambda v: values * v, random_start(300), Limits(1e-6, 1e-5, most=5))
    assert found.products == 5 and found.residual > 1e-6


def test_the_residual_bounds_the_distance_to_an_eigenvalue():
    values = torch.from_numpy(np.random.default_rng(2).standard_normal(400))
    found = extremes(lambda v: values * v, random_start(400), Limits(1e-2, 1e-1, most=400))
    residuals = (found.residual, found.other_residual)
    for ritz, residual in zip(
        sorted((found.largest, found.smallest), key=abs)[::-1], residuals, strict=True
    ):
        assert (values - ritz).abs().min() <= residual + 1e-12


@pytest.mark.parametrize("cluster", [False, True])
def test_a_start_that_hardly_contains_the_top_needs_the_least_number_of_products(cluster):
    assert lanczos_failures.rate(1e-3, cluster, least=4) > 0.5
    assert lanczos_failures.rate(1e-3, cluster, least=Limits().least) == 0


def test_the_documented_failure_rates_are_measured():
    assert lanczos_failures.table() in (ROOT / "docs" / "reading.md").read_text()


def test_what_reaches_the_limit_is_not_converged():
    values = torch.linspace(-1, 1.01, 300, dtype=torch.float64)
    assert not extremes(
        lambda v: values * v, random_start(300), Limits(1e-9, 1e-9, most=8)
    ).converged
    assert extremes(lambda v: values * v, random_start(300), Limits(most=300)).converged
