import numpy as np
import pytest
import torch

from helpers import adapt
from metalandscape.metrics.trajectories import direction


def displacements(measured):
    learner = measured.learner
    for task in measured.listed():
        start = learner.start(task)
        yield (adapt(learner.network, start, task, 2, 0.1).detach() - start).double()


def check(measured):
    """Compare with the double loop over pairs."""
    d = list(displacements(measured))
    cosines = [float(torch.cosine_similarity(a, b, 0)) for i, a in enumerate(d) for b in d[:i]]
    found = measured.by("trajectories")
    cosine = found["direction_cosine", "test"].value
    assert cosine == pytest.approx(np.mean(cosines), rel=1e-4, abs=1e-6)
    norms = found["displacement_norm", "test"].per_task
    np.testing.assert_allclose(norms, [v.norm() for v in d], rtol=1e-4)


def test_they_are_cosines_and_norms_of_displacements(images):
    check(images)


def test_the_baselines_displacements_start_at_the_tasks_own_head(baseline):
    check(baseline)


def test_directions_of_hand_made_displacements():
    np.testing.assert_allclose(direction(torch.tensor([3.0, -4.0])), [0.6, -0.8])
    assert not direction(torch.zeros(3)).any()
