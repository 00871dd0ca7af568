"""What adapts to a task, held to plain autograd in float64."""

import pytest
import torch

from helpers import (
    adapt,
    conv_network,
    conv_tasks,
    engine,
    image_dataset,
    image_run,
    mlp_network,
    rates,
    sine_tasks,
    start,
)
from helpers import algorithm as algorithm_of
from metalandscape.learner import Learner
from metalandscape.tasks.task import Task

CASES = {"conv": (conv_network, conv_tasks, 0.1), "mlp": (mlp_network, sine_tasks, 0.01)}


@pytest.fixture(params=CASES)
def case(request):
    """A learner with a vector of rates, some of them zero, and a task."""
    network, tasks, rate = CASES[request.param]
    network = network()
    vector = rates(network, rate)
    learner = Learner(network, engine(network), start(network), steps=3, rates=vector)
    return learner, tasks(1)[0]


def test_it_adapts_by_its_steps_and_rates(case):
    learner, task = case
    expected = adapt(learner.network, learner.theta, task, learner.steps, learner.rates)
    torch.testing.assert_close(learner.adapt(task), expected, rtol=1e-12, atol=1e-13)


def test_its_path_goes_from_its_start_to_where_it_adapts(case):
    learner, task = case
    path = learner.path(task)
    assert path.shape == (4, len(learner.theta))
    assert torch.equal(path[0], learner.start(task))
    torch.testing.assert_close(path[-1], learner.adapt(task), rtol=1e-12, atol=1e-13)
    for step, point in enumerate(path):
        expected = adapt(learner.network, learner.theta, task, step, learner.rates)
        torch.testing.assert_close(point, expected, rtol=1e-12, atol=1e-13)


def test_a_parameter_of_rate_zero_stays(case):
    learner, task = case
    still = learner.rates == 0
    assert torch.equal(learner.adapt(task)[still], learner.theta[still])
    assert not torch.equal(learner.adapt(task)[~still], learner.theta[~still])


def test_it_predicts_the_networks_outputs_without_a_graph(case):
    learner, task = case
    theta = learner.adapt(task).requires_grad_()
    predicted = learner.predict(theta, task.target_x)
    assert not predicted.requires_grad
    assert torch.equal(predicted, learner.network.outputs(theta, task.target_x).detach())


def test_a_prediction_depends_on_the_other_images_of_its_batch():
    network, (task,) = conv_network(), conv_tasks(1)
    learner = Learner(network, engine(network), start(network), 1, 0.1)
    whole = learner.predict(learner.theta, task.target_x)
    assert not torch.allclose(learner.predict(learner.theta, task.target_x[:4]), whole[:4])


def test_the_baselines_path_starts_at_the_tasks_own_head():
    run = image_run(algorithm={"name": "finetuning", "head": "per_task"})
    own = algorithm_of(run, image_dataset())
    learner = own.learner(own.initial())
    first, second = (Task(t[0].float(), t[1], t[2].float(), t[3]) for t in conv_tasks(2))
    path = learner.path(first)
    assert torch.equal(path[0], learner.start(first))
    assert not torch.equal(learner.start(first), learner.start(second))
    torch.testing.assert_close(path[-1], learner.adapt(first), rtol=1e-5, atol=1e-6)
