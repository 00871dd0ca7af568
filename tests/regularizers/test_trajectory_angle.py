import pytest
import torch

from helpers import adapt, conv_model, conv_tasks, engine, mlp_model, sine_tasks, start
from metalandscape.algorithms._episodic import regularised_meta_gradient
from metalandscape.models import loss
from metalandscape.regularizers.trajectory_angle import correct

CASES = {
    "conv": (conv_model, lambda: conv_tasks(3), 0.1),
    "sine": (mlp_model, lambda: sine_tasks(3), 0.01),
}


@pytest.fixture(params=CASES)
def case(request):
    model, tasks, rate = CASES[request.param]
    model = model()
    return model, start(model), tasks(), rate


@pytest.fixture(params=["reference", "auto"])
def computing(request, case):
    return engine(case[0], request.param)


def with_gamma(gamma):
    return lambda adapted, theta: correct(adapted, theta, {"gamma": gamma})


def test_the_step_is_the_gradient_of_the_penalty_with_the_mean_held_fixed():
    generator = torch.Generator().manual_seed(0)
    theta = torch.randn(6, generator=generator, dtype=torch.float64)
    adapted = theta + torch.randn(4, 6, generator=generator, dtype=torch.float64)
    directions = torch.nn.functional.normalize(adapted - theta)
    mean, leaf = directions.mean(0), adapted.clone().requires_grad_()
    omega = -(torch.nn.functional.normalize(leaf - theta) @ mean)
    (expected,) = torch.autograd.grad(omega.sum(), leaf)
    torch.testing.assert_close(correct(adapted, theta, {"gamma": 0.3}), adapted - 0.3 * expected)


def test_it_turns_solutions_towards_the_mean_direction():
    theta = torch.zeros(2, dtype=torch.float64)
    adapted = torch.tensor([[1.0, 0.0], [0.0, 2.0]], dtype=torch.float64)
    # dir_mu = (1/2, 1/2); across (1, 0) it is (0, 1/2), over a norm of 1; the other over 2.
    expected = torch.tensor([[1.0, 0.25], [0.125, 2.0]], dtype=torch.float64)
    torch.testing.assert_close(correct(adapted, theta, {"gamma": 0.5}), expected)


@pytest.mark.parametrize("second_order", [True, False])
def test_gamma_0_is_maml(case, computing, second_order):
    _, theta, tasks, rate = case
    plain = computing.meta_gradient(theta, tasks, 3, rate, second_order)
    found = regularised_meta_gradient(
        computing, theta, tasks, 3, rate, second_order, with_gamma(0.0)
    )
    torch.testing.assert_close(found.gradient, plain.gradient, rtol=1e-10, atol=1e-13)
    assert found[1:] == pytest.approx(plain[1:], nan_ok=True)


def objective(model, theta, tasks, rate):
    """The meta-objective of Algorithm 1 in one graph, without any pulling back by hand."""
    adapted = torch.stack([adapt(model, theta, t, 3, rate, create_graph=True) for t in tasks])
    solutions = correct(adapted, theta, {"gamma": 0.5})
    losses = [loss(model, s, t.target_x, t.target_y) for s, t in zip(solutions, tasks, strict=True)]
    return torch.stack(losses).mean()


def test_the_meta_gradient_is_that_of_autograd_through_everything(case, computing):
    model, theta, tasks, rate = case
    leaf = theta.clone().requires_grad_()
    (expected,) = torch.autograd.grad(objective(model, leaf, tasks, rate), leaf)
    found = regularised_meta_gradient(computing, theta, tasks, 3, rate, True, with_gamma(0.5))
    torch.testing.assert_close(found.gradient, expected, rtol=1e-10, atol=1e-12)
    plain = computing.meta_gradient(theta, tasks, 3, rate, second_order=True)
    assert (found.gradient - plain.gradient).norm() > 1e-4 * plain.gradient.norm()
