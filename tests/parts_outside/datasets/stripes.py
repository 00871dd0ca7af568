"""Noisy stripes: the column that is bright is the class."""

from typing import Literal

import numpy as np

from ..ground.randomness import generator
from . import ImageDataset, ImageOptions


class Options(ImageOptions):
    """Half of the columns are meta-train classes."""

    kind: Literal["stripes"]
    size: int = 8

    def classes(self, split):
        return 0 if split == "val" else self.size // 2

    def input_shape(self):
        return 1, self.size, self.size


def prepare(options, folder, record):
    rng = generator(0, "stripes")
    images = {}
    for column in range(options.size):
        pixels = rng.integers(1, 100, (10, options.size, options.size, 1), np.uint8)
        pixels[:, :, column] += 150
        images[f"column{column}"] = list(pixels)
    splits = {name: "test" if i % 2 else "train" for i, name in enumerate(images)}
    return ImageDataset.from_classes(images, splits, options.rotations, kind="stripes")


def restore(arrays, metadata):
    return ImageDataset.restore(arrays, metadata)
