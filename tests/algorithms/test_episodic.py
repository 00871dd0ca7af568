import pytest
import torch

from helpers import (
    adapt,
    algorithm,
    conv_network,
    conv_tasks,
    engine,
    gradient,
    image_dataset,
    image_run,
    meta_gradients,
    mlp_network,
    relative,
    sine_tasks,
    start,
)
from metalandscape.networks import unflatten
from metalandscape.tasks import episodes

CASES = {
    "stride": (lambda: conv_network(), lambda: conv_tasks(2), 0.1),
    "pool": (
        lambda: conv_network((1, 16, 16), downsampling="pool", output="flatten"),
        lambda: conv_tasks(2, shape=(1, 16, 16)),
        0.1,
    ),
    "sine": (lambda: mlp_network(), lambda: sine_tasks(2), 0.01),
}


@pytest.fixture(params=CASES)
def setting(request):
    network, tasks, rate = CASES[request.param]
    network = network()
    return network, start(network), tasks(), rate


@pytest.fixture(params=["reference", "auto"])
def meta_gradient(request):
    """The meta-gradient of a network by an engine."""

    def compute(network, *arguments, **options):
        return engine(network, request.param).meta_gradient(*arguments, **options)

    return compute


def objective(network, theta, tasks, steps, rate):
    adapted = [adapt(network, theta, task, steps, rate) for task in tasks]
    losses = [network.loss(a, t.target_x, t.target_y) for a, t in zip(adapted, tasks, strict=True)]
    return torch.stack(losses).mean()


def plain_loop(network, theta, tasks, steps, rate, second_order):
    """MAML as it is usually written: named leaf tensors, one task after the other, backward()."""
    leaves = {n: p.clone().requires_grad_() for n, p in unflatten(network, theta).items()}

    def task_loss(tensors, x, y):
        return network.loss(torch.cat([t.reshape(-1) for t in tensors.values()]), x, y)

    for task in tasks:
        fast = dict(leaves)
        for _ in range(steps):
            inner = task_loss(fast, task.support_x, task.support_y)
            grads = torch.autograd.grad(inner, list(fast.values()), create_graph=second_order)
            fast = {n: p - rate * g for (n, p), g in zip(fast.items(), grads, strict=True)}
        (task_loss(fast, task.target_x, task.target_y) / len(tasks)).backward()
    return torch.cat([p.grad.reshape(-1) for p in leaves.values()])


def test_maml_agrees_with_finite_differences(setting, meta_gradient):
    network, theta, tasks, rate = setting
    exact = meta_gradient(network, theta, tasks, 3, rate, second_order=True).gradient
    for seed in range(4):
        generator = torch.Generator().manual_seed(seed)
        v = torch.randn(len(theta), generator=generator, dtype=torch.float64)
        v /= v.norm()
        ends = [objective(network, theta + s * 1e-6 * v, tasks, 3, rate).item() for s in (1, -1)]
        assert (ends[0] - ends[1]) / 2e-6 == pytest.approx((exact @ v).item(), rel=1e-5, abs=1e-8)


@pytest.mark.parametrize("second_order", [True, False])
def test_both_orders_agree_with_a_plain_loop(setting, meta_gradient, second_order):
    network, theta, tasks, rate = setting
    ours = meta_gradient(network, theta, tasks, 3, rate, second_order).gradient
    expected = plain_loop(network, theta, tasks, 3, rate, second_order)
    torch.testing.assert_close(ours, expected, rtol=1e-10, atol=1e-12)


def test_first_order_lacks_the_second_order_term(setting, meta_gradient):
    network, theta, tasks, rate = setting
    first = meta_gradient(network, theta, tasks, 3, rate, second_order=False).gradient
    second = meta_gradient(network, theta, tasks, 3, rate, second_order=True).gradient
    assert (first - second).norm() > 1e-3 * second.norm()
    at_solutions = [
        gradient(network, adapt(network, theta, t, 3, rate), t.target_x, t.target_y) for t in tasks
    ]
    torch.testing.assert_close(first, torch.stack(at_solutions).mean(0))


def test_loss_and_accuracy_are_those_of_the_target_sets(meta_gradient):
    network, tasks = conv_network(), conv_tasks(3)
    theta = start(network)
    outer = meta_gradient(network, theta, tasks, 2, 0.1, second_order=True)
    assert outer.loss == pytest.approx(objective(network, theta, tasks, 2, 0.1).item())
    assert 0 <= outer.accuracy <= 1


# --- the algorithms


@pytest.mark.parametrize(("name", "second_order"), [("maml", True), ("first_order_maml", False)])
def test_each_algorithm_has_its_order(case, name, second_order):
    made, theta, tasks = case(name)
    found = made.meta_gradient({"theta": theta}, tasks)
    rates = torch.full_like(theta, 0.03125)
    expected, _ = meta_gradients(made.network, theta, tasks, 3, rates, second_order)
    assert relative(found.gradient, expected) <= 1e-12


def test_a_step_is_the_meta_gradient_on_fresh_tasks():
    dataset, run = image_dataset(), image_run()
    made = algorithm(run, dataset, seed=3)
    meta = made.initial()
    outer = made.step(meta, dataset, 7)
    expected = made.meta_gradient(meta, episodes.sample(dataset, run, 3, 7))
    assert outer.gradients.keys() == {"theta"}
    assert torch.equal(outer.gradients["theta"], expected.gradient)
    assert (outer.loss, outer.accuracy) == (expected.loss, expected.accuracy)


def test_a_step_has_a_gradient_for_every_meta_parameter():
    dataset = image_dataset()
    made = algorithm(image_run(algorithm="meta_sgd"), dataset)
    meta = made.initial()
    gradients = made.step(meta, dataset, 0).gradients
    assert gradients.keys() == meta.keys()
    assert all(gradients[name].shape == meta[name].shape for name in meta)


def test_the_learner_starts_from_theta_with_the_settings_of_meta_test(case):
    made, theta, tasks = case("maml", test={"inner_steps": 5, "inner_rate": 0.0625})
    learner = made.learner({"theta": theta})
    assert (learner.steps, learner.rates) == (5, 0.0625)
    assert torch.equal(learner.start(tasks[0]), theta)
    expected = adapt(made.network, theta.clone().requires_grad_(), tasks[0], 5, 0.0625)
    torch.testing.assert_close(learner.adapt(tasks[0]), expected.detach(), rtol=1e-12, atol=1e-14)


@pytest.mark.parametrize("name", ["maml", "first_order_maml"])
def test_they_learn_letters(learned, name):
    before, after, _ = learned(name, iterations=200)
    assert after > before + 0.1
