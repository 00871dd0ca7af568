"""Meta-training algorithms.

A module of this folder is an algorithm (`algorithm:` of a run). It defines

- `NAME`: a literal, its name on figures.
- `ROLE`: a literal, "meta-learner" or "baseline": how the paper's claims judge it. Without it, no
  claim does.
- `COLOUR`: a literal, optional: its color in every figure, as `#rrggbb`.
- `TASKS`: a literal, the kinds of tasks it can learn from: "classification", "regression".
- `REGULARIZED`: a literal, whether it supports a run's `regularizer`; False unless given.
- `NEW_HEAD`, `LEARNS_RATES`: literals, whether meta-test has a new last layer, so that its `way`
  may differ, and whether the inner rates are learned; False unless given.
- `SUPERVISED`: a literal, whether a run's `batch_size` counts images instead of tasks; False
  unless given.
- `Options`: its configuration keys, where it has any.
- `Algorithm`: a subclass of `algorithms.Algorithm`.
"""

from abc import ABC, abstractmethod
from dataclasses import dataclass, field
from typing import NamedTuple

from jaxtyping import Float
from torch import Tensor

from .. import networks
from ..datasets import Dataset
from ..engines import Choice
from ..ground import plugins, randomness
from ..ground.options import Options, Part
from ..learner import Learner
from ..settings.run import Run
from ..tasks.task import Spec

Meta = dict[str, Float[Tensor, "..."]]
"""Meta-parameters by name: `theta` [P], and what else an algorithm learns."""


class Outer(NamedTuple):
    """What one meta-iteration gives to the outer optimizer.

    Attributes:
        gradients: of every meta-parameter.
        loss: the mean loss that is reported.
        accuracy: the share of right answers; NaN for regression.
    """

    gradients: Meta
    loss: float
    accuracy: float


@dataclass(frozen=True)
class Setup:
    """What an algorithm is given.

    Attributes:
        run: the run's settings.
        spec: what networks must know of the data.
        seed: the run's seed.
        choice: which engine computes.
    """

    run: Run
    spec: Spec
    seed: int
    choice: Choice = field(default_factory=Choice)


class Algorithm(ABC):
    """Owns adaptation and the meta-parameters: what is learned, how, and what it leaves behind.

    Attributes:
        setup: what it was given.
        options: its own options.
        network: what is meta-trained.
        engine: what computes with it.
    """

    def __init__(self, setup: Setup, options: Options) -> None:
        """Build the network that is meta-trained, and its engine."""
        self.setup = setup
        self.options = options
        self.network = self.build(self.training_outputs())
        self.engine = setup.choice.of(self.network)

    def training_outputs(self) -> int:
        """Return the number of outputs in meta-training: one per class of a task."""
        return self.setup.run.way or self.setup.spec.output_size

    def build(self, outputs: int) -> networks.Network:
        """Return the run's network with a number of outputs."""
        spec = self.setup.spec
        return networks.build(self.setup.run.network, spec.input_shape, outputs, spec.tasks)

    def initial(self) -> Meta:
        """Return the meta-parameters before meta-training; theta by `networks.initialize`."""
        rng = randomness.generator(self.setup.seed, "weights")
        return {"theta": networks.initialize(self.network, rng)}

    @abstractmethod
    def step(self, meta: Meta, dataset: Dataset, iteration: int) -> Outer:
        """Return the meta-gradient of one meta-iteration (counted from 0 over all epochs)."""

    @abstractmethod
    def learner(self, meta: Meta) -> Learner:
        """Return what adapts at meta-test, with the run's settings for it."""


def create(setup: Setup) -> Algorithm:
    """Return the algorithm that a run names."""
    part = Part(name=setup.run.algorithm, options=setup.run.algorithm_options)
    module, options = plugins.chosen("algorithms", part)
    return module.Algorithm(setup, options)
