"""Regression tasks: functions drawn from a distribution, evaluated at random points."""

import hashlib
import json
from abc import ABC, abstractmethod
from collections.abc import Mapping
from pathlib import Path
from typing import Any, ClassVar

import numpy as np

from ..ground.files import write_arrays


class RegressionDataset(ABC):
    """Tasks y = f(x), each with its own f. A kind of regression dataset derives from this class.

    The kind makes it a dataclass whose fields are plain values (its settings): they alone are
    written to the prepared file.

    Attributes:
        kind: the name of the module, `kind:` in the configuration.
        inputs: the number of components of x.
        output_size: the number of components of y.
    """

    kind: ClassVar[str]
    tasks: ClassVar[str] = "regression"
    inputs: ClassVar[int] = 1
    output_size: ClassVar[int] = 1

    @abstractmethod
    def draw(self, rng: np.random.Generator, split: str) -> Mapping[str, Any]:
        """Return what makes one function of a split: numbers or arrays by name (none named x)."""

    @abstractmethod
    def points(self, rng: np.random.Generator, split: str, count: int) -> np.ndarray:
        """Return x [count, inputs]."""

    @abstractmethod
    def values(self, function: Mapping[str, Any], x: np.ndarray) -> np.ndarray:
        """Return y [n, output_size] at x [n, inputs] of a function made by `draw`."""

    @property
    def input_shape(self) -> tuple[int]:
        """(inputs,)."""
        return (self.inputs,)

    @property
    def digest(self) -> str:
        """The SHA-256 of the kind and its settings: the content's identity."""
        text = json.dumps({"kind": self.kind, **vars(self)}, sort_keys=True)
        return hashlib.sha256(text.encode()).hexdigest()

    def save(self, path: Path) -> None:
        """Write the prepared file; it holds no arrays."""
        write_arrays(path, {}, kind=self.kind, digest=self.digest, **vars(self))

    @classmethod
    def restore(cls, metadata: Mapping[str, Any]) -> "RegressionDataset":
        """Return the dataset of a prepared file's metadata.

        Raises:
            ValueError: the digest is not that of the settings.
        """
        settings = {k: v for k, v in metadata.items() if k not in ("kind", "digest")}
        dataset = cls(**settings)
        if dataset.digest != metadata["digest"]:
            raise ValueError("its settings are not those that it was written with")
        return dataset

    def sample(
        self, rng: np.random.Generator, split: str, tasks: int, way: int, shot: int, targets: int
    ) -> dict[str, np.ndarray]:
        """Return a task list: what `draw` names and `x` [tasks, shot + targets, inputs]."""
        rows = [
            {**self.draw(rng, split), "x": self.points(rng, split, shot + targets)}
            for _ in range(tasks)
        ]
        return {name: np.array([row[name] for row in rows]) for name in rows[0]}

    def materialise(self, task: Mapping[str, np.ndarray], shot: int) -> tuple[np.ndarray, ...]:
        """Return `support_x, support_y, target_x, target_y`, float32 [n, inputs or outputs]."""
        x = task["x"]
        y = np.reshape(self.values(task, x), (len(x), self.output_size))
        x, y = x.astype(np.float32), y.astype(np.float32)
        return x[:shot], y[:shot], x[shot:], y[shot:]
