import pytest
import torch

from helpers import gradient, image_run, relative
from metalandscape.ground.errors import UserError


def summed_gradients(network, theta, x, y, steps, rate):
    """What Reptile's displacement over the rate is: the gradients along adaptation, summed."""
    total = torch.zeros_like(theta)
    for _ in range(steps):
        step = gradient(network, theta, x, y)
        total, theta = total + step, theta - rate * step
    return total


def test_the_pseudo_gradient_sums_the_gradients_on_the_support_set(case):
    reptile, theta, tasks = case({"name": "reptile", "data": "support"})
    found = reptile.meta_gradient({"theta": theta}, tasks).gradient
    sums = [
        summed_gradients(reptile.network, theta, t.support_x, t.support_y, 3, 0.03125)
        for t in tasks
    ]
    assert relative(found, torch.stack(sums).mean(0)) <= 1e-12


def test_it_adapts_to_the_target_set_too(case):
    reptile, theta, tasks = case("reptile")
    found = reptile.meta_gradient({"theta": theta}, tasks).gradient
    sums = []
    for task in tasks:
        x = torch.cat([task.support_x, task.target_x])
        y = torch.cat([task.support_y, task.target_y])
        sums.append(summed_gradients(reptile.network, theta, x, y, 3, 0.03125))
    assert relative(found, torch.stack(sums).mean(0)) <= 1e-12


def test_a_step_of_gradient_descent_at_the_inner_rate_goes_to_the_mean_solution(case):
    reptile, theta, tasks = case({"name": "reptile", "data": "support"})
    found = reptile.meta_gradient({"theta": theta}, tasks).gradient
    learner = reptile.learner({"theta": theta})
    solutions = torch.stack([learner.adapt(task) for task in tasks])
    torch.testing.assert_close(theta - 0.03125 * found, solutions.mean(0), rtol=0, atol=1e-14)


def test_loss_and_accuracy_are_those_of_the_target_sets(case):
    reptile, theta, tasks = case({"name": "reptile", "data": "support"})
    found = reptile.meta_gradient({"theta": theta}, tasks)
    learner = reptile.learner({"theta": theta})
    outputs = [learner.predict(learner.adapt(t), t.target_x) for t in tasks]
    losses = [
        reptile.network.criterion(o, t.target_y).item() for o, t in zip(outputs, tasks, strict=True)
    ]
    assert found.loss == pytest.approx(sum(losses) / 2)


def test_unknown_data_are_refused():
    with pytest.raises(UserError, match=r"algorithm\.data: expected 'all' or 'support'"):
        image_run(algorithm={"name": "reptile", "data": "target"})


@pytest.mark.parametrize("data", ["support", "all"])
def test_it_learns_letters(learned, data):
    words = {"name": "reptile", "data": data}
    before, after, _ = learned(words, shot=5, outer_rate=0.003, iterations=250)
    assert after > before + 0.1
