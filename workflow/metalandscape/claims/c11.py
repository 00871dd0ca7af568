"""C11: the regularizer of the inner loop raises accuracy.

    d = mean over seeds of (A_regularized - A_plain) at the last epoch that both have,
        in percentage points                                                           claimed: > 0
    e = 1 - exp(mean over seeds of log((1 - A_regularized) / (1 - A_plain)))
        claimed: > 0.112 on Omniglot 20-way 1-shot, half of the published reduction; > 0 elsewhere

Seeds are paired: they share initialisation and tasks. Intervals are Student's t over seeds, that of
e on the logarithm. From 94.05 to 95.38 % the error falls by 22.4 %, which the paper rounds to 23.
Both must hold.
"""

import numpy as np
import pandas as pd

from . import POSITIVE, Claim, ClaimData, Estimate, Verdict
from ._estimates import count, over_seeds
from ._published import setting

ID = "C11"
SECTION = "7"
TEXT = (
    "the regulariser raises accuracy on Omniglot 20w1s: "
    "94.05 to 95.38 %, about 23 % less error (five trials, 600 tasks)"
)
METRICS = ("accuracy",)
CLAIM = Claim(ID, SECTION, TEXT)

PUBLISHED = ("omniglot", 20, 1)
HALF = 0.5 * (95.38 - 94.05) / (100 - 94.05)


def judge(data: ClaimData) -> list[Verdict]:
    """Judge every regularized run against the run that differs in nothing else."""
    plain = data.measured(("target_accuracy",), lambda r: True)
    return [
        verdict
        for name, run in data.runs.items()
        if run.regularizer and data.has(name, "target_accuracy")
        for other, settings in plain.items()
        if run.model_copy(update={"regularizer": None}).settings() == settings.settings()
        for verdict in _compare(data, name, other)
    ]


def _compare(data: ClaimData, regularized: str, plain: str) -> list[Verdict]:
    both = data.points(regularized, "target_accuracy").merge(
        data.points(plain, "target_accuracy"), on=["seed", "epoch"], suffixes=("", "_plain")
    )
    last = both[both["epoch"] == both["epoch"].max()]
    after, before = last["target_accuracy"], last["target_accuracy_plain"]
    known = setting(data.runs[plain], data.datasets) == PUBLISHED
    names, checkpoints = f"{regularized} vs {plain}", count(both)["n_checkpoints"]
    difference = over_seeds(100 * (after - before), checkpoints)
    reduction = _reduction(1 - after, 1 - before, checkpoints)
    region = (HALF if known else 0.0, float("inf"))
    return [
        CLAIM.verdict(names, "difference of target_accuracy, points", difference, POSITIVE),
        CLAIM.verdict(names, "relative reduction of target error", reduction, region),
    ]


def _reduction(after: pd.Series, before: pd.Series, checkpoints: int) -> Estimate:
    """Return 1 - after / before, geometric mean over seeds; NaN if some error is zero."""
    defined = (after > 0).all() and (before > 0).all()
    logarithms = np.log(after / before) if defined else after * np.nan
    e = over_seeds(logarithms, checkpoints)
    value, low, high = (1 - np.exp(x) for x in (e.value, e.high, e.low))
    return e._replace(value=float(value), low=float(low), high=float(high))
