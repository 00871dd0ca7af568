"""Correlations with performance, over the epochs of a run and over runs that differ in k."""

import pandas as pd

from ..results.answers import COMPANION, PART
from ..results.statistics import over_models
from ..settings.config import Run
from . import TRACKS, Claim, ClaimData, Estimate, Region, Verdict, missing
from ._estimates import correlated, correlated_beyond_trend

MINIMUM_SHOTS = 5
BEYOND = "beyond the common trend"


def over_epochs(
    claim: Claim, data: ClaimData, runs: dict[str, Run], performance: str, quantity: str
) -> list[Verdict]:
    """Return the verdicts on "tracks" over the checkpoints of each run, with companions."""
    statistic = f"R of {performance} and {quantity} over epochs"
    found = []
    for name in runs:
        points = data.points(name, performance, quantity)
        found += with_companion(claim, name, statistic, points, (performance, quantity), TRACKS)
    return found


def with_companion(
    claim: Claim,
    setting: str,
    statistic: str,
    points: pd.DataFrame,
    columns: tuple[str, str],
    region: Region,
    doubt: str | None = None,
) -> list[Verdict]:
    """Return the verdict on R within seeds, and that on R beyond the common trend."""
    beyond = correlated_beyond_trend(points, *columns)
    return [
        claim.verdict(setting, statistic, correlated(points, *columns), region, doubt),
        claim.verdict(setting, f"{statistic}, {BEYOND}", beyond, region, doubt, COMPANION),
    ]


def over_shots(
    claim: Claim, data: ClaimData, runs: dict[str, Run], performance: str, quantity: str
) -> list[Verdict]:
    """Return the verdicts on "tracks" over the last checkpoints of runs that differ in k."""
    statistic = f"R of {performance} and {quantity} over k, last checkpoints"
    found = []
    for names in _groups(runs):
        points = _last_checkpoints(data, names, performance, quantity)
        for trend, words, role in ((None, "", PART), ("shot", f", {BEYOND}", COMPANION)):
            estimate = _over_models(points, performance, quantity, trend)
            # Two terms of the trend leave the interval of five values without a width.
            shots, needed = _shots(points), MINIMUM_SHOTS + (trend is not None)
            few = shots < needed and not missing(estimate.n_seeds, estimate.n_checkpoints)
            doubt = f"too few values of k: {shots}, {needed} are needed" if few else None
            found.append(
                claim.verdict(" + ".join(names), statistic + words, estimate, TRACKS, doubt, role)
            )
    return found


def _groups(runs: dict[str, Run]) -> list[list[str]]:
    """Return the names of runs that differ in k, and in what depends on it, only."""
    groups: dict[tuple, list[str]] = {}
    for name, run in sorted(runs.items(), key=lambda item: item[1].shot):
        key = run.dataset, run.algorithm, run.way, run.inner_steps, run.inner_rate
        groups.setdefault(key, []).append(name)
    return [names for names in groups.values() if len({runs[n].shot for n in names}) > 1]


def _last_checkpoints(data: ClaimData, names: list[str], *quantities: str) -> pd.DataFrame:
    """Return a row per run and seed, with `shot` and the length of its training."""
    parts = []
    for name in names:
        points = data.points(name, *quantities)
        length = points.groupby("seed")["epoch"].transform("size")
        last = points.assign(length=length).groupby("seed").tail(1)
        parts.append(last.assign(shot=data.runs[name].shot))
    return pd.concat(parts, ignore_index=True)


def _over_models(points: pd.DataFrame, x: str, y: str, trend: str | None) -> Estimate:
    """Return R over models; checkpoints are models, or those of the shortest training if fewer."""
    shortest = int(points["length"].min()) if len(points) else 0
    estimate = Estimate(*over_models(points, x, y, trend))
    return estimate._replace(n_checkpoints=min(estimate.n, shortest))


def _shots(points: pd.DataFrame) -> int:
    """Return how many values of k the seed with the fewest has."""
    return int(points.groupby("seed")["shot"].nunique().min()) if len(points) else 0
