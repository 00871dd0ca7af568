"""Meta-training in blocks of epochs: from one training state to checkpoints and the next state."""

import logging
import time
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from types import ModuleType

import numpy as np
import torch
from torch import Tensor
from tqdm import tqdm

from . import engines
from .adam import adam_step
from .datasets import Dataset
from .ground import plugins, randomness
from .ground.errors import UserError
from .ground.files import read_arrays, write_arrays
from .models import Model, flatten, initialise, unflatten
from .settings.config import Run

log = logging.getLogger(__name__)

Row = dict[str, float]
AUTO = engines.Choice()


@dataclass
class State:
    """Everything training goes on from.

    Random streams are named by the meta-iteration, so the epoch stands for the random state.

    Attributes:
        epoch: epochs done.
        theta: [P].
        first_moment, second_moment: Adam's, [P].
    """

    epoch: int
    theta: Tensor
    first_moment: Tensor
    second_moment: Tensor

    @classmethod
    def initial(cls, model: Model, seed: int) -> "State":
        """Return the state before meta-training."""
        theta = initialise(model, randomness.generator(seed, "weights"))
        return cls(0, theta, torch.zeros_like(theta), torch.zeros_like(theta))

    @classmethod
    def load(cls, path: str | Path) -> "State":
        """Read a state written by `save`."""
        arrays, metadata = read_arrays(path)
        vectors = {name: torch.from_numpy(np.array(array)) for name, array in arrays.items()}
        return cls(metadata["epoch"], **vectors)

    def save(self, path: str | Path) -> None:
        """Write the state as safetensors."""
        vectors = ("theta", "first_moment", "second_moment")
        write_arrays(path, {v: getattr(self, v).numpy() for v in vectors}, epoch=self.epoch)


def save_checkpoint(path: str | Path, model: Model, theta: Tensor) -> None:
    """Write the weights alone, by parameter name."""
    write_arrays(path, {name: part.numpy() for name, part in unflatten(model, theta).items()})


def load_checkpoint(path: str | Path, model: Model) -> Tensor:
    """Return theta [P] of a checkpoint."""
    arrays, _ = read_arrays(path)
    return flatten(model, {name: torch.from_numpy(np.array(a)) for name, a in arrays.items()})


def train(
    run: Run,
    seed: int,
    dataset: Dataset,
    state: State | None,
    checkpoints: Mapping[int, str | Path],
    engine: engines.Choice = AUTO,
) -> tuple[State, list[Row]]:
    """Train up to the last epoch of `checkpoints`, writing each of them.

    Args:
        run: the run's settings.
        seed: the run's seed.
        dataset: what tasks are sampled from.
        state: where to go on from; None starts anew, and epoch 0 is the initialisation.
        checkpoints: the file of every epoch of this block.
        engine: what computes the meta-gradients.

    Returns:
        The state to go on from, and one log row per epoch trained: its number, mean loss and
        accuracy of its meta-iterations, and seconds.
    """
    algorithm = plugins.load("algorithms", run.algorithm)
    model = algorithm.build(run, dataset)
    state = state or State.initial(model, seed)
    computing = engine.of(model)
    rows = []
    if state.epoch in checkpoints:
        save_checkpoint(checkpoints[state.epoch], model, state.theta)
    for _ in range(state.epoch, max(checkpoints)):
        state, row = _epoch(algorithm, computing, run, seed, dataset, state)
        save_checkpoint(checkpoints[state.epoch], model, state.theta)
        log.info("epoch %(epoch)d: loss %(loss).4f, accuracy %(accuracy).4f, %(seconds).1f s", row)
        rows.append(row)
    return state, rows


def _epoch(
    algorithm: ModuleType,
    engine: engines.Engine,
    run: Run,
    seed: int,
    dataset: Dataset,
    before: State,
) -> tuple[State, Row]:
    """Return the state after one more epoch of meta-iterations, and the epoch's log row."""
    started = time.perf_counter()
    epoch, done = before.epoch + 1, before.epoch * run.iterations
    vectors = (before.theta, before.first_moment, before.second_moment)
    after = State(epoch, *(vector.clone() for vector in vectors))
    losses, accuracies = [], []
    bar = tqdm(range(done, done + run.iterations), f"epoch {epoch}", leave=False, disable=None)
    for iteration in bar:
        outer = algorithm.step(engine, after.theta, run, dataset, seed, iteration)
        if not np.isfinite(outer.loss):
            raise UserError(
                f"training of seed {seed} diverged in epoch {epoch} (the loss is {outer.loss}); "
                "lower the run's inner_rate or outer_rate."
            )
        moments = (after.first_moment, after.second_moment)
        adam_step(after.theta, *moments, outer.gradient, iteration + 1, run.outer_rate)
        losses.append(outer.loss)
        accuracies.append(outer.accuracy)
        bar.set_postfix(loss=f"{outer.loss:.3f}", accuracy=f"{outer.accuracy:.3f}")
    row = {
        "epoch": epoch,
        "loss": float(np.mean(losses)),
        "accuracy": float(np.mean(accuracies)),
        "seconds": round(time.perf_counter() - started, 3),
    }
    return after, row
