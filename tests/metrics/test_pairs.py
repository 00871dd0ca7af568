import numpy as np
import pytest
import torch

from metalandscape.metrics._pairs import pair_average


def vectors(n=7, size=5, seed=0):
    return list(torch.from_numpy(np.random.default_rng(seed).standard_normal((n, size)) + 0.5))


def double_loop(us):
    products = [float(u @ v) for i, u in enumerate(us) for j, v in enumerate(us) if i != j]
    return np.mean(products)


def test_it_equals_the_explicit_double_loop():
    us = vectors()
    measured = pair_average("p", "test", lambda: us)
    assert measured.value == pytest.approx(double_loop(us), rel=1e-14)
    assert measured.per_task.mean() == pytest.approx(measured.value, rel=1e-14)


def test_hand_made_vectors():
    us = [torch.tensor(u, dtype=torch.float64) for u in ([1, 0], [0, 1], [1, 1])]
    assert pair_average("p", "test", lambda: us).value == pytest.approx((0 + 1 + 1) / 3)


def test_its_error_is_the_jackknife_over_tasks():
    us = vectors(9)
    left_out = np.array([double_loop(us[:i] + us[i + 1 :]) for i in range(9)])
    expected = np.sqrt(8 / 9 * ((left_out - left_out.mean()) ** 2).sum())
    assert pair_average("p", "test", lambda: us).stderr == pytest.approx(expected, rel=1e-12)


def test_its_error_is_that_of_repeated_sampling():
    values, errors = [], []
    for seed in range(400):
        us = vectors(40, 3, seed)
        measured = pair_average("p", "test", lambda us=us: us)
        values.append(measured.value)
        errors.append(measured.stderr)
    assert np.mean(errors) == pytest.approx(np.std(values), rel=0.1)


def test_float32_vectors_are_summed_in_float64():
    us = [torch.full((1000,), 1e4), torch.full((1000,), 1e-4), torch.full((1000,), -1e4)]
    exact = double_loop([u.double() for u in us])
    assert pair_average("p", "test", lambda: us).value == pytest.approx(exact, rel=1e-12)


def test_the_vectors_given_are_not_changed():
    us = vectors()
    before = [u.clone() for u in us]
    pair_average("p", "test", lambda: us)
    assert all(torch.equal(u, b) for u, b in zip(us, before, strict=True))


def test_two_vectors_are_too_few():
    with pytest.raises(ValueError, match="at least three"):
        pair_average("p", "test", lambda: vectors(2))
