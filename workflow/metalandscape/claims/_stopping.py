"""Does any signal stop meta-training better than validation accuracy? The rule of C18 and C19."""

from collections.abc import Callable
from dataclasses import replace

import numpy as np
import pandas as pd

from ..results import stopping
from ..settings import counterparts
from ..settings.config import Run
from . import POSITIVE, Claim, ClaimData, Estimate, Verdict
from ._settings import is_meta_learner

STATISTIC = "target_accuracy at the best signal's epoch minus that at validation's, points"


def judge(claim: Claim, data: ClaimData, condition: Callable[[Run], bool]) -> list[Verdict]:
    """Judge every run of a meta-learner on images that has validation accuracy and a signal."""
    runs = data.measured(
        (stopping.ACCURACY,), lambda r: bool(r.way) and is_meta_learner(r) and condition(r)
    )
    found = []
    for name in runs:
        home = counterparts.home(name, data.runs)
        measured = any(data.has(name, signal) for signal in stopping.LANDSCAPE)
        if measured and home is not None and data.has(home, stopping.ACCURACY, split="val"):
            found.append(_judge_run(claim, data, name, home))
    return found


def _judge_run(claim: Claim, data: ClaimData, name: str, home: str) -> Verdict:
    stopped = stopping.stopped(data.curve, name, home)
    estimate, best = best_gain(stopped)
    verdict = claim.verdict(name, STATISTIC, estimate, POSITIVE)
    return replace(verdict, reason=f"{verdict.reason}; best: {best}" if best else verdict.reason)


def best_gain(stopped: pd.DataFrame) -> tuple[Estimate, str]:
    """Return the largest mean gain over validation accuracy of any signal, and which one has it.

    Each signal's gain has Student's t interval over seeds, of such a level that all of them hold at
    once in 95 % of all cases (Bonferroni). Then the largest of the true gains lies between the
    largest of the lower ends and the largest of the upper ends.

    Args:
        stopped: what `stopping.stopped` returns.
    """
    from scipy import special

    accuracy = 100 * stopped.pivot(index="seed", columns="signal", values="accuracy")
    accuracy = accuracy.reindex(columns=list(stopping.SIGNALS)).dropna(axis=1)
    validated = stopped[stopped["signal"] == stopping.VALIDATION]
    counts = {
        "n": int(validated["checkpoints"].sum()),
        "n_seeds": len(accuracy),
        "n_checkpoints": int(stopped["checkpoints"].min()) if len(stopped) else 0,
    }
    signals = [signal for signal in accuracy if signal != stopping.VALIDATION]
    if not len(accuracy) or not signals or stopping.VALIDATION not in accuracy:
        nan = float("nan")
        return Estimate(nan, nan, nan, **counts), ""
    gains = accuracy[signals].sub(accuracy[stopping.VALIDATION], axis=0).to_numpy()
    seeds = len(gains)
    means, half = gains.mean(0), np.full(len(signals), np.nan)
    if seeds > 1:
        t = special.stdtrit(seeds - 1, 1 - 0.025 / len(signals))
        half = t * gains.std(0, ddof=1) / np.sqrt(seeds)
    value, low, high = (float(each.max()) for each in (means, means - half, means + half))
    return Estimate(value, low, high, **counts), signals[int(np.argmax(means))].removeprefix("-")
