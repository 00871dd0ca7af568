"""The settings of one meta-training, and of what is judged at meta-test."""

from typing import Annotated, Any, Literal

from pydantic import (
    AfterValidator,
    Field,
    PositiveFloat,
    PositiveInt,
    field_validator,
    model_validator,
)

from ..ground.options import Part
from ..ground.strict import Strict
from .limits import EPOCHS

Size = Annotated[int, Field(gt=0, le=1_000_000)]
Rate = Annotated[float, Field(gt=0, le=3e38)]  # of float32
NonNegativeSeed = Annotated[int, Field(ge=0, lt=2**64)]  # as tables have it


def _plain(path: str) -> str:
    """Return the text of a path.

    Raises:
        ValueError: commands would take it for an option, or it is a URL.
    """
    if path.startswith("-"):
        raise ValueError("begins with a hyphen, as options of commands do; choose another name")
    if "://" in path:
        raise ValueError("is a URL; name a place in the file system")
    return path


# Snakemake reads {name} as a wildcard, and <name> as a variable of paths.
PathText = Annotated[str, Field(min_length=1, pattern=r"^[^{}<>]*$"), AfterValidator(_plain)]


class Test(Strict):
    """What differs at meta-test; keys that are not given are those of meta-training.

    Attributes:
        dataset: Another dataset for meta-test and meta-validation tasks, of the same kind of tasks
            and input shape.
        way: Classes of a task; only for algorithms with a new last layer at meta-test, such as
            `finetuning`.
        shot: Support examples.
        targets: Target examples.
        inner_steps: Gradient steps of adaptation. Finn et al. train with 5 and test with 10.
        inner_rate: Learning rate of adaptation.
    """

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
    """Clipping of the meta-gradient: every entry to [-value, value], or the whole to a norm.

    Attributes:
        value: Clips every entry to [-value, value]. Finn et al.'s code uses 10 on MiniImagenet.
        norm: Scales the meta-gradient down to this l2 norm, over all meta-parameters, if it is
            larger.
    """

    value: PositiveFloat | None = None
    norm: PositiveFloat | None = None

    @model_validator(mode="after")
    def _one(self) -> "Clip":
        if (self.value is None) == (self.norm is None):
            raise ValueError("expected one of value and norm")
        return self


class Constant(Strict):
    """The outer rate as it is.

    Attributes:
        name: `constant`.
    """

    name: Literal["constant"] = "constant"


class Cosine(Strict):
    """The outer rate falls along half a cosine over some epochs, to a share of it that remains.

    Attributes:
        name: `cosine`: the outer rate falls along half a cosine, and stays at its final value.
        epochs: How many epochs the fall takes. Independent of the run's `epochs`, so that training
            further keeps what exists.
        final: The final rate, as a share of `outer_rate`.
    """

    name: Literal["cosine"]
    epochs: PositiveInt
    final: float = Field(default=0.0, ge=0, le=1)


class Step(Strict):
    """The outer rate is multiplied by a factor every so many epochs.

    Attributes:
        name: `step`: the outer rate is multiplied by a factor at regular intervals.
        every: How many epochs lie between two multiplications.
        factor: The factor.
    """

    name: Literal["step"]
    every: PositiveInt
    factor: float = Field(default=0.1, gt=0, le=1)


Schedule = Annotated[Constant | Cosine | Step, Field(discriminator="name")]


class Run(Strict):
    """One meta-training: what is trained, on what, and how it adapts. Defaults are the paper's.

    Parts come with all of their options: `settings.parts` makes them from a configuration.

    Attributes:
        dataset: A name under `datasets`.
        algorithm: The algorithm. Paper: `maml`, `first_order_maml`, `finetuning`.
        algorithm_options: The algorithm's options; a configuration writes them into the mapping
            `algorithm`.
        network: The network.
        way: Classes of a task, 2 or more. Required for classification; sine regression has none.
            Paper: 5, 20.
        shot: Support examples per class (k), or per task for regression. Paper: 1, 5; sine 2 to 15.
        targets: Target examples per class, or per task for regression. The paper is silent; 15 in
            Finn et al.
        inner_steps: T, gradient steps of adaptation, in meta-training and, unless `test` says
            otherwise, in every metric. Paper: 5; 1 for `gradients`.
        inner_rate: alpha, learning rate of adaptation. Paper: Omniglot 0.1, MiniImagenet 0.01.
        outer_rate: beta, learning rate of the outer optimizer. Paper: 0.001.
        optimizer: The outer optimizer: `adam`, `adamw`, `sgd`. Paper: Adam.
        schedule: How the outer rate changes over epochs: `constant`, `cosine`, `step`. Paper:
            constant.
        clip_gradient: Clips the meta-gradient. The paper is silent; Finn et al.'s code clips on
            MiniImagenet.
        batch_size: Tasks per meta-iteration; for `finetuning`, images per iteration. Paper, 1-shot
            and 5-shot: Omniglot 16, 8; MiniImagenet 4, 2; finetuning 64, 128.
        iterations: Meta-iterations per epoch. Paper: 500; finetuning 25, 12.
        epochs: Number of epochs. Each ends with a checkpoint; checkpoint 0 is the initialization.
            With 0, `initial_weights` are measured without training. Paper: 100.
        epochs_per_job: Epochs of one training job; a killed job loses no more than these.
        seeds: The whole run is repeated for each seed. The seed decides the weights, the meta-train
            tasks and the metrics' tasks. Paper: five for fig11.
        regularizer: A regularizer of the inner loop, for MAML and First-Order MAML. `{name:
            trajectory_angle, gamma: 0.5}` is Algorithm 1. Paper: Algorithm 1 in fig11, none
            elsewhere.
        initial_weights: Weights to start from, in place of random ones: a checkpoint of this
            project, or a state dict in a safetensors file, of any float type. Names and shapes of
            its tensors must be those of the run's network.
        test: What differs at meta-test.
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
    initial_weights: PathText | None = None
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
