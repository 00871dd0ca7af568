from dataclasses import replace
from itertools import permutations

import numpy as np
import pytest
import torch

from helpers import adapt, conv_network, conv_tasks, engine, gradient, start
from metalandscape.ground.errors import UserError
from metalandscape.learner import Learner
from metalandscape.metrics import symmetry
from metalandscape.metrics.symmetry import symmetric
from metalandscape.networks import flatten, head_mask, unflatten
from metalandscape.tasks.episodes import Tasks


def mean_rows(network, theta):
    p = unflatten(network, theta)
    rows = {
        name: torch.stack([p[name].mean(0)] * network.output_size)
        for name in ("linear.weight", "linear.bias")
    }
    return flatten(network, p | rows)


def units(learner, starts, tasks):
    moved = [
        (adapt(learner.network, at, task, 2, 0.1).detach() - at).double()
        for at, task in zip(starts, tasks, strict=True)
    ]
    return [each / each.norm() for each in moved]


def over_pairs(vectors):
    return np.mean([float(a @ b) for i, a in enumerate(vectors) for b in vectors[:i]])


def accuracy(network, theta, task):
    return (network.outputs(theta, task.target_x).argmax(1) == task.target_y).double().mean().item()


def check(measured):
    """Compare with the definitions, task by task and pair by pair."""
    learner, tasks, found = measured.learner, measured.listed(), measured.by("symmetry")
    network, head = learner.network, head_mask(learner.network).bool()
    starts = [learner.start(task) for task in tasks]
    others = [mean_rows(network, at) for at in starts]
    plain, alike = (units(learner, at, tasks) for at in (starts, others))
    expected = {
        "head_direction_cosine": over_pairs([u[head] for u in plain]),
        "symmetric_direction_cosine": over_pairs(alike),
        "symmetric_gradient_product": over_pairs(
            [
                gradient(network, at, task.support_x, task.support_y).double()
                for at, task in zip(others, tasks, strict=True)
            ]
        ),
    }
    for name, value in expected.items():
        assert found[name, "test"].value == pytest.approx(value, rel=1e-4, abs=1e-6)
    for i, task in enumerate(tasks):
        old, new = (
            accuracy(network, adapt(network, at[i], task, 2, 0.1), task) for at in (starts, others)
        )
        assert found["symmetric_accuracy", "test"].per_task[i] == pytest.approx(new)
        assert found["symmetric_gain", "test"].per_task[i] == pytest.approx(new - old)
    predicted = [
        network.outputs(at, task.target_x).argmax(1).numpy()
        for at, task in zip(starts, tasks, strict=True)
    ]
    most = np.bincount(np.concatenate(predicted)).argmax()
    shares = [np.mean(own == most) for own in predicted]
    np.testing.assert_allclose(found["top_class", "test"].per_task, shares)


def test_it_is_what_the_definitions_say(images):
    check(images)


def test_a_head_that_depends_on_the_task_is_made_symmetric_for_each(baseline):
    check(baseline)


def test_no_body_has_coherent_gradients_where_the_classes_are_alike():
    """The mean of g over all numberings of a task's classes is zero, below the head each g is."""
    network = conv_network()
    theta = symmetric(network, start(network)[None])[0]
    head, (task,) = head_mask(network).bool(), conv_tasks(1)
    numbered = [
        gradient(network, theta, task.support_x, torch.tensor(order)[task.support_y])
        for order in permutations(range(network.output_size))
    ]
    assert all(g[head].norm() > 0.01 and g[~head].norm() < 1e-14 for g in numbered)
    assert torch.stack(numbered).mean(0).norm() < 1e-14
    # Not so where theta^s prefers a class.
    preferring = theta.clone()
    preferring[-1] += 1
    numbered = [
        gradient(network, preferring, task.support_x, torch.tensor(order)[task.support_y])
        for order in permutations(range(network.output_size))
    ]
    assert torch.stack(numbered).mean(0).norm() > 0.01


def test_rows_of_zeros_give_the_same_predictions_at_every_step():
    network = conv_network()
    (task,) = conv_tasks(1)
    alike = symmetric(network, start(network)[None])[0]
    zeros = alike * (1 - head_mask(network))
    for steps in range(4):
        first, second = (
            network.outputs(adapt(network, at, task, steps, 0.1), task.target_x).softmax(1)
            for at in (alike, zeros)
        )
        torch.testing.assert_close(first, second, rtol=0, atol=1e-12)


def test_all_targets_may_have_one_class_before_adaptation():
    network = conv_network()
    theta = start(network)
    theta[-1] += 100
    learner = Learner(network, engine(network), theta, 1, 0.1)
    found = list(symmetry.measure(learner, Tasks.given(conv_tasks(3)), symmetry.Options()))
    assert found[0].name == "top_class" and found[0].value == 1


def test_a_task_that_diverged_is_nan(images):
    images.learner = replace(images.learner, rates=float("nan"))
    found = images.by("symmetry")
    assert not np.isnan(found.pop(("top_class", "test")).per_task).any()
    found.pop(("symmetric_gradient_product", "test"))
    assert all(np.isnan(m.per_task).all() for m in found.values())


def test_targets_need_labels(images):
    unlabelled = [
        task._replace(target_y=torch.full_like(task.target_y, -1)) for task in images.listed()
    ]
    with pytest.raises(UserError, match="symmetry: a task lacks its targets' labels"):
        list(symmetry.measure(images.learner, Tasks.given(unlabelled), symmetry.Options()))
