"""How much the choices matter that the paper leaves open: docs/reading.md shows this table.

    PYTHONPATH=workflow python benchmarks/reading.py RESULTS

RESULTS is the folder of a finished run of the embedded default, `results`. Its checkpoints and
datasets are read; nothing is trained. Takes less than a minute.
"""

import dataclasses
import sys
from pathlib import Path

import numpy as np
import torch

import metalandscape
from metalandscape.learner import Learner
from metalandscape.metrics import gradients, trajectories
from metalandscape.metrics._pairs import pair_average
from metalandscape.regularizers import trajectory_angle
from metalandscape.tasks.episodes import Tasks

TASKS = 40
BASELINE, MAML = "colour_5w1s_finetuning", "colour_5w1s_maml"
REGULARIZED = "grey_20w1s_maml_regularized"

Row = tuple[str, str, str]


def learner(results: Path, run: str, epoch: int | str, seed: int = 0) -> Learner:
    """Return the learner of a checkpoint."""
    path = results / "checkpoints" / run / f"seed{seed}" / f"epoch{epoch}.safetensors"
    return metalandscape.load(path, kernel=results / "kernel.so")


def tasks(results: Path, run: str, count: int = TASKS, seed: int = 0) -> list:
    """Return the first meta-test tasks of a run."""
    data = "grey_letters" if run.startswith("grey") else "colour_letters"
    way, targets = (20, 3) if run.startswith("grey_20w") else (5, 5)
    dataset = metalandscape.open_dataset(results / "data" / f"{data}.safetensors")
    options = {"way": way, "shot": 1, "targets": targets, "seed": seed}
    return metalandscape.sample_tasks(dataset, count, **options)


def values(metric: object, options: object, of: Learner, on: list) -> dict[str, float]:
    """Return the values of a metric by name."""
    return {m.name: m.value for m in metric.measure(of, Tasks.given(on), options)}


def head(results: Path) -> list[Row]:
    """The baseline's new last layer: drawn per task, drawn once, or zero."""
    on, last = tasks(results, BASELINE), learner(results, BASELINE, 15)
    found = {}
    for which in ("per_task", "shared", "zero"):
        of = dataclasses.replace(last, head=which)
        cosine = values(trajectories, trajectories.Options(), of, on)["direction_cosine"]
        product = values(gradients, gradients.Options(), of, on)["gradient_product"]
        found[which] = f"cosine {cosine:.3f}, E[g.g] {product:.2f}"
    chosen, *others = [f"{which}: {text}" for which, text in found.items()]
    return [("the baseline's new last layer (C5, C8)", chosen, "; ".join(others))]


def steps(results: Path) -> list[Row]:
    """T counted from one: the displacement after T steps, or after T - 1."""
    on, last = tasks(results, MAML), learner(results, MAML, 10)
    texts = []
    for count in (last.steps, last.steps - 1):
        of = dataclasses.replace(last, steps=count)
        found = values(trajectories, trajectories.Options(), of, on)
        texts.append(
            f"{count} steps: cosine {found['direction_cosine']:.3f}, "
            f"norm {found['displacement_norm']:.2f}"
        )
    return [("T = 5: five steps, or theta^(0) counted as the first of five", *texts)]


def pairs(results: Path) -> list[Row]:
    """Averages over pairs i != j, or over all i and j, whose diagonal adds E|g|^2 / N."""
    last = learner(results, MAML, 10)
    rows = []
    for count in (10, TASKS):
        on = tasks(results, MAML, count)
        vectors = [-last.engine.gradient(last.theta, t.support_x, t.support_y).gradient for t in on]
        exact = pair_average("product", "test", lambda v=vectors: v).value
        all_pairs = float(torch.stack(vectors).double().mean(0).square().sum())
        rows.append(
            (f"E[g.g] over {count} tasks", f"i != j: {exact:.3f}", f"all i, j: {all_pairs:.3f}")
        )
    return rows


def fixed(results: Path) -> list[Row]:
    """Fixed tasks, or other ones at every epoch: the noise that this adds to a curve."""
    curves: dict[str, list[float]] = {"fixed": [], "fresh": []}
    for epoch in range(1, 11):
        of = learner(results, MAML, epoch)
        for kind, seed in (("fixed", 0), ("fresh", 1000 + epoch)):
            on = tasks(results, MAML, TASKS, seed)
            found = values(trajectories, trajectories.Options(), of, on)
            curves[kind].append(found["direction_cosine"])
    rough = {kind: np.abs(np.diff(curve)).mean() for kind, curve in curves.items()}
    texts = [f"{kind}: {rough[kind]:.4f}" for kind in ("fixed", "fresh")]
    return [("tasks of the epochs: mean change of the cosine from epoch to epoch", *texts)]


def penalty(results: Path) -> list[Row]:
    """Algorithm 1's gradient with the mean direction held fixed, or through it as well."""
    last = learner(results, REGULARIZED, 10)
    on = tasks(results, REGULARIZED, 16)
    adapted = torch.stack([last.adapt(task) for task in on]).double().requires_grad_()
    displacement = adapted - last.theta.double()
    norm = displacement.norm(dim=1, keepdim=True)
    direction = displacement / norm
    held = trajectory_angle.gradient(direction, direction.mean(0), norm).detach()
    omega = -(direction @ direction.mean(0)).sum()
    (through,) = torch.autograd.grad(omega, adapted)
    ratio = (through.norm() / held.norm()).item()
    cosine = torch.nn.functional.cosine_similarity(through.flatten(), held.flatten(), 0).item()
    moved = (0.5 * held.norm(dim=1) / norm.squeeze(1)).mean().item()
    return [
        (
            "grad Omega of Algorithm 1",
            f"dir_mu fixed: gamma = 0.5 moves theta~ by {100 * moved:.1f} % of its displacement",
            f"through dir_mu: {ratio:.2f} times as long, cosine {cosine:.3f}",
        )
    ]


def main(results: Path) -> None:
    """Print the table as Markdown."""
    torch.set_num_threads(1)
    rows = [row for part in (head, steps, pairs, fixed, penalty) for row in part(results)]
    lines = [("choice", "chosen", "otherwise"), ("---",) * 3, *rows]
    print("\n".join(f"| {' | '.join(line)} |" for line in lines))


if __name__ == "__main__":
    main(Path(sys.argv[1]))
