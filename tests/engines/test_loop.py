"""Several tasks by an engine that takes one: every task's own result, in order, by any threads."""

import threading

import pytest
import torch

from helpers import conv_network, conv_tasks, engine, start
from metalandscape.engines import reference


@pytest.fixture(params=[1, 2])
def several(request):
    """An engine, thetas, and tasks."""
    network, tasks = conv_network(), conv_tasks(3)
    thetas = torch.stack([start(network, seed) for seed in range(3)])
    return reference.Engine(network, threads=request.param), thetas, tasks


def test_every_task_has_its_own_result(several):
    """The same bytes as alone, wherever its theta stands among others."""
    fast, thetas, tasks = several
    plain, v = engine(fast.network), torch.ones_like(thetas)
    data = [t.support_x for t in tasks], [t.support_y for t in tasks]
    alone = list(zip(map(torch.clone, thetas), tasks, *data, strict=True))
    adapted = fast.adapt_each(thetas, tasks, 2, 0.1)
    assert torch.equal(adapted, torch.stack([plain.adapt(a, t, 2, 0.1) for a, t, _, _ in alone]))
    pulled = fast.pull_back_each(thetas, tasks, 2, 0.1, v)
    expected = [plain.pull_back(a, t, 2, 0.1, v[0].clone()) for a, t, _, _ in alone]
    assert torch.equal(pulled, torch.stack(expected))
    assert fast.evaluate_each(thetas, *data) == [plain.evaluate(a, x, y) for a, _, x, y in alone]
    for found, (a, _, x, y) in zip(fast.gradient_each(thetas, *data), alone, strict=True):
        assert torch.equal(found.gradient, plain.gradient(a, x, y).gradient)


def test_hessian_products_come_one_task_at_a_time(several):
    fast, thetas, tasks = several
    data = [t.support_x for t in tasks], [t.support_y for t in tasks]
    groups = list(fast.hessian_products(thetas, *data))
    assert [members for members, _ in groups] == [[0], [1], [2]]
    for (index,), product in groups:
        x, y = (each[index] for each in data)
        expected = engine(fast.network).hessian_product(thetas[index].clone(), x, y)(thetas[0])
        assert torch.equal(product(thetas[:1]), expected.unsqueeze(0))


def test_threads_take_tasks_side_by_side():
    together = threading.Barrier(2, timeout=30)
    fast = reference.Engine(conv_network(), threads=2)
    assert fast._each(lambda task: together.wait() >= 0 and task, [1, 2, 3, 4]) == [1, 2, 3, 4]
