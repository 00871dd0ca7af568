"""Coherence of representations: E_{i != j}[h_i . h_j] over all images of the meta-test classes.

h = f_feat(x) at theta^s, before adaptation. Batch norm needs a batch, about which the paper is
silent: the images are taken in one fixed random order that mixes the classes, in batches of nearly
equal size.
"""

from collections.abc import Iterator
from typing import cast

import numpy as np
import torch
from jaxtyping import Float, Int
from pydantic import Field

from ..datasets import ImageDataset
from ..ground import options, randomness
from ..ground.errors import UserError
from . import Learner, Measurement, Tasks
from ._pairs import jackknife_error

TASKS = ("classification",)
QUANTITIES = {"embedding_product": {"label": r"$\mathbb{E}\,[h_i\cdot h_j]$", "unit": ""}}


class Options(options.Options):
    """Configuration of the metric.

    Attributes:
        batch_size: Images that go through the network together and share their batch-norm
            statistics. All images of the meta-test classes are used.
    """

    batch_size: int = Field(default=500, ge=2, le=1_000_000)


def measure(learner: Learner, tasks: Tasks, options: Options) -> Iterator[Measurement]:
    """Yield the average inner product; its standard error is a jackknife over classes.

    Images of one class resemble each other, so classes, not images, are the independent units.
    """
    if tasks.dataset is None:
        raise UserError("embeddings: needs a dataset, not single tasks; give Tasks one.")
    data = cast("ImageDataset", tasks.dataset)
    classes = data.classes("test")[:, 0]
    images = np.concatenate([np.arange(data.first[c], data.first[c + 1]) for c in classes])
    labels = np.repeat(np.arange(len(classes)), data.first[classes + 1] - data.first[classes])
    order = randomness.generator(tasks.seed, "embedding batches").permutation(len(images))

    sums = np.zeros((len(classes), 0))
    squares = np.zeros(len(classes))
    for batch in np.array_split(order, -(-len(order) // options.batch_size)):
        x = torch.from_numpy(data.images(images[batch]))
        with torch.no_grad():
            h = learner.network.features(learner.theta, x).double().numpy()
        if not sums.size:
            sums = np.zeros((len(classes), h.shape[1]))
        np.add.at(sums, labels[batch], h)
        np.add.at(squares, labels[batch], (h**2).sum(1))
    yield class_pairs("embedding_product", "test", sums, squares, np.bincount(labels))


def class_pairs(
    name: str,
    split: str,
    sums: Float[np.ndarray, "classes features"],
    squares: Float[np.ndarray, "classes"],
    counts: Int[np.ndarray, "classes"],
) -> Measurement:
    """Return the average product over pairs of images from sums over classes.

    Args:
        name: the quantity's name.
        split: the split of the classes.
        sums: the sum of h over the images of a class.
        squares: the sum of |h|^2.
        counts: the number of images.
    """
    total, n = sums.sum(0), counts.sum()
    value = (total @ total - squares.sum()) / (n * (n - 1))
    rest, m = total - sums, n - counts
    left_out = ((rest**2).sum(1) - (squares.sum() - squares)) / (m * (m - 1))
    # Their mean is the value, also where classes differ in size.
    per_class = len(counts) * (sums @ total - squares) / (n * (n - 1))
    return Measurement(name, split, float(value), jackknife_error(left_out), per_class)
