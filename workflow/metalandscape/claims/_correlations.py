"""Correlations with performance, over the epochs of a run and over runs that differ in k."""

import pandas as pd

from ..settings.config import Run
from . import POSITIVE, Claim, ClaimData, Estimate, Verdict
from ._estimates import correlated

MINIMUM_SHOTS = 5


def over_epochs(
    claim: Claim, data: ClaimData, runs: dict[str, Run], performance: str, quantity: str
) -> list[Verdict]:
    """Return the verdicts on R > 0 over the checkpoints of each run."""
    statistic = f"R of {performance} and {quantity} over epochs"
    found = []
    for name in runs:
        points = data.points(name, performance, quantity)
        estimate = correlated(points, performance, quantity, data.resamples)
        found.append(claim.verdict(name, statistic, estimate, POSITIVE))
    return found


def over_shots(
    claim: Claim, data: ClaimData, runs: dict[str, Run], performance: str, quantity: str
) -> list[Verdict]:
    """Return the verdicts on R > 0 over the last checkpoints of runs that differ in k."""
    statistic = f"R of {performance} and {quantity} over k, last checkpoints"
    found = []
    for names in _groups(runs):
        points = _last_checkpoints(data, names, performance, quantity)
        estimate = _correlated(points, performance, quantity, data.resamples)
        shots = points["shot"].nunique()
        doubt = f"too few values of k: {shots}, {MINIMUM_SHOTS} are needed"
        doubt = doubt if shots < MINIMUM_SHOTS else None
        found.append(claim.verdict(" + ".join(names), statistic, estimate, POSITIVE, doubt))
    return found


def _groups(runs: dict[str, Run]) -> list[list[str]]:
    """Return the names of runs that differ in k, and in what depends on it, only."""
    groups: dict[tuple, list[str]] = {}
    for name, run in sorted(runs.items(), key=lambda item: item[1].shot):
        key = run.dataset, run.algorithm, run.way, run.inner_steps, run.inner_rate
        groups.setdefault(key, []).append(name)
    return [names for names in groups.values() if len({runs[n].shot for n in names}) > 1]


def _last_checkpoints(data: ClaimData, names: list[str], *quantities: str) -> pd.DataFrame:
    """Return a row per run and seed, with `run`, `shot` and the length of its training."""
    parts = []
    for name in names:
        points = data.points(name, *quantities)
        length = points.groupby("seed")["epoch"].transform("size")
        last = points.assign(length=length).groupby("seed").tail(1)
        parts.append(last.assign(run=name, shot=data.runs[name].shot))
    return pd.concat(parts, ignore_index=True)


def _correlated(points: pd.DataFrame, x: str, y: str, resamples: int) -> Estimate:
    """Return R, its interval from drawing whole trainings (a run with a seed).

    A training has one point here, so there is no autocorrelation to deal with.
    """
    trainings = points.assign(seed=range(len(points)))
    shortest = int(points["length"].min()) if len(points) else 0
    return correlated(trainings, x, y, resamples)._replace(
        n_seeds=points["seed"].nunique(), n_checkpoints=min(len(points), shortest)
    )
