"""Training a block of epochs: from one training state to checkpoints and the next state."""

import logging
import time
from collections.abc import Mapping
from math import isnan, nan
from pathlib import Path
from typing import Any

import numpy as np
from tqdm import tqdm

from ..algorithms import Algorithm
from ..datasets import Dataset
from ..ground.errors import UserError
from .artifacts import Origin, State, initial_weights, save_checkpoint
from .outer import Optimizer

log = logging.getLogger(__name__)

Row = dict[str, float]
COLUMNS = ["epoch", "loss", "accuracy", "collapsed", "seconds"]
LINE = "epoch %(epoch)d: loss %(loss).4f, accuracy %(accuracy).4f, %(seconds).1f s"
REGRESSION_LINE = LINE.replace(" accuracy %(accuracy).4f,", "")


class Diverged(ArithmeticError):
    """A loss, a meta-parameter or a vector of the optimizer is no longer finite."""


def start(algorithm: Algorithm, weights: str | Path | None = None) -> State:
    """Return the state before meta-training, from given weights where there are any."""
    meta = initial_weights(weights, algorithm) if weights else algorithm.initial()
    return State(0, meta, Optimizer(algorithm.setup.run).initial(meta))


def go_on(algorithm: Algorithm, path: str | Path, origin: Origin, epoch: int) -> State:
    """Return the state that training goes on from.

    Args:
        algorithm: what is trained.
        path: the state's file.
        origin: what it should belong to.
        epoch: the epoch it should be of.

    Raises:
        UserError: it is of another run, seed, dataset or epoch, or damaged.
    """
    state = State.load(path, origin)
    if state.epoch != epoch:
        fault = f"is of epoch {state.epoch} instead of {epoch}"
    elif _shapes(state) != _shapes(start(algorithm)):
        fault = "is damaged: its tensors are not those of the run"
    else:
        return state
    raise UserError(f"{path} {fault}; remove it, and it is made anew.")


def _shapes(state: State) -> dict[str, Any]:
    slots = {f"{p}/{name}": t.shape for p, own in state.slots.items() for name, t in own.items()}
    return {name: tensor.shape for name, tensor in state.meta.items()} | slots


def train(
    algorithm: Algorithm,
    dataset: Dataset,
    state: State,
    checkpoints: Mapping[int, str | Path],
    origin: Origin,
) -> tuple[State, list[Row]]:
    """Train up to the last epoch of `checkpoints`, writing each of them.

    Where training diverges, nothing is trained any more: the checkpoints from that epoch on have
    weights NaN and say so (`State.lost`), so that those before it are kept and measured.

    Args:
        algorithm: what is trained.
        dataset: what tasks are sampled from.
        state: where to go on from; epoch 0 is the initialization.
        checkpoints: the file of every epoch of this block.
        origin: what the checkpoints belong to.

    Returns:
        The state to go on from, and one log row per epoch trained: its number, mean loss and
        accuracy of its meta-iterations, whether it collapsed (`progress.Progress`), and seconds.
    """
    optimizer = Optimizer(algorithm.setup.run)
    rows = []
    if state.epoch in checkpoints:
        save_checkpoint(checkpoints[state.epoch], algorithm, state, origin)
    for _ in range(state.epoch, max(checkpoints)):
        state, row = _next(algorithm, optimizer, dataset, state)
        save_checkpoint(checkpoints[state.epoch], algorithm, state, origin)
        log.info(_line(state, row), row)
        rows.append(row)
    return state, rows


def _next(
    algorithm: Algorithm, optimizer: Optimizer, dataset: Dataset, before: State
) -> tuple[State, Row]:
    """Return the state after one more epoch and the epoch's log row, if training diverged, too."""
    try:
        if before.diverged is None:
            return _epoch(algorithm, optimizer, dataset, before)
    except (Diverged, OverflowError):
        pass
    after = before.lost(before.epoch + 1)
    row = {"epoch": after.epoch, "loss": nan, "accuracy": nan, "collapsed": 0, "seconds": nan}
    return after, row


def _line(state: State, row: Row) -> str:
    if state.diverged is not None:
        return f"epoch %(epoch)d: no weights, training diverged in epoch {state.diverged}"
    line = REGRESSION_LINE if isnan(row["accuracy"]) else LINE
    return f"{line} collapsed" if state.collapsed else line


def _epoch(
    algorithm: Algorithm, optimizer: Optimizer, dataset: Dataset, before: State
) -> tuple[State, Row]:
    """Return the state after one more epoch of meta-iterations, and the epoch's log row.

    Raises:
        Diverged: a loss is not finite, or what the epoch ends with.
    """
    started = time.perf_counter()
    run, after = algorithm.setup.run, before.copy()
    after.epoch = before.epoch + 1
    first = before.epoch * run.iterations
    losses, accuracies = [], []
    bar = tqdm(
        range(first, first + run.iterations), f"epoch {after.epoch}", leave=False, disable=None
    )
    for iteration in bar:
        outer = algorithm.step(after.meta, dataset, iteration)
        if not np.isfinite(outer.loss):
            raise Diverged
        optimizer.step(after.meta, after.slots, outer.gradients, iteration)
        losses.append(outer.loss)
        accuracies.append(outer.accuracy)
        bar.set_postfix(loss=f"{outer.loss:.3f}", accuracy=f"{outer.accuracy:.3f}")
    if not after.finite():
        raise Diverged
    after.progress, after.collapsed = before.progress.after(
        np.array(accuracies), 1 / algorithm.training_outputs()
    )
    row = {
        "epoch": after.epoch,
        "loss": float(np.mean(losses)),
        "accuracy": float(np.mean(accuracies)),
        "collapsed": int(after.collapsed),
        "seconds": round(time.perf_counter() - started, 3),
    }
    return after, row


def diverged(run: str, seed: int, epoch: int) -> str:
    """Return the sentence that says where training diverged, and what to do."""
    return (
        f"training of run {run}, seed {seed}, diverged in epoch {epoch}, from which on its results "
        "are NaN; lower its inner_rate or outer_rate."
    )
