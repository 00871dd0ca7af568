"""Correlations with performance, over the epochs of a run and over runs that differ in k."""

import pandas as pd

from ..results.answers import COMPANION, LATER, PART
from ..results.statistics import ends, over_models
from ..settings.config import Run
from . import TRACKS, Claim, ClaimData, Estimate, Region, Verdict, missing
from ._estimates import correlated, correlated_beyond_trend

MINIMUM_SHOTS = 5
BEYOND = "beyond the common trend"
FIRST = 0.1  # of the epochs
WITHOUT_FIRST = "without the first tenth of the epochs"


def over_epochs(
    claim: Claim, data: ClaimData, runs: dict[str, Run], performance: str, quantity: str
) -> list[Verdict]:
    """Return the verdicts on "tracks" over the checkpoints of each run, with companions.

    The second companion tells whether an R rests on the beginning of meta-training, where any two
    quantities change fast.
    """
    statistic = f"R of {performance} and {quantity} over epochs"
    found = []
    for name in runs:
        points = data.points(name, performance, quantity)
        found += with_companion(claim, name, statistic, points, (performance, quantity), TRACKS)
        later = points[points["epoch"] > FIRST * points["epoch"].max()]
        estimate, words = correlated(later, performance, quantity), f"{statistic}, {WITHOUT_FIRST}"
        found.append(claim.verdict(name, words, estimate, TRACKS, role=LATER))
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
    """Return the verdicts on "tracks" over runs that differ in k.

    Of every seed the checkpoints after the last epoch that all of the runs have.
    """
    statistic = f"R of {performance} and {quantity} over k, last common checkpoints"
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
    """Return the names of runs that differ in k only.

    Their meta-batch may differ, too, which the paper chooses by k; but if runs of the same k differ
    in it, those of each meta-batch are a group.
    """
    found = []
    for names in _alike(runs, "shot", "batch_size"):
        own = {name: runs[name] for name in names}
        once = len({run.shot for run in own.values()}) == len(own)
        found += [names] if once else _alike(own, "shot")
    return [names for names in found if len({runs[n].shot for n in names}) > 1]


def _alike(runs: dict[str, Run], *aside: str) -> list[list[str]]:
    """Return the names of runs, by k, in groups of those that only these settings tell apart."""
    same = dict.fromkeys(aside, 1)
    groups: dict[str, list[str]] = {}
    for name, run in sorted(runs.items(), key=lambda item: item[1].shot):
        groups.setdefault(run.model_copy(update=same).settings(), []).append(name)
    return list(groups.values())


def _last_checkpoints(data: ClaimData, names: list[str], *quantities: str) -> pd.DataFrame:
    """Return a row per run and seed, with `shot` and the number of checkpoints until then."""
    parts = [
        data.points(name, *quantities).assign(run=name, shot=data.runs[name].shot) for name in names
    ]
    points = pd.concat(parts, ignore_index=True)
    length = points.groupby(["run", "seed"]).cumcount() + 1
    return ends(points.assign(length=length))


def _over_models(points: pd.DataFrame, x: str, y: str, trend: str | None) -> Estimate:
    """Return R over models; checkpoints are models, or those of one training if these are fewer."""
    shortest = int(points["length"].min()) if len(points) else 0
    estimate = Estimate(*over_models(points, x, y, trend))
    return estimate._replace(n_checkpoints=min(estimate.n, shortest))


def _shots(points: pd.DataFrame) -> int:
    """Return how many values of k the seed with the fewest has."""
    return int(points.groupby("seed")["shot"].nunique().min()) if len(points) else 0
