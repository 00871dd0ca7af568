"""Checkpoints and training states: self-contained files that say what they belong to."""

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, field, fields, replace
from math import isnan, nan
from pathlib import Path
from types import NoneType
from typing import Any, NamedTuple

import numpy as np
import torch
from safetensors import SafetensorError
from safetensors.torch import load_file
from torch import Tensor

from .. import networks
from ..algorithms import Algorithm, Meta
from ..ground.damage import item, refused
from ..ground.errors import UserError
from ..ground.files import check_belongs, read_arrays, write_arrays
from ..networks import Network
from .finite import all_finite, check_made, check_usable
from .outer import Slots
from .progress import Progress

SEPARATOR = "/"  # between a meta-parameter and one of the optimizer's vectors


@dataclass(frozen=True)
class Origin:
    """What a file belongs to; all of it stands in the file's metadata.

    Attributes:
        run: the run's name.
        seed: its seed.
        settings: the run's settings as JSON (`Run.settings`).
        dataset: the digest of the prepared dataset.
        preprocessing: how its images were prepared; empty for data without images.
        spec: what networks must know of the dataset, as `tasks.task.Spec` has it.
        code: the digest of the code that trained.
        version: of the package.
    """

    run: str
    seed: int
    settings: str
    dataset: str
    preprocessing: dict[str, Any]
    spec: dict[str, Any]
    code: str
    version: str

    def check(self, path: str | Path, metadata: Mapping[str, Any]) -> None:
        """Refuse a file of another run, seed or dataset.

        Raises:
            UserError: the sentence names the file and what it belongs to.
        """
        check_belongs(path, metadata, run=self.run, seed=self.seed, dataset=self.dataset)


@dataclass
class State:
    """Everything that training continues from.

    Random streams are named by the meta-iteration, so the epoch stands for the random state.

    Attributes:
        epoch: epochs done.
        meta: the meta-parameters.
        slots: the vectors of the outer optimizer.
        progress: the best epoch so far.
        collapsed: whether the last epoch collapsed.
        diverged: the epoch in which training diverged, if it did: all vectors are NaN since.
    """

    epoch: int
    meta: Meta
    slots: Slots
    progress: Progress = field(default_factory=Progress)
    collapsed: bool = False
    diverged: int | None = None

    @classmethod
    def load(cls, path: str | Path, origin: Origin) -> "State":
        """Read a state written by `save`.

        Raises:
            UserError: it belongs to another run, seed or dataset, or its numbers aren't finite.
        """
        tensors, metadata = _read(path, "training state", origin)
        meta: Meta = {}
        slots: Slots = {}
        for name, tensor in tensors.items():
            parameter, _, slot = name.partition(SEPARATOR)
            if slot:
                slots.setdefault(parameter, {})[slot] = tensor
            else:
                meta[parameter] = tensor
        with refused(path):
            best, error = item(metadata, "best", float, NoneType), item(metadata, "error", float)
            progress = Progress(nan if best is None else best, error)
            return cls(meta=meta, slots=slots, progress=progress, **_about(metadata))

    def save(self, path: str | Path, origin: Origin) -> None:
        """Write the state as safetensors."""
        kept = {
            f"{name}{SEPARATOR}{slot}": tensor
            for name, slots in self.slots.items()
            for slot, tensor in slots.items()
        }
        arrays = {name: tensor.numpy() for name, tensor in (self.meta | kept).items()}
        best, error = self.progress.best, self.progress.error
        write_arrays(
            path,
            arrays,
            kind="training state",
            epoch=self.epoch,
            best=None if isnan(best) else best,  # JSON has no NaN
            error=error,
            collapsed=self.collapsed,
            diverged=self.diverged,
            **asdict(origin),
        )

    def copy(self) -> "State":
        """Return a state that shares no memory with this one."""
        slots = {
            name: {slot: tensor.clone() for slot, tensor in own.items()}
            for name, own in self.slots.items()
        }
        return replace(self, meta={n: t.clone() for n, t in self.meta.items()}, slots=slots)

    def finite(self) -> bool:
        """Return whether every meta-parameter, and all that the optimizer keeps, is finite."""
        kept = [*self.meta.values(), *(t for own in self.slots.values() for t in own.values())]
        return all_finite(kept)

    def lost(self, epoch: int) -> "State":
        """Return the state at an epoch of a training that has diverged: there are no weights."""
        slots = {
            name: {slot: torch.full_like(tensor, nan) for slot, tensor in own.items()}
            for name, own in self.slots.items()
        }
        meta = {name: torch.full_like(tensor, nan) for name, tensor in self.meta.items()}
        first = epoch if self.diverged is None else self.diverged
        return State(epoch, meta, slots, self.progress, diverged=first)


class Checkpoint(NamedTuple):
    """What a checkpoint holds.

    Attributes:
        epoch: its epoch.
        meta: the meta-parameters.
        collapsed: whether training had just collapsed (`progress.Progress`).
        diverged: the epoch in which training diverged, if it did: the weights are NaN.
    """

    epoch: int
    meta: Meta
    collapsed: bool
    diverged: int | None = None


def save_checkpoint(path: str | Path, algorithm: Algorithm, state: State, origin: Origin) -> None:
    """Write the meta-parameters: theta by the network's parameter names, others by their own."""
    parts = networks.unflatten(algorithm.network, state.meta["theta"])
    others = {f"meta.{name}": tensor for name, tensor in state.meta.items() if name != "theta"}
    arrays = {name: tensor.numpy() for name, tensor in (parts | others).items()}
    about = {"epoch": state.epoch, "collapsed": state.collapsed, "diverged": state.diverged}
    write_arrays(path, arrays, kind="checkpoint", **about, **asdict(origin))


def load_checkpoint(path: str | Path, algorithm: Algorithm, origin: Origin) -> Checkpoint:
    """Return what a checkpoint holds.

    Raises:
        UserError: it belongs to another run, seed or dataset, or its weights aren't finite.
    """
    tensors, metadata = _read(path, "checkpoint", origin)
    meta = meta_of(path, tensors, algorithm.network)
    with refused(path):
        return Checkpoint(meta=meta, **_about(metadata))


def open_checkpoint(path: str | Path) -> tuple[Origin, dict[str, Tensor]]:
    """Return what a checkpoint belongs to, and its tensors, where no configuration is at hand.

    Raises:
        UserError: the file can't be read, isn't a checkpoint, or has no weights, because training
            had diverged.
    """
    arrays, metadata = read_arrays(path)
    names = [each.name for each in fields(Origin)]
    if metadata.get("kind") != "checkpoint" or not metadata.keys() >= set(names):
        raise UserError(
            f"{path} is no checkpoint of metalandscape; give one, such as epoch10.safetensors of a "
            "run."
        )
    tensors = _tensors(arrays)
    check_usable(path, tensors, metadata.get("diverged"))
    return Origin(**{name: metadata[name] for name in names}), tensors


def initial_weights(path: str | Path, algorithm: Algorithm) -> Meta:
    """Return meta-parameters to start from, of a checkpoint or of a plain safetensors state dict.

    Meta-parameters that the file lacks, such as learned rates, are those of `Algorithm.initial`;
    those that the algorithm lacks are left out. Numbers become float32.

    Raises:
        UserError: the file isn't one of those, its tensors aren't those of the network, or its
            numbers aren't finite.
    """
    try:
        tensors = load_file(path)
    except (OSError, SafetensorError) as error:
        raise UserError(
            f"{path} cannot be read as safetensors ({error}); name a checkpoint, or a state dict "
            "written by safetensors.torch.save_file."
        ) from error
    # In float32, where larger numbers of other types are infinite.
    check_usable(path, {name: tensor.float() for name, tensor in tensors.items()})
    initial = algorithm.initial()
    given = meta_of(path, tensors, algorithm.network)
    known = {name: tensor.float() for name, tensor in given.items() if name in initial}
    for name, tensor in known.items():
        if tensor.shape != initial[name].shape:
            raise _misfit(path, f"meta.{name}", tensor.shape, initial[name].shape)
    return initial | known


def meta_of(path: str | Path, tensors: Mapping[str, Tensor], network: Network) -> Meta:
    """Return meta-parameters by name, given the tensors of a checkpoint.

    Raises:
        UserError: the tensors aren't those of the network.
    """
    wanted = {p.name: tuple(p.shape) for p in network.parameters}
    own = {name: t for name, t in tensors.items() if not name.startswith("meta.")}
    for name in [*wanted, *own]:
        found = tuple(own[name].shape) if name in own else None
        if found != wanted.get(name):
            raise _misfit(path, name, found, wanted.get(name))
    theta = networks.flatten(network, {name: t.float() for name, t in own.items()})
    others = {n.removeprefix("meta."): t for n, t in tensors.items() if n.startswith("meta.")}
    return {"theta": theta, **others}


def _misfit(
    path: str | Path, name: str, found: Sequence[int] | None, wanted: Sequence[int] | None
) -> UserError:
    """Return the error about a tensor whose shape isn't wanted; None where there is none."""
    if found is None:
        complaint = f"it lacks the tensor {name}, which the run's network has"
    elif wanted is None:
        complaint = f"its tensor {name} is unknown to the run's network"
    else:
        complaint = f"its tensor {name} has the shape {tuple(found)}, the run's {tuple(wanted)}"
    return UserError(f"{path}: {complaint}; give weights of the same network and outputs.")


def _read(path: str | Path, kind: str, origin: Origin) -> tuple[dict[str, Tensor], dict[str, Any]]:
    """Return tensors and metadata of a file that training wrote."""
    arrays, metadata = read_arrays(path)
    if metadata.get("kind") != kind:
        raise UserError(f"{path} is no {kind} of this project; remove it, and it is made anew.")
    origin.check(path, metadata)
    tensors = _tensors(arrays)
    check_made(path, tensors, metadata.get("diverged"))
    return tensors, metadata


def _about(metadata: Mapping[str, Any]) -> dict[str, Any]:
    """Return the epoch of a file, whether training had collapsed, and where it had diverged."""
    return {
        "epoch": item(metadata, "epoch", int),
        "collapsed": item(metadata, "collapsed", bool),
        "diverged": item({"diverged": None, **metadata}, "diverged", int, NoneType),
    }


def _tensors(arrays: Mapping[str, np.ndarray]) -> dict[str, Tensor]:
    return {name: torch.from_numpy(np.array(array)) for name, array in arrays.items()}
