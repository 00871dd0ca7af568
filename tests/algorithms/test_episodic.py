import pytest
import torch

from helpers import adapt, conv_model, conv_tasks, engine, gradient, mlp_model, sine_tasks, start
from metalandscape.models import loss, unflatten

CASES = {
    "stride": (lambda: conv_model(), lambda: conv_tasks(2), 0.1),
    "pool": (
        lambda: conv_model(downsampling="pool", output="flatten", shape=(16, 16, 1)),
        lambda: conv_tasks(2, shape=(1, 16, 16)),
        0.1,
    ),
    "sine": (lambda: mlp_model(), lambda: sine_tasks(2), 0.01),
}


@pytest.fixture(params=CASES)
def case(request):
    model, tasks, rate = CASES[request.param]
    model = model()
    return model, start(model), tasks(), rate


@pytest.fixture(params=["reference", "auto"])
def meta_gradient(request):
    """The meta-gradient of a model by an engine."""

    def compute(model, *arguments, **options):
        return engine(model, request.param).meta_gradient(*arguments, **options)

    return compute


def objective(model, theta, tasks, steps, rate):
    adapted = [adapt(model, theta, task, steps, rate) for task in tasks]
    losses = [loss(model, a, t.target_x, t.target_y) for a, t in zip(adapted, tasks, strict=True)]
    return torch.stack(losses).mean()


def plain_loop(model, theta, tasks, steps, rate, second_order):
    """MAML as it is usually written: named leaf tensors, one task after the other, backward()."""
    leaves = {n: p.clone().requires_grad_() for n, p in unflatten(model, theta).items()}

    def task_loss(tensors, x, y):
        return loss(model, torch.cat([t.reshape(-1) for t in tensors.values()]), x, y)

    for task in tasks:
        fast = dict(leaves)
        for _ in range(steps):
            inner = task_loss(fast, task.support_x, task.support_y)
            grads = torch.autograd.grad(inner, list(fast.values()), create_graph=second_order)
            fast = {n: p - rate * g for (n, p), g in zip(fast.items(), grads, strict=True)}
        (task_loss(fast, task.target_x, task.target_y) / len(tasks)).backward()
    return torch.cat([p.grad.reshape(-1) for p in leaves.values()])


def test_maml_agrees_with_finite_differences(case, meta_gradient):
    model, theta, tasks, rate = case
    exact = meta_gradient(model, theta, tasks, 3, rate, second_order=True).gradient
    for seed in range(4):
        generator = torch.Generator().manual_seed(seed)
        v = torch.randn(len(theta), generator=generator, dtype=torch.float64)
        v /= v.norm()
        ends = [objective(model, theta + s * 1e-6 * v, tasks, 3, rate).item() for s in (1, -1)]
        assert (ends[0] - ends[1]) / 2e-6 == pytest.approx((exact @ v).item(), rel=1e-5, abs=1e-8)


@pytest.mark.parametrize("second_order", [True, False])
def test_both_orders_agree_with_a_plain_loop(case, meta_gradient, second_order):
    model, theta, tasks, rate = case
    ours = meta_gradient(model, theta, tasks, 3, rate, second_order).gradient
    expected = plain_loop(model, theta, tasks, 3, rate, second_order)
    torch.testing.assert_close(ours, expected, rtol=1e-10, atol=1e-12)


def test_first_order_lacks_the_second_order_term(case, meta_gradient):
    model, theta, tasks, rate = case
    first = meta_gradient(model, theta, tasks, 3, rate, second_order=False).gradient
    second = meta_gradient(model, theta, tasks, 3, rate, second_order=True).gradient
    assert (first - second).norm() > 1e-3 * second.norm()
    at_solutions = [
        gradient(model, adapt(model, theta, t, 3, rate), t.target_x, t.target_y) for t in tasks
    ]
    torch.testing.assert_close(first, torch.stack(at_solutions).mean(0))


def test_loss_and_accuracy_are_those_of_the_target_sets(meta_gradient):
    model, tasks = conv_model(), conv_tasks(3)
    theta = start(model)
    outer = meta_gradient(model, theta, tasks, 2, 0.1, second_order=True)
    assert outer.loss == pytest.approx(objective(model, theta, tasks, 2, 0.1).item())
    assert 0 <= outer.accuracy <= 1
