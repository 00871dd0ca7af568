import torch

from helpers import conv_model, conv_tasks, mlp_model, sine_tasks, start
from metalandscape.adaptation import Task, adapt, gradient
from metalandscape.models import loss


class Quadratic:
    """Loss (theta - y)^2 / 2, whose adaptation has a closed form."""

    def outputs(self, theta, x):
        return theta

    def criterion(self, outputs, y):
        return ((outputs - y) ** 2).sum() / 2


def test_adaptation_has_its_closed_form_on_a_quadratic():
    centre, theta = torch.tensor([1.0, -2.0]), torch.tensor([3.0, 4.0])
    adapted = adapt(Quadratic(), theta, Task(None, centre, None, None), 7, 0.1)
    torch.testing.assert_close(adapted, centre + 0.9**7 * (theta - centre))


def test_gradient_agrees_with_finite_differences():
    for model, task in ((conv_model(), conv_tasks(1)[0]), (mlp_model(), sine_tasks(1)[0])):
        theta = start(model)
        exact = gradient(model, theta, task.support_x, task.support_y)
        for index in range(0, len(theta), 37):
            step = torch.zeros_like(theta)
            step[index] = 1e-6
            ends = [loss(model, theta + s * step, task.support_x, task.support_y) for s in (1, -1)]
            difference = (ends[0] - ends[1]).item() / 2e-6
            assert abs(exact[index].item() - difference) < 1e-7


def test_without_a_graph_the_result_is_a_constant():
    model, task = mlp_model(), sine_tasks(1)[0]
    theta = start(model).requires_grad_()
    assert not adapt(model, theta, task, 2, 0.01).requires_grad
    assert adapt(model, theta, task, 2, 0.01, create_graph=True).requires_grad
