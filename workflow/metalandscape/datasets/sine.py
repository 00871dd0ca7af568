"""`sine`: few-shot regression of y = a sin(b x + c) (Finn et al. 2017, section 5.1)."""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Any, ClassVar, Literal

import numpy as np
from pydantic import AfterValidator, Field, model_validator

from ..ground.strict import Strict
from . import DatasetOptions
from ._regression import RegressionDataset

NAME = "sine regression"


def _ordered(value: list[float]) -> list[float]:
    if len(value) != 2 or value[0] >= value[1]:
        raise ValueError("should be [low, high] with low < high")
    return value


Interval = Annotated[list[float], AfterValidator(_ordered)]


class Ranges(Strict):
    """An interval [low, high] for each of meta-train and meta-test.

    Attributes:
        train: The range in meta-training, [low, high].
        test: The range in meta-test, [low, high], disjoint from that of meta-training.
    """

    train: Interval
    test: Interval

    @model_validator(mode="after")
    def _disjoint(self) -> "Ranges":
        if self.train[0] < self.test[1] and self.test[0] < self.train[1]:
            raise ValueError("the ranges of train and test overlap; they should be disjoint")
        return self


class Options(DatasetOptions):
    """Configuration of `kind: sine`.

    The paper asks for disjoint ranges and gives none. Finn et al. draw a from [0.1, 5] and c from
    [0, pi]; meta-test has the upper fifth of both. With halves, what is learned on one does not
    carry over to the other, so that there would be no generalization to relate to anything.

    Attributes:
        amplitude: The ranges of a. The paper gives none.
        phase: The ranges of c, in radians.
        frequency: b, the same for all tasks.
        domain: The range of x, [low, high].
    """

    tasks: ClassVar[str] = "regression"
    kind: Literal["sine"]
    amplitude: Ranges = Ranges(train=[0.1, 4.0], test=[4.0, 5.0])
    phase: Ranges = Ranges(train=[0.0, 2.5], test=[2.5, 3.141592653589793])
    frequency: float = 1.0
    domain: Interval = Field(default=[-5.0, 5.0])

    def input_shape(self) -> tuple[int]:
        """Return the number of inputs."""
        return (1,)


@dataclass(frozen=True)
class SineDataset(RegressionDataset):
    """Sine functions whose amplitude and phase come from disjoint ranges for each split.

    Attributes:
        amplitude: the interval of a, by split.
        phase: the interval of c in radians, by split.
        frequency: b.
        domain: the interval of x.
    """

    kind: ClassVar[str] = "sine"
    amplitude: dict[str, list[float]]
    phase: dict[str, list[float]]
    frequency: float
    domain: list[float]

    def draw(self, rng: np.random.Generator, split: str) -> dict[str, float]:
        """Return amplitude and phase."""
        (low, high), (first, last) = self.amplitude[split], self.phase[split]
        return {"amplitude": rng.uniform(low, high), "phase": rng.uniform(first, last)}

    def points(self, rng: np.random.Generator, split: str, count: int) -> np.ndarray:
        """Return x [count, 1], uniform on the domain."""
        low, high = self.domain
        return rng.uniform(low, high, (count, 1))

    def values(self, function: Mapping[str, Any], x: np.ndarray) -> np.ndarray:
        """Return a sin(b x + c) [n, 1]."""
        return function["amplitude"] * np.sin(self.frequency * x + function["phase"])


def prepare(options: Options, folder: Path, record: Path) -> SineDataset:
    """Return the dataset; nothing is read or generated until tasks are sampled."""
    settings = options.model_dump(exclude={"kind"})
    return SineDataset(**settings)


def restore(arrays: Mapping[str, np.ndarray], metadata: Mapping[str, Any]) -> RegressionDataset:
    """Return the dataset of a prepared file."""
    return SineDataset.restore(metadata)
