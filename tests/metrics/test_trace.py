"""Traces of operators whose trace is known, in float64."""

import numpy as np
import pytest
import torch

from metalandscape.metrics._trace import traces


def symmetric(values, seed=0):
    """A matrix of some eigenvalues."""
    basis = np.linalg.qr(np.random.default_rng(seed).standard_normal((len(values),) * 2)).Q
    return torch.from_numpy(basis * values @ basis.T)


def of(matrices, count, seed=0):
    shape = (len(matrices), count, len(matrices[0]))
    drawn = torch.from_numpy(np.random.default_rng(seed).integers(0, 2, shape) * 2.0 - 1)
    stacked = torch.stack(list(matrices))
    return traces(lambda v: (stacked @ v.unsqueeze(2)).squeeze(2), drawn)


def test_a_trace_whose_rank_the_sketch_covers_is_exact():
    matrix = symmetric(np.r_[5.0, -3, 2, 1, np.zeros(36)])
    (found,) = of([matrix], 8)
    assert found.value == pytest.approx(5.0, abs=1e-10) and found.error < 1e-10


def test_more_probes_than_dimensions_are_exact():
    (found,) = of([symmetric(np.linspace(-1, 2, 6))], 14)
    assert found.value == pytest.approx(3.0, abs=1e-10)


def test_every_task_has_its_own_operator():
    matrices = [symmetric(np.r_[scale, 1.0, np.zeros(18)]) for scale in (2.0, 7.0, -4.0)]
    assert [f.value for f in of(matrices, 8)] == pytest.approx([3.0, 8.0, -3.0], abs=1e-10)


def test_the_error_is_that_of_the_estimate():
    """Over many draws the estimates spread about the trace as far as their errors say."""
    values = 1 / np.arange(1, 61) ** 0.5 * (-1.0) ** (np.arange(60) % 3 == 0)
    found = [of([symmetric(values)], 40, seed)[0] for seed in range(300)]
    estimates, errors = np.array(found).T
    off = estimates - values.sum()
    assert abs(off.mean()) < 4 * off.std() / np.sqrt(300)
    assert np.sqrt(np.mean(errors**2)) == pytest.approx(off.std(), rel=0.15)


def test_large_eigenvalues_do_not_blur_it():
    """What Hutch++ is for: the same bulk with outliers has the same error."""
    bulk = np.random.default_rng(1).uniform(-0.1, 0.1, 95)
    (found,) = of([symmetric(np.r_[1e4, 1e3, 100, 50, 10, bulk])], 40)
    assert found.error < 1 and found.value == pytest.approx(11160 + bulk.sum(), abs=4)
