"""How fine a grid Lanczos quadrature resolves: its density against that of a dense Hessian.

    PYTHONPATH=workflow python benchmarks/spectrum_resolution.py RESULTS

RESULTS is the folder of a run of the embedded default, `results`. The Hessian of one adapted
solution is written out, and its 7,557 eigenvalues are computed: some minutes. docs/beyond.md shows
the table.
"""

import sys
from pathlib import Path

import numpy as np
import torch

import metalandscape
from metalandscape.metrics import spectrum
from metalandscape.metrics._quadrature import Quadrature, quadratures

RUN, EPOCH, DATA = "few_5w1s_maml", 2, "few_letters"
SHAPE = {"way": 5, "shot": 1, "targets": 5}
UNITS = (0.01, 0.03, 0.1, 0.3)
STEPS = (25, 50, 100)
STARTS = 20  # those of the metric's 20 tasks


def eigenvalues(results: Path) -> np.ndarray:
    """Return all eigenvalues [P] of the Hessian at the first meta-test task's adapted solution."""
    dataset = metalandscape.open_dataset(results / f"data/{DATA}.safetensors")
    (task,) = metalandscape.sample_tasks(dataset, 1, **SHAPE)
    path = results / f"checkpoints/{RUN}/seed0/epoch{EPOCH}.safetensors"
    learner = metalandscape.load(path, kernel=results / "kernel.so")
    product = learner.engine.hessian_product(learner.adapt(task), task.support_x, task.support_y)
    columns = [product(axis).numpy() for axis in torch.eye(len(learner.theta))]
    matrix = np.stack(columns)
    return np.linalg.eigvalsh((matrix + matrix.T) / 2).astype(np.float64)


def found(values: np.ndarray, steps: int) -> tuple[Quadrature, ...]:
    """Return quadratures from random starts, in the coordinates of the eigenvectors."""
    rng, operator = np.random.default_rng(0), torch.from_numpy(values.astype(np.float32))
    starts = rng.standard_normal((STARTS, 1, len(values))).astype(np.float32)
    return tuple(quadratures(lambda v: operator * v, torch.from_numpy(s), steps)[0] for s in starts)


def density(several: tuple[Quadrature, ...], unit: float) -> np.ndarray:
    """Return the density on a grid of another unit."""
    scale = spectrum.GRID["unit"] / unit
    return spectrum.density(tuple(each._replace(nodes=scale * each.nodes) for each in several))


def table(values: np.ndarray) -> str:
    """Return the l1 distances of densities, at most 2, by unit and number of steps."""
    exact = (Quadrature(values, np.full(len(values), 1 / len(values)), 0 * values),)
    lines = [f"| unit | {' | '.join(f'{steps} steps' for steps in STEPS)} |", "|---" * 4 + "|"]
    by_steps = [found(values, steps) for steps in STEPS]
    for unit in UNITS:
        apart = [abs(density(own, unit) - density(exact, unit)).sum() for own in by_steps]
        shown = [f"{each / spectrum.GRID['points_per_decade']:.3f}" for each in apart]
        lines.append(f"| {unit} | {' | '.join(shown)} |")
    shares = [spectrum.negative_share(own) for own in (exact, *by_steps)]
    dense, *others = [f"{share:.3f}" for share in shares]
    return "\n".join([*lines, "", f"negative share: {dense} dense; {', '.join(others)}"])


if __name__ == "__main__":
    print(table(eigenvalues(Path(sys.argv[1]))))
