"""What a change of training does at its end: runs compared seed by seed."""

from collections.abc import Callable

import numpy as np
import pandas as pd

from .statistics import by_seed

ACCURACY, CURVATURE = "target_accuracy", "hessian_norm"
LAST = 3  # checkpoints whose mean stands for a training's end

Read = Callable[[str, str], pd.DataFrame]
"""Run and quantity -> `seed`, `epoch` and `value` on meta-test tasks."""


def effects(read: Read, changed: str, plain: str) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Return by how much a change of training raises accuracy and flattens adapted solutions.

    Args:
        read: gives quantities.
        changed: the name of the run with the change.
        plain: that of the run without.

    Returns:
        `seed`, `gain` of target accuracy in percentage points, and `flattening`, the logarithm of
        the plain run's curvature over the other's, a row per seed, of the means over the last three
        checkpoints that both have; and `seed` and `epoch` of all checkpoints that both have.
    """
    both = None
    for run, suffix in ((changed, "changed"), (plain, "plain")):
        for quantity in (ACCURACY, CURVATURE):
            own = read(run, quantity)[["seed", "epoch", "value"]]
            own = own[np.isfinite(own["value"].to_numpy(float)) & (own["epoch"] >= 1)]
            own = own.rename(columns={"value": f"{quantity} {suffix}"})
            both = own if both is None else both.merge(own, on=["seed", "epoch"])
    assert both is not None
    columns = [f"{q} {of}" for q in (ACCURACY, CURVATURE) for of in ("changed", "plain")]
    ends = {s: part[-LAST:].mean(0) for s, part in by_seed(both, columns).items() if len(part)}
    rows = [
        (seed, 100 * (end[0] - end[1]), _logarithm(end[3]) - _logarithm(end[2]))
        for seed, end in ends.items()
    ]
    return pd.DataFrame(rows, columns=["seed", "gain", "flattening"]), both[["seed", "epoch"]]


def _logarithm(value: float) -> float:
    return float(np.log(value)) if value > 0 else float("nan")
