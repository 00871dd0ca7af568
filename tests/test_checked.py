"""Annotations of types and shapes are checked in tests, and cost programs nothing."""

import subprocess
import sys

import pytest
import torch
from jaxtyping import TypeCheckError

from helpers import conv_network, conv_tasks, engine, mlp_network, sine_tasks, start
from metalandscape.engines import LossGradient
from metalandscape.ground import plugins
from metalandscape.learner import Learner
from metalandscape.tasks.task import Task


def test_a_theta_with_a_dimension_too_many_is_refused():
    network, (task,) = mlp_network(), sine_tasks(1)
    with pytest.raises(TypeCheckError, match="theta"):
        network.outputs(start(network)[None], task.support_x)


def test_a_cotangent_of_another_length_than_theta_is_refused():
    network, (task,) = mlp_network(), sine_tasks(1)
    theta = start(network)
    with pytest.raises(TypeCheckError, match="cotangent"):
        engine(network).pull_back(theta, task, 1, 0.1, theta[1:])


def test_labels_that_are_not_whole_numbers_are_refused():
    network, (task,) = conv_network(), conv_tasks(1)
    with pytest.raises(TypeCheckError, match="y"):
        engine(network, "auto").gradient(start(network), task.support_x, task.support_y.double())


def test_a_learner_of_a_list_is_refused():
    network = mlp_network()
    with pytest.raises(TypeCheckError, match="theta"):
        Learner(network, engine(network), start(network).tolist(), 1, 0.1)


def test_named_tuples_are_checked():
    (task,) = sine_tasks(1)
    with pytest.raises(TypeCheckError, match="support_y"):
        Task(task.support_x, task.support_y[1:], task.target_x, task.target_y)
    with pytest.raises(TypeCheckError, match="rates"):
        LossGradient(torch.zeros(3), 0.0, 0.0, torch.zeros(4))


def test_programs_do_not_check():
    program = (
        f"import sys; sys.path.insert(0, {str(plugins.PACKAGE.parent)!r})\n"
        "from metalandscape.learner import Learner; Learner(None, None, [0.0], 1, 0.1)\n"
        "print('beartype' in sys.modules)"
    )
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True)
    assert done.stdout.split() == ["False"], done.stderr
