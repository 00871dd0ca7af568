"""The settings of one meta-training, and of what is judged at meta-test."""

from typing import Annotated, Any, Literal

from pydantic import Field, PositiveFloat, PositiveInt, field_validator, model_validator

from ..ground.options import Part
from ..ground.strict import Strict
from .limits import EPOCHS

Size = Annotated[int, Field(gt=0, le=1_000_000)]
Rate = Annotated[float, Field(gt=0, le=3e38)]  # of float32
NonNegativeSeed = Annotated[int, Field(ge=0, lt=2**64)]  # as tables have it


class Test(Strict):
    """What differs at meta-test; keys that are not given are those of meta-training."""

    dataset: str | None = None
    way: Size | None = None
    shot: Size | None = None
    targets: Size | None = None
    inner_steps: Size | None = None
    inner_rate: Rate | None = None

    def given(self) -> dict[str, Any]:
        """Return the keys that are given."""
        return self.model_dump(exclude_none=True)


class Clip(Strict):
    """Clipping of the meta-gradient: every entry to [-value, value], or the whole to a norm."""

    value: PositiveFloat | None = None
    norm: PositiveFloat | None = None

    @model_validator(mode="after")
    def _one(self) -> "Clip":
        if (self.value is None) == (self.norm is None):
            raise ValueError("expected one of value and norm")
        return self


class Constant(Strict):
    """The outer rate as it is."""

    name: Literal["constant"] = "constant"


class Cosine(Strict):
    """The outer rate falls along half a cosine over some epochs, to a share of it that remains."""

    name: Literal["cosine"]
    epochs: PositiveInt
    final: float = Field(default=0.0, ge=0, le=1)


class Step(Strict):
    """The outer rate is multiplied by a factor every so many epochs."""

    name: Literal["step"]
    every: PositiveInt
    factor: float = Field(default=0.1, gt=0, le=1)


Schedule = Annotated[Constant | Cosine | Step, Field(discriminator="name")]


class Run(Strict):
    """One meta-training: what is trained, on what, and how it adapts. Defaults are the paper's.

    Parts come with all of their options: `settings.parts` makes them from a configuration.
    """

    dataset: str
    algorithm: str
    algorithm_options: dict[str, Any] = Field(default={})
    network: Part
    way: Size | None = None
    shot: Size
    targets: Size = 15
    inner_steps: Size = 5
    inner_rate: Rate
    outer_rate: Rate = 0.001
    optimizer: Part = Part(name="adam")
    schedule: Schedule = Constant()
    clip_gradient: Clip | None = None
    batch_size: Size
    iterations: Size = 500
    epochs: int = Field(default=100, ge=0, le=EPOCHS)
    epochs_per_job: PositiveInt = 1
    seeds: list[NonNegativeSeed] = Field(default=[0, 1, 2], min_length=1)
    regularizer: Part | None = None
    initial_weights: Annotated[str, Field(min_length=1)] | None = None
    test: Test = Test()

    @field_validator("seeds")
    @classmethod
    def _no_seed_twice(cls, seeds: list[int]) -> list[int]:
        if len(set(seeds)) < len(seeds):
            raise ValueError("duplicate seed; remove the repetition")
        return seeds

    def shape(self) -> dict[str, int]:
        """Return what a task of this run consists of."""
        return {"way": self.way or 1, "shot": self.shot, "targets": self.targets}

    def at_test(self) -> "Run":
        """Return the run with the settings of its meta-test."""
        return self.model_copy(update={**self.test.given(), "test": Test()})

    def settings(self) -> str:
        """Return what a metric job's result depends on, as JSON: all but how far and how often.

        Epochs, their grouping into jobs and the seeds are left out, so that training further or
        adding a seed changes no existing job; so are nulls, so that a key that is new to the schema
        changes none either.
        """
        return self._json({"epochs", "epochs_per_job", "seeds"})

    def training_settings(self) -> str:
        """Return what a training job's result depends on, as JSON: `settings` but for meta-test."""
        return self._json({"epochs", "epochs_per_job", "seeds", "test"})

    def _json(self, left_out: set[str]) -> str:
        return self.model_dump_json(exclude=left_out, exclude_none=True)

    def blocks(self) -> list[tuple[int, int]]:
        """Return the training jobs as (first, last) epoch; epoch 0 is the initialization.

        It belongs to the first block; without any training it is a block of its own.
        """
        step = self.epochs_per_job
        return [
            (first, min(first + step - 1, self.epochs)) for first in range(1, self.epochs + 1, step)
        ] or [(0, 0)]
