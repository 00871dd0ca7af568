import numpy as np
import pytest
import torch

from helpers import conv_tasks
from metalandscape.ground.errors import UserError
from metalandscape.metrics.embeddings import class_pairs
from metalandscape.tasks.episodes import Tasks


def test_they_average_over_all_pairs_of_meta_test_images(images):
    found = images.by("embeddings", batch_size=1000)["embedding_product", "test"]
    data, learner = images.tasks.dataset, images.learner
    first = data.first[data.classes("test")[0, 0]]
    x = torch.from_numpy(data.images(np.arange(first, len(data.pixels))))
    h = learner.network.features(learner.theta, x).detach().double()
    gram = h @ h.T
    expected = gram[~torch.eye(len(h), dtype=bool)].mean().item()
    assert found.value == pytest.approx(expected, rel=1e-5)


def test_an_average_over_classes_of_different_sizes_is_that_of_the_double_loop():
    rng = np.random.default_rng(0)
    h, labels = rng.standard_normal((9, 3)), np.array([0, 0, 1, 1, 1, 1, 2, 2, 2])

    def of(kept):
        gram = h[kept] @ h[kept].T
        return gram[~np.eye(len(gram), dtype=bool)].mean()

    sums = np.array([h[labels == c].sum(0) for c in range(3)])
    squares = np.array([(h[labels == c] ** 2).sum() for c in range(3)])
    found = class_pairs("e", "test", sums, squares, np.bincount(labels))
    assert found.value == pytest.approx(of(labels >= 0), rel=1e-12)
    left_out = np.array([of(labels != c) for c in range(3)])
    error = np.sqrt(2 / 3 * ((left_out - left_out.mean()) ** 2).sum())
    assert found.stderr == pytest.approx(error, rel=1e-12)


def test_single_tasks_have_no_dataset(images):
    images.tasks = Tasks.given(conv_tasks(3))
    with pytest.raises(UserError, match="embeddings: needs a dataset"):
        images.by("embeddings")
