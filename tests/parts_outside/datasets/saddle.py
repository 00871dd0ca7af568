"""Regression of y = a u v, a function of two numbers."""

from dataclasses import dataclass
from typing import ClassVar, Literal

from . import DatasetOptions, RegressionDataset


class Options(DatasetOptions):
    """The largest slope."""

    tasks: ClassVar[str] = "regression"
    kind: Literal["saddle"]
    steepest: float = 2.0

    def input_shape(self):
        return (2,)


@dataclass(frozen=True)
class Saddles(RegressionDataset):
    """Saddles of random slopes."""

    kind: ClassVar[str] = "saddle"
    inputs: ClassVar[int] = 2
    steepest: float

    def draw(self, rng, split):
        return {"slope": rng.uniform(1, self.steepest)}

    def points(self, rng, split, count):
        return rng.uniform(-1, 1, (count, 2))

    def values(self, function, x):
        return function["slope"] * x[:, 0] * x[:, 1]


def prepare(options, folder, record):
    return Saddles(options.steepest)


def restore(arrays, metadata):
    return Saddles.restore(metadata)
