import numpy as np
import pytest

from helpers import adapt


def judged(images, split, theta_of):
    """Target accuracies by nothing but autograd."""
    found = []
    for task in images.listed(split):
        predicted = images.learner.network.outputs(theta_of(task), task.target_x).argmax(1)
        found.append((predicted == task.target_y).double().mean().item())
    return found


@pytest.mark.parametrize("split", ["test", "val", "train"])
def test_it_is_that_of_the_adapted_solutions_on_every_split(images, split):
    learner = images.learner
    found = images.by("accuracy", val_tasks=3, train_tasks=4)
    expected = judged(
        images, split, lambda t: adapt(learner.network, learner.theta, t, 2, 0.1).detach()
    )
    np.testing.assert_allclose(found["target_accuracy", split].per_task, expected)


def test_losses_are_those_at_the_adapted_solutions(images):
    learner, found = images.learner, images.by("accuracy")
    for i, task in enumerate(images.listed()):
        theta = adapt(learner.network, learner.theta, task, 2, 0.1).detach()
        for name, (x, y) in {"support_loss": task[:2], "target_loss": task[2:]}.items():
            loss = learner.network.loss(theta, x, y).item()
            assert found[name, "test"].per_task[i] == pytest.approx(loss, rel=1e-4)


def test_every_step_has_the_target_values_along_the_path(images):
    learner, found = images.learner, images.by("accuracy", every_step=True)
    for step in range(3):

        def after(task, step=step):
            return adapt(learner.network, learner.theta, task, step, 0.1).detach()

        expected = judged(images, "test", after)
        np.testing.assert_allclose(found[f"target_accuracy_step{step}", "test"].per_task, expected)
    last, step2 = found["target_loss", "test"], found["target_loss_step2", "test"]
    np.testing.assert_array_equal(last.per_task, step2.per_task)
    assert ("support_loss_step0", "test") not in found


def test_every_step_changes_nothing_else(images):
    plain, stepwise = images.by("accuracy"), images.by("accuracy", every_step=True)
    for key, measurement in plain.items():
        np.testing.assert_allclose(stepwise[key].per_task, measurement.per_task, rtol=1e-5)


def test_the_baseline_is_judged_under_the_tasks_own_head(baseline):
    learner, found = baseline.learner, baseline.by("accuracy")
    task = baseline.listed()[0]
    theta = adapt(learner.network, learner.start(task), task, 2, 0.1).detach()
    loss = learner.network.loss(theta, task.target_x, task.target_y).item()
    assert found["target_loss", "test"].per_task[0] == pytest.approx(loss, rel=1e-4)


def test_regression_has_losses_and_no_accuracy(sines):
    found = sines.by("accuracy")
    assert set(found) == {("target_loss", "test"), ("support_loss", "test")}
    learner, task = sines.learner, sines.listed()[0]
    theta = adapt(learner.network, learner.theta, task, 2, 0.01).detach()
    mse = ((learner.network.outputs(theta, task.target_x) - task.target_y) ** 2).mean().item()
    assert found["target_loss", "test"].per_task[0] == pytest.approx(mse)
