"""The penalty on inner products: its step, and its meta-gradient against one whole graph."""

import pytest
import torch

from helpers import adapt, conv_network, conv_tasks, engine, mlp_network, sine_tasks, start
from metalandscape.algorithms._episodic import regularized_meta_gradient
from metalandscape.regularizers.gradient_coherence import Options, correct


def solutions(count=4, size=6):
    generator = torch.Generator().manual_seed(0)
    theta = torch.randn(size, generator=generator, dtype=torch.float64)
    return theta, theta + torch.randn(count, size, generator=generator, dtype=torch.float64)


def test_the_step_is_the_gradient_of_the_penalty_with_the_others_held_fixed():
    theta, adapted = solutions()
    leaf = adapted.clone().requires_grad_()
    for i in range(len(adapted)):
        others = torch.cat([adapted[:i], adapted[i + 1 :]]).mean(0) - theta
        omega = -(leaf[i] - theta) @ others
        (expected,) = torch.autograd.grad(omega, leaf)
        found = correct(adapted, theta, Options(gamma=0.3))
        torch.testing.assert_close(found[i], adapted[i] - 0.3 * expected[i])


def test_gamma_0_and_a_single_task_change_nothing():
    theta, adapted = solutions()
    assert torch.equal(correct(adapted, theta, Options(gamma=0.0)), adapted)
    assert torch.equal(correct(adapted[:1], theta, Options()), adapted[:1])


def test_it_is_differentiable_in_solutions_and_start():
    theta, adapted = (t.requires_grad_() for t in solutions(3, 4))
    assert torch.autograd.gradcheck(lambda a, t: correct(a, t, Options()), (adapted, theta))


def corrected_loss(network, theta, tasks, steps, rate, gamma):
    """The mean target loss at corrected solutions as one graph, by the formula written out."""
    adapted = torch.stack([adapt(network, theta, t, steps, rate, create_graph=True) for t in tasks])
    moved = [
        a + gamma * torch.stack([b - theta for j, b in enumerate(adapted) if j != i]).mean(0)
        for i, a in enumerate(adapted)
    ]
    losses = [network.loss(a, t.target_x, t.target_y) for a, t in zip(moved, tasks, strict=True)]
    return torch.stack(losses).mean(), adapted


CASES = {
    "images": (conv_network, lambda: conv_tasks(3), 0.1),
    "sine": (mlp_network, lambda: sine_tasks(3), 0.01),
}


@pytest.mark.parametrize("name", ["reference", "auto"])
@pytest.mark.parametrize("case", CASES)
def test_the_meta_gradient_is_autograds_of_the_whole_graph(case, name):
    network, tasks, rate = CASES[case]
    network, tasks = network(), tasks()
    theta = start(network)
    leaf = theta.clone().requires_grad_()
    loss, _ = corrected_loss(network, leaf, tasks, 3, rate, 0.5)
    (expected,) = torch.autograd.grad(loss, leaf)
    own = engine(network, name)
    found = regularized_meta_gradient(
        own, theta, tasks, 3, rate, True, lambda a, t: correct(a, t, Options())
    )
    assert (found.gradient - expected).norm() <= 1e-10 * expected.norm()
    assert found.loss == pytest.approx(loss.item(), rel=1e-12)


def test_to_first_order_it_lowers_the_loss_minus_inner_products():
    """d loss / d gamma at 0 is minus the mean over i != j of (-grad L_i) . (theta~_j - theta^s)."""
    network, tasks = mlp_network(), sine_tasks(3)
    theta = start(network).requires_grad_()
    ends = [corrected_loss(network, theta, tasks, 1, 0.01, g)[0].item() for g in (1e-5, -1e-5)]
    _, adapted = corrected_loss(network, theta, tasks, 1, 0.01, 0.0)
    descents = []
    for a, task in zip(adapted, tasks, strict=True):
        (g,) = torch.autograd.grad(
            network.loss(a, task.target_x, task.target_y), a, retain_graph=True
        )
        descents.append(-g)
    products = [
        (g @ (b - theta)).item()
        for i, g in enumerate(descents)
        for j, b in enumerate(adapted)
        if i != j
    ]
    assert (ends[0] - ends[1]) / 2e-5 == pytest.approx(-sum(products) / len(products), rel=1e-6)
