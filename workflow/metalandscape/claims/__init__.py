"""Claims of the paper, and questions it leaves open, judged from the tables.

A module of this folder is a claim. It defines

- `ID`, `SECTION`, `TEXT`: literals, its short name, where the paper makes it and what it says; the
  section "Beyond the paper" is that of a hypothesis which is not the paper's.
- `METRICS`: a literal, the metrics whose tables it reads.
- `CLAIM`: a `Claim` of these.
- `judge(data)`: returns `Verdict`s, one for each setting and statistic, the main statistic first.

A setting is a run, or several runs that are compared. A statistic comes as an `Estimate`, and
`Claim.verdict` is the one place that makes a verdict of it. docs/claims.md explains all of this to
users.
"""

from collections.abc import Callable
from dataclasses import dataclass
from functools import cached_property
from typing import NamedTuple

import numpy as np
import pandas as pd

from ..ground.errors import UserError
from ..results.answers import PART, VERDICTS
from ..results.statistics import MINIMUM_CHECKPOINTS, MINIMUM_SEEDS
from ..settings.config import Run

SUPPORTED, CONTRADICTED, INCONCLUSIVE = VERDICTS

Region = tuple[float, float]  # the open interval of values that agree with a claim
POSITIVE: Region = (0.0, float("inf"))
NEGATIVE: Region = (-float("inf"), 0.0)
MEDIUM = 0.3  # r0: Cohen's medium effect; "tracks" and "does not track" exclude each other
TRACKS: Region = (MEDIUM, float("inf"))
DOES_NOT_TRACK: Region = (-float("inf"), MEDIUM)


class Estimate(NamedTuple):
    """A statistic with its 95 % interval; NaN where it is not defined.

    Attributes:
        value: the statistic.
        low, high: the interval.
        n: the number of points.
        n_seeds: the number of seeds.
        n_checkpoints: checkpoints that every seed has at least in the part of the curve that the
            statistic is computed on, or the number of trained models where each contributes its
            last checkpoint only.
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
    role: str
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
        id: C1 to C17 are the paper's; others go beyond it.
        section: where the paper makes it, or "Beyond the paper".
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
        role: str = PART,
        checkpoints: int = MINIMUM_CHECKPOINTS,
    ) -> Verdict:
        """Return the verdict on one statistic.

        Args:
            setting: the names of the runs.
            statistic: what was computed, in words.
            estimate: its value.
            region: the values that agree with the claim.
            doubt: why no interval could decide the claim, if so.
            role: what the row is, see `results.answers`.
            checkpoints: how many the statistic needs.
        """
        verdict, reason = (INCONCLUSIVE, doubt) if doubt else decide(estimate, region, checkpoints)
        return Verdict(
            claim=self.id,
            section=self.section,
            text=self.text,
            setting=setting,
            statistic=statistic,
            role=role,
            **estimate._asdict(),
            verdict=verdict,
            reason=reason,
        )


def decide(
    estimate: Estimate, region: Region, checkpoints: int = MINIMUM_CHECKPOINTS
) -> tuple[str, str]:
    """Return verdict and reason: the one rule that all claims share.

    Supported if the whole interval lies inside the region, contradicted if the whole interval lies
    outside, on one side; else inconclusive. Fewer than three seeds, or fewer checkpoints than
    needed, decide nothing either way.
    """
    low, high = region
    missed = missing(estimate.n_seeds, estimate.n_checkpoints, checkpoints)
    if missed:
        return INCONCLUSIVE, missed
    if not np.isfinite(estimate[:3]).all():
        return INCONCLUSIVE, "the statistic is not defined on these values"
    if low < estimate.low and estimate.high < high:
        return SUPPORTED, f"the interval lies {_words(region)}"
    if estimate.high < low or estimate.low > high:
        return CONTRADICTED, f"no part of the interval lies {_words(region)}"
    return INCONCLUSIVE, f"only a part of the interval lies {_words(region)}"


def missing(n_seeds: int, n_checkpoints: int, needed: int = MINIMUM_CHECKPOINTS) -> str:
    """Return what is lacking of the minimum of data, in words; "" if nothing."""
    if n_seeds < MINIMUM_SEEDS:
        return f"too few seeds: {n_seeds}, {MINIMUM_SEEDS} are needed"
    if n_checkpoints < needed:
        return f"too few checkpoints: {n_checkpoints}, {needed} are needed"
    return ""


def overall(verdicts: list[str]) -> str:
    """Return the verdict on a claim whose parts must all hold."""
    if CONTRADICTED in verdicts:
        return CONTRADICTED
    return INCONCLUSIVE if INCONCLUSIVE in verdicts or not verdicts else SUPPORTED


def over_settings(verdicts: list[str]) -> str:
    """Return the verdict on a claim about all settings, from the verdicts on each.

    Supported where some support and none contradicts; contradicted where most of the decided ones
    contradict; else inconclusive.
    """
    support, contradict = verdicts.count(SUPPORTED), verdicts.count(CONTRADICTED)
    if support and not contradict:
        return SUPPORTED
    return CONTRADICTED if contradict > support else INCONCLUSIVE


@dataclass(frozen=True)
class ClaimData:
    """What claims are judged from.

    Attributes:
        table: rows with the columns of `tables.COLUMNS`.
        runs: the settings of the runs by name, in the configuration's order.
        datasets: the options of the datasets by name, as JSON has them.
    """

    table: pd.DataFrame
    runs: dict[str, Run]
    datasets: dict[str, dict]

    def measured(
        self, quantities: tuple[str, ...], condition: Callable[[Run], bool]
    ) -> dict[str, Run]:
        """Return the runs without a regularizer that fulfil a condition and have all quantities."""
        return {
            name: run
            for name, run in self.runs.items()
            if not run.regularizer and condition(run) and self.has(name, *quantities)
        }

    def has(self, name: str, *quantities: str, split: str = "test") -> bool:
        """Return whether the table has rows of all quantities of a run, on meta-test tasks."""
        return {q.removeprefix("-") for q in quantities} <= set(self._values(name, split))

    def points(self, name: str, *quantities: str, split: str = "test") -> pd.DataFrame:
        """Return `seed`, `epoch` and a column per quantity, sorted by seed and epoch.

        Epoch 0 is left out: the initialization is no meta-train solution, and one untrained
        checkpoint far from all others produces a correlation by itself. So are checkpoints where a
        quantity is missing, NaN or infinite. A minus before a name, as in `-target_loss`, negates.
        """
        rows = self._values(name, split)
        absent = np.full(len(rows), np.nan)
        columns = {key: rows.index.get_level_values(key).to_numpy() for key in ("seed", "epoch")}
        for quantity in quantities:
            plain = quantity.removeprefix("-")
            values = rows[plain].to_numpy() if plain in rows else absent
            columns[quantity] = values if quantity == plain else -values
        usable = np.isfinite(np.stack([columns[quantity] for quantity in quantities])).all(0)
        usable &= columns["epoch"] >= 1
        return pd.DataFrame({key: values[usable] for key, values in columns.items()})

    def curve(self, run: str, quantity: str, split: str = "test") -> pd.DataFrame:
        """Return `seed`, `epoch` and `value` of one quantity, of the same rows as `points`."""
        return self.points(run, quantity, split=split).rename(columns={quantity: "value"})

    def _values(self, name: str, split: str) -> pd.DataFrame:
        """Return a column per quantity of a run, by seed and epoch."""
        return self._by_run.get((name, split), self._by_run[()])

    @cached_property
    def _by_run(self) -> dict[tuple, pd.DataFrame]:
        rows = self.table.astype({"value": float})
        twice = rows.duplicated(["run", "split", "metric", "seed", "epoch"])
        if twice.any():
            run, seed, epoch, metric = rows.loc[twice, ["run", "seed", "epoch", "metric"]].iloc[0]
            raise UserError(
                f"the tables have two rows for {metric} of run {run}, seed {seed}, epoch {epoch}; "
                "remove one of them."
            )
        index = pd.MultiIndex.from_arrays([[], []], names=["seed", "epoch"])
        return {(): pd.DataFrame(index=index, dtype=float)} | {
            key: part.pivot(index=["seed", "epoch"], columns="metric", values="value")
            for key, part in rows.groupby(["run", "split"])
        }


def _words(region: Region) -> str:
    low, high = region
    if np.isinf(high):
        return f"above {low:g}"
    return f"below {high:g}" if np.isinf(low) else f"between {low:g} and {high:g}"
