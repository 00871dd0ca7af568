import numpy as np
import pytest
import torch

from metalandscape.metrics._layers import activations
from metalandscape.metrics.activations import moments
from metalandscape.tasks.episodes import Tasks


def by_loops(h):
    """The four moments by their definition, one pair of features after the other."""
    n, d = h.shape
    columns = [h[:, j] for j in range(d)]
    pairs = [
        (a * b).sum() / n for j, a in enumerate(columns) for k, b in enumerate(columns) if j != k
    ]
    means = [c.sum() / n for c in columns]
    squares = [(c * c).sum() / n for c in columns]
    return [np.mean(means), np.mean(np.square(means)), np.mean(squares), np.mean(pairs)]


def test_moments_are_those_of_the_definition():
    h = np.random.default_rng(0).standard_normal((7, 5))
    assert moments(torch.from_numpy(h)) == pytest.approx(by_loops(h), rel=1e-12)


@pytest.mark.parametrize("split", ["test", "train"])
def test_it_averages_the_support_sets_of_target_and_source(images, split):
    found = images.by("activations", tasks=5)
    learner = images.learner
    layers = [
        activations(learner.network, learner.theta, t.support_x) for t in images.listed(split)
    ]
    assert not any(name.endswith("layer5") for name, _ in found)  # the outputs
    for layer in range(4):
        expected = np.mean([by_loops(own[layer].flatten(1).double().numpy()) for own in layers], 0)
        values = [found[f"activation_m{i}_layer{layer + 1}", split].value for i in range(1, 5)]
        assert values == pytest.approx(expected, rel=1e-6)


def test_labels_and_targets_are_not_read(images):
    before = images.by("activations", tasks=5)
    blind = {
        split: [
            task._replace(support_y=None, target_x=None, target_y=None)
            for task in images.listed(split)
        ]
        for split in ("test", "train")
    }
    images.tasks = Tasks(blind.__getitem__)
    after = images.by("activations", tasks=5)
    assert {key: m.value for key, m in after.items()} == {k: m.value for k, m in before.items()}
