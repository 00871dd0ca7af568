"""Algorithm 1's step; its meta-gradient is in tests/algorithms/test_episodic.py."""

import pytest
import torch
from pydantic import ValidationError
from torch.nn.functional import normalize

from metalandscape.regularizers.trajectory_angle import Options, correct


def solutions(count=4, size=6):
    generator = torch.Generator().manual_seed(0)
    theta = torch.randn(size, generator=generator, dtype=torch.float64)
    return theta, theta + torch.randn(count, size, generator=generator, dtype=torch.float64)


def test_the_step_is_the_gradient_of_the_penalty_with_the_mean_held_fixed():
    theta, adapted = solutions()
    mean, leaf = normalize(adapted - theta).mean(0), adapted.clone().requires_grad_()
    omega = -(normalize(leaf - theta) @ mean)
    (expected,) = torch.autograd.grad(omega.sum(), leaf)
    found = correct(adapted, theta, Options(gamma=0.3))
    torch.testing.assert_close(found, adapted - 0.3 * expected)


def test_it_turns_solutions_towards_the_mean_direction():
    theta = torch.zeros(2, dtype=torch.float64)
    adapted = torch.tensor([[1.0, 0.0], [0.0, 2.0]], dtype=torch.float64)
    # dir_mu = (1/2, 1/2); across (1, 0) it is (0, 1/2), over a norm of 1; the other over 2.
    expected = torch.tensor([[1.0, 0.25], [0.125, 2.0]], dtype=torch.float64)
    torch.testing.assert_close(correct(adapted, theta, Options(gamma=0.5)), expected)


def test_gamma_0_changes_nothing():
    theta, adapted = solutions()
    assert torch.equal(correct(adapted, theta, Options(gamma=0.0)), adapted)


def test_it_is_differentiable_in_solutions_and_start():
    theta, adapted = (t.requires_grad_() for t in solutions(3, 4))
    assert torch.autograd.gradcheck(lambda a, t: correct(a, t, Options()), (adapted, theta))


def test_gamma_is_the_papers_by_default_and_never_negative():
    assert Options().gamma == 0.5
    with pytest.raises(ValidationError):
        Options(gamma=-0.1)
