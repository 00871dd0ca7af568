"""`sine`: few-shot regression of y = a sin(b x + c) (Finn et al. 2017, section 5.1)."""

from pathlib import Path
from typing import Annotated, ClassVar, Literal

from pydantic import AfterValidator, Field, model_validator

from ..ground.strict import Strict
from . import DatasetOptions
from ._regression import SineDataset

NAME = "sine regression"


def _ordered(value: list[float]) -> list[float]:
    if len(value) != 2 or value[0] >= value[1]:
        raise ValueError("should be [low, high] with low < high")
    return value


Interval = Annotated[list[float], AfterValidator(_ordered)]


class Ranges(Strict):
    """An interval [low, high] for each of meta-train and meta-test."""

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
    """

    tasks: ClassVar[str] = "regression"
    kind: Literal["sine"]
    amplitude: Ranges = Ranges(train=[0.1, 4.0], test=[4.0, 5.0])
    phase: Ranges = Ranges(train=[0.0, 2.5], test=[2.5, 3.141592653589793])
    frequency: float = 1.0
    domain: Interval = Field(default=[-5.0, 5.0])


def prepare(options: Options, folder: Path, record: Path) -> SineDataset:
    """Return the dataset; nothing is read or generated until tasks are sampled."""
    settings = options.model_dump(exclude={"kind"})
    return SineDataset(**settings)
