"""When to stop meta-training: the epoch that each signal chooses, and its regret.

A signal chooses one of a training's checkpoints after epoch 0. Validation accuracy needs tasks with
labels from data like those of meta-training; the others look at support sets of meta-test tasks
only. The regret of a signal is the training's best target accuracy minus that at its epoch.
"""

from collections.abc import Callable, Iterator, Sequence

import numpy as np
import pandas as pd
from jaxtyping import Float

from .statistics import by_seed, pearson

ACCURACY = "target_accuracy"
VALIDATION, ACTIVATIONS = "validation", "activations"
# Quantities of meta-test tasks, the largest of which chooses; a minus before a name negates it.
LANDSCAPE = (
    *("gradient_product", "gradient_cosine", "embedding_product"),
    *("-hessian_norm", "-support_loss"),
)
SIGNALS = (VALIDATION, *LANDSCAPE, ACTIVATIONS)
MOMENTS = 4

Read = Callable[[str, str, str], pd.DataFrame]
"""Run, quantity and split -> `seed`, `epoch` and `value`, without rows where there are none."""

Curve = dict[float, float]
"""Epoch -> value."""


def stopped(read: Read, run: str, home: str | None) -> pd.DataFrame:
    """Return where every signal stops every training of a run.

    Args:
        read: gives quantities.
        run: the run's name.
        home: the run of the same trainings whose meta-validation tasks come from the data that they
            are trained on; None if there is none.

    Returns:
        `seed`, `signal`, `epoch`, the target `accuracy` there, the `best` accuracy, and the number
        of `checkpoints` to choose from; without rows where a signal was not measured.
    """
    accuracy = curves(read(run, ACCURACY, "test"))
    signals = {name: curves(read(run, name, "test")) for name in LANDSCAPE}
    if home is not None:
        signals = {VALIDATION: curves(read(home, ACCURACY, "val")), **signals}
    layers = list(_layers(read, run)) if home is not None else []
    rows = []
    for seed, own in accuracy.items():
        chosen = {name: largest(own, values.get(seed, {})) for name, values in signals.items()}
        validation = signals.get(VALIDATION, {}).get(seed, {})
        pairs = [(target.get(seed, {}), source.get(seed, {})) for target, source in layers]
        chosen[ACTIVATIONS] = divergence(own, validation, pairs)
        best = max(own.values())
        rows += [
            (seed, name, epoch, own[epoch], best, count)
            for name, (epoch, count) in chosen.items()
            if count
        ]
    columns = ["seed", "signal", "epoch", "accuracy", "best", "checkpoints"]
    return pd.DataFrame(rows, columns=columns)


def curves(points: pd.DataFrame) -> dict[int, Curve]:
    """Return the finite values of every seed after epoch 0."""
    usable = points[np.isfinite(points["value"].to_numpy(float)) & (points["epoch"] >= 1)]
    parts = by_seed(usable, ["epoch", "value"]) if len(usable) else {}
    return {seed: dict(part.tolist()) for seed, part in parts.items()}


def largest(accuracy: Curve, signal: Curve) -> tuple[int, int]:
    """Return the epoch of a signal's largest value, the earliest of equals, and among how many.

    Only epochs with an accuracy count; without any, both are 0.
    """
    epochs = sorted(accuracy.keys() & signal.keys())
    return (int(max(epochs, key=signal.__getitem__)) if epochs else 0, len(epochs))


def _layers(read: Read, run: str) -> Iterator[tuple[dict[int, Curve], dict[int, Curve]]]:
    """Yield the course of every moment of every layer, on meta-test and on meta-train tasks."""
    layer = 1
    while len(read(run, f"activation_m1_layer{layer}", "test")):
        for moment in range(1, MOMENTS + 1):
            name = f"activation_m{moment}_layer{layer}"
            target, source = (curves(read(run, name, split)) for split in ("test", "train"))
            yield target, source
        layer += 1


def divergence(
    accuracy: Curve, validation: Curve, pairs: Sequence[tuple[Curve, Curve]]
) -> tuple[int, int]:
    """Return where activation-based early stopping stops, and among how many epochs.

    These are the epochs that all curves have. Only those up to the one that validation accuracy
    chooses are looked at.

    Args:
        accuracy: on meta-test tasks.
        validation: accuracy on meta-validation tasks.
        pairs: a moment of a layer on meta-test and on meta-train tasks; empty where not measured.
    """
    measured = [pair for pair in pairs if pair[0] and pair[1]]
    every = [
        set(curve) for curve in (accuracy, validation, *(c for pair in measured for c in pair))
    ]
    epochs = sorted(set.intersection(*every))
    if not measured or not epochs:
        return 0, 0
    until = 1 + int(np.argmax([validation[epoch] for epoch in epochs]))
    courses = [
        np.array([[target[epoch], source[epoch]] for epoch in epochs[:until]])
        for target, source in measured
    ]
    return int(epochs[critical_time(courses)]), len(epochs)


def critical_time(courses: Sequence[Float[np.ndarray, "n 2"]]) -> int:
    """Return where target and source activations begin to diverge, by index; the last if nowhere.

    That is the t of the largest -R(t, n) (n - t), over the courses of all layers and moments, with
    R(t, n) Pearson's R of target and source from t to the end of the courses, where validation
    accuracy is largest (Guiroy et al. 2022, Eq. 4). Two points always correlate perfectly, so a
    course has three at least; without any R below 0 nothing diverges.

    Args:
        courses: target and source by epoch, all of the same length.
    """
    length = len(courses[0])
    time, largest = length - 1, 0.0
    for course in courses:
        for t in range(length - 2):
            score = -pearson(course[t:]) * (length - t)
            if score > largest:  # which NaN is not
                time, largest = t, score
    return time
