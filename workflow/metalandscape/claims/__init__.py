"""Claims of the paper, judged from the tables.

A module of this folder is a claim. It defines

- `ID`, `SECTION`, `TEXT`: literals, its short name, where the paper makes it and what it says.
- `METRICS`: a literal, the metrics whose tables it reads.
- `CLAIM`: a `Claim` of these.
- `judge(data)`: returns `Verdict`s, one for each setting and statistic.

A setting is a run, or several runs that are compared. A statistic comes as an `Estimate`, and
`Claim.verdict` is the one place that makes a verdict of it. docs/claims.md tells all of this to
users.
"""

from collections.abc import Callable
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np
import pandas as pd

from ..results import tables
from ..results.statistics import RESAMPLES
from ..settings.config import Run

SUPPORTED, CONTRADICTED, INCONCLUSIVE = VERDICTS = "supported", "contradicted", "inconclusive"
MINIMUM_SEEDS, MINIMUM_CHECKPOINTS = 3, 10
META_LEARNERS = ("maml", "first_order_maml")

Region = tuple[float, float]  # the open interval of values that agree with a claim
POSITIVE: Region = (0.0, float("inf"))
NEGATIVE: Region = (-float("inf"), 0.0)


class Estimate(NamedTuple):
    """A statistic with its 95 % interval; NaN where it is not defined.

    Attributes:
        value: the statistic.
        low, high: the interval.
        n: the number of points.
        n_seeds: the number of seeds.
        n_checkpoints: checkpoints that every seed has at least, or the number of trained models
            where each contributes its last checkpoint only.
    """

    value: float
    low: float
    high: float
    n: int
    n_seeds: int
    n_checkpoints: int


@dataclass(frozen=True)
class Verdict:
    """What the tables say about one statistic of a claim in one setting; a row of claims.csv."""

    claim: str
    section: str
    text: str
    setting: str
    statistic: str
    value: float
    low: float
    high: float
    n_seeds: int
    n_checkpoints: int
    n: int
    verdict: str
    reason: str


@dataclass(frozen=True)
class Claim:
    """A claim of the paper.

    Attributes:
        id: C1 to C12.
        section: where the paper makes it.
        text: what it says.
    """

    id: str
    section: str
    text: str

    def verdict(
        self,
        setting: str,
        statistic: str,
        estimate: Estimate,
        region: Region,
        doubt: str | None = None,
    ) -> Verdict:
        """Return the verdict on one statistic.

        Args:
            setting: the names of the runs.
            statistic: what was computed, in words.
            estimate: its value.
            region: the values that agree with the claim.
            doubt: why no interval could decide the claim, if so.
        """
        verdict, reason = (INCONCLUSIVE, doubt) if doubt else decide(estimate, region)
        return Verdict(
            claim=self.id,
            section=self.section,
            text=self.text,
            setting=setting,
            statistic=statistic,
            **estimate._asdict(),
            verdict=verdict,
            reason=reason,
        )


def decide(estimate: Estimate, region: Region) -> tuple[str, str]:
    """Return verdict and reason: the one rule that all claims share.

    Supported if the whole interval lies inside the region, contradicted if the whole interval lies
    outside, on one side; else inconclusive. Fewer than three seeds or ten checkpoints decide
    nothing either way.
    """
    low, high = region
    if estimate.n_seeds < MINIMUM_SEEDS:
        return INCONCLUSIVE, f"too few seeds: {estimate.n_seeds}, {MINIMUM_SEEDS} are needed"
    if estimate.n_checkpoints < MINIMUM_CHECKPOINTS:
        return INCONCLUSIVE, (
            f"too few checkpoints: {estimate.n_checkpoints}, {MINIMUM_CHECKPOINTS} are needed"
        )
    if not np.isfinite(estimate[:3]).all():
        return INCONCLUSIVE, "the statistic is not defined on these values"
    if low < estimate.low and estimate.high < high:
        return SUPPORTED, f"the interval lies {_words(region)}"
    if estimate.high < low or estimate.low > high:
        return CONTRADICTED, f"no part of the interval lies {_words(region)}"
    return INCONCLUSIVE, f"only a part of the interval lies {_words(region)}"


def overall(verdicts: list[str]) -> str:
    """Return the verdict on a claim whose parts must all hold."""
    if CONTRADICTED in verdicts:
        return CONTRADICTED
    return INCONCLUSIVE if INCONCLUSIVE in verdicts else SUPPORTED


@dataclass(frozen=True)
class ClaimData:
    """What claims are judged from.

    Attributes:
        table: rows with the columns of `tables.COLUMNS`.
        runs: the settings of the runs by name, in the configuration's order.
        datasets: the options of the datasets by name, as JSON has them.
        resamples: the number of bootstrap samples.
    """

    table: pd.DataFrame
    runs: dict[str, Run]
    datasets: dict[str, dict]
    resamples: int = RESAMPLES

    def measured(
        self, quantities: tuple[str, ...], condition: Callable[[Run], bool]
    ) -> dict[str, Run]:
        """Return the runs without a regularizer that fulfil a condition and have all quantities."""
        return {
            name: run
            for name, run in self.runs.items()
            if not run.regularizer and condition(run) and self.has(name, *quantities)
        }

    def has(self, name: str, *quantities: str) -> bool:
        """Return whether the table has rows of all quantities of a run, on meta-test tasks."""
        return {q.removeprefix("-") for q in quantities} <= set(self._rows(name)["metric"])

    def points(self, name: str, *quantities: str, initial: bool = False) -> pd.DataFrame:
        """Return `seed`, `epoch` and a column per quantity on meta-test tasks, sorted.

        They are those of `tables.joined`; checkpoints where one is missing, NaN or infinite are
        left out.
        """
        rows = tables.joined(self.table, name, quantities, initial)
        values = rows[list(quantities)].astype(float).replace([np.inf, -np.inf], np.nan)
        return rows.assign(**values).dropna().sort_values(["seed", "epoch"])

    def _rows(self, name: str) -> pd.DataFrame:
        t = self.table
        return t[(t["run"] == name) & (t["split"] == "test")]


def _words(region: Region) -> str:
    low, high = region
    if np.isinf(high):
        return f"above {low:g}"
    return f"below {high:g}" if np.isinf(low) else f"between {low:g} and {high:g}"
