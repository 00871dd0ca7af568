"""C11: the regularizer of the inner loop raises accuracy.

    d = mean over seeds of (A_regularized - A_plain) at the last epoch that both have with
        this seed, in percentage points                                             claimed: > 0
    e = 1 - exp(mean over seeds of log((1 - A_regularized) / (1 - A_plain)))
        claimed: > 0.112, half of the published reduction

Seeds are paired: they share initialization and tasks. Intervals are Student's t over seeds, that of
e on the logarithm. From 94.05 to 95.38 % the error falls by 22.4 %, which the paper rounds to 23.
Both must hold. Judged on Omniglot 20-way 1-shot at the paper's scale only, which includes its
meta-batch of n = 16 tasks (with few tasks the mean direction is mostly a task's own) and gamma.
"""

import numpy as np
import pandas as pd

from ..results.statistics import count
from . import POSITIVE, Claim, ClaimData, Estimate, Region, Verdict
from ._estimates import over_seeds
from ._published import setting
from ._settings import other_scale

ID = "C11"
SECTION = "7"
TEXT = (
    "the regulariser raises accuracy on Omniglot 20w1s: "
    "94.05 to 95.38 %, about 23 % less error (five trials, 600 tasks)"
)
METRICS = ("accuracy",)
CLAIM = Claim(ID, SECTION, TEXT)

REGULARIZER, GAMMA = "trajectory_angle", 0.5
PUBLISHED = ("omniglot", 20, 1)
HALF: Region = (0.5 * (95.38 - 94.05) / (100 - 94.05), float("inf"))


def judge(data: ClaimData) -> list[Verdict]:
    """Judge every run with the paper's regularizer against the run that differs in nothing else."""
    plain = data.measured(("target_accuracy",), lambda r: True)
    return [
        verdict
        for name, run in data.runs.items()
        if run.regularizer
        and run.regularizer.name == REGULARIZER
        and data.has(name, "target_accuracy")
        for other, settings in plain.items()
        if run.model_copy(update={"regularizer": None}).settings() == settings.settings()
        for verdict in _compare(data, name, other)
    ]


def _compare(data: ClaimData, regularized: str, plain: str) -> list[Verdict]:
    both = data.points(regularized, "target_accuracy").merge(
        data.points(plain, "target_accuracy"), on=["seed", "epoch"], suffixes=("", "_plain")
    )
    last = both.groupby("seed").tail(1)  # so that no seed is left out
    after, before = last["target_accuracy"], last["target_accuracy_plain"]
    names, counts, doubt = f"{regularized} vs {plain}", count(both), _doubt(data, regularized, last)
    difference = over_seeds(100 * (after - before), counts)
    reduction = _reduction(1 - after, 1 - before, counts)
    return [
        CLAIM.verdict(names, "difference of target_accuracy, points", difference, POSITIVE, doubt),
        CLAIM.verdict(names, "relative reduction of target error", reduction, HALF, doubt),
    ]


def _doubt(data: ClaimData, name: str, last: pd.DataFrame) -> str | None:
    """Return in what a run is not the paper's experiment, in words, by its last checkpoints."""
    run = data.runs[name]
    if setting(run, data.datasets) != PUBLISHED:
        return "another scale: the claim is about Omniglot, 20-way 1-shot, 1200 characters"
    gamma = run.regularizer.options["gamma"] if run.regularizer else None
    if gamma != GAMMA:
        return f"another scale: gamma {gamma} (paper: {GAMMA})"
    return other_scale(run, data.datasets, int(last["epoch"].min()) if len(last) else 0)


def _reduction(after: pd.Series, before: pd.Series, counts: dict[str, int]) -> Estimate:
    """Return 1 - after / before, geometric mean over seeds; NaN if some error is zero."""
    defined = (after > 0).all() and (before > 0).all()
    logarithms = np.log(after / before) if defined else after * np.nan
    e = over_seeds(logarithms, counts)
    value, low, high = (1 - np.exp(x) for x in (e.value, e.high, e.low))
    return e._replace(value=float(value), low=float(low), high=float(high))
