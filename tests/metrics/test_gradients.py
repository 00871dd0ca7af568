import numpy as np
import pytest

from helpers import gradient


def expected(measured):
    """The average over pairs of the gradients at the start of each task, by a double loop."""
    learner = measured.learner
    gs = [
        gradient(learner.network, learner.start(t), t.support_x, t.support_y).double()
        for t in measured.listed()
    ]
    return np.mean([float(a @ b) for i, a in enumerate(gs) for b in gs[:i]])


def test_it_averages_the_gradients_at_theta_s_over_pairs(images):
    found = images.by("gradients")["gradient_product", "test"]
    assert found.value == pytest.approx(expected(images), rel=1e-5)


def test_the_baselines_gradients_are_those_under_the_tasks_own_head(baseline):
    found = baseline.by("gradients")["gradient_product", "test"]
    assert found.value == pytest.approx(expected(baseline), rel=1e-4, abs=1e-7)
