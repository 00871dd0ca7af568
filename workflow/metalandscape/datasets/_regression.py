"""Sine regression tasks in memory: y = a sin(b x + c)."""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from ..ground.files import write_arrays

Interval = list[float]


@dataclass(frozen=True)
class SineDataset:
    """Sine functions whose amplitude and phase come from disjoint ranges for each split.

    Attributes:
        amplitude: the interval of a, by split.
        phase: the interval of c in radians, by split.
        frequency: b.
        domain: the interval of x.
    """

    amplitude: dict[str, Interval]
    phase: dict[str, Interval]
    frequency: float
    domain: Interval

    def save(self, path: Path) -> None:
        """Write the prepared file; it holds no arrays."""
        write_arrays(path, {}, family="sine", **vars(self))

    def sample(
        self, rng: np.random.Generator, split: str, tasks: int, way: int, shot: int, targets: int
    ) -> dict[str, np.ndarray]:
        """Return a task list: `amplitude`, `phase` [tasks] and `x` [tasks, shot + targets]."""
        rows = [
            (
                rng.uniform(*self.amplitude[split]),
                rng.uniform(*self.phase[split]),
                rng.uniform(*self.domain, shot + targets),
            )
            for _ in range(tasks)
        ]
        amplitude, phase, x = zip(*rows, strict=True)
        return {"amplitude": np.array(amplitude), "phase": np.array(phase), "x": np.array(x)}

    def materialise(self, task: Mapping[str, np.ndarray], shot: int) -> tuple[np.ndarray, ...]:
        """Return `support_x, support_y, target_x, target_y`, each float32 [n, 1]."""
        x = task["x"][:, None]
        y = task["amplitude"] * np.sin(self.frequency * x + task["phase"])
        x, y = x.astype(np.float32), y.astype(np.float32)
        return x[:shot], y[:shot], x[shot:], y[shot:]
