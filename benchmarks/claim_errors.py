"""How often the rules behind the verdicts decide wrongly, by simulation.

    PYTHONPATH=workflow python benchmarks/claim_errors.py [CLAIM ...]

writes `benchmarks/results/claim_errors.csv`, and its summary into docs/claims.md, in less than ten
minutes on two cores; with names of claims (c01, or bootstrap) it renews theirs only. Every world of
`claim_worlds` is a truth on which a decision is wrong: curves without a relation, or levels exactly
where a claim's range ends. Worlds are simulated as tables and judged by the claims' own code.

A curve is its truth plus a series of one of five kinds, drawn anew for every seed and quantity:
independent values, autoregressive ones, a random walk, and independent values with an offset or
with a slope of the seed's own.
"""

import itertools
import re
import sys
from collections.abc import Iterator
from concurrent.futures import ProcessPoolExecutor
from functools import cached_property
from pathlib import Path

import numpy as np
import pandas as pd
from claim_worlds import EPOCHS, SETTINGS, WORLDS, World

from metalandscape.claims import ClaimData, overall
from metalandscape.ground import plugins, randomness
from metalandscape.results.answers import COMPANION, LATER, PART
from metalandscape.settings import parts
from metalandscape.settings.run import Run

SIMULATIONS = 200
SEEDS = 3, 5
KINDS = ("independent", "autoregressive", "random walk", "seed offsets", "seed slopes")
FOLDER = Path(__file__).parents[1]
TABLE, DOCUMENT = FOLDER / "benchmarks/results/claim_errors.csv", FOLDER / "docs/claims.md"


def series(kind: str, shape: tuple[int, int, int], rng: np.random.Generator) -> np.ndarray:
    """Return series [simulations, seeds, epochs] of a kind."""
    noise, time = rng.standard_normal(shape), np.linspace(-1, 1, shape[-1])
    own = rng.standard_normal((*shape[:2], 1))  # of each seed
    if kind == "autoregressive":
        for t in range(1, shape[-1]):
            noise[..., t] = 0.8 * noise[..., t - 1] + 0.6 * noise[..., t]
    elif kind == "random walk":
        return np.cumsum(noise, -1) / np.sqrt(shape[-1])
    elif kind == "seed offsets":
        return 0.5 * noise + own
    elif kind == "seed slopes":
        return 0.3 * noise + own * time
    return noise


class Simulated(ClaimData):
    """One simulation's tables, made from arrays without the detour by rows."""

    @cached_property
    def _by_run(self) -> dict[tuple, pd.DataFrame]:
        return self.table


def simulated(
    world: World, kind: str, seeds: int, epochs: int, simulations: int
) -> Iterator[Simulated]:
    """Yield the tables of each simulation."""
    rng = randomness.generator(0, "claim errors", world.claim, world.truth, kind, seeds, epochs)
    shape = (simulations, seeds, epochs)
    made = world.curves(lambda: series(kind, shape, rng), np.linspace(0, 1, epochs))
    keys = itertools.product(range(seeds), range(1, epochs + 1))
    index = pd.MultiIndex.from_tuples(list(keys), names=["seed", "epoch"])
    runs = {
        name: Run.model_validate(parts.of_run(SETTINGS | own, str))
        for name, own in world.runs.items()
    }
    for i in range(simulations):
        table = {(): pd.DataFrame(index=index[:0])}
        for name, curves in made.items():
            splits: dict[str, dict[str, np.ndarray]] = {}
            for quantity, values in curves.items():
                split, _, own = quantity.rpartition("/")
                columns = splits.setdefault(split or "test", {})
                columns[own] = np.broadcast_to(values, shape)[i].ravel()
            for split, columns in splits.items():
                table[name, split] = pd.DataFrame(columns, index=index)
        yield Simulated(table, {name: runs[name] for name in made}, {"images": world.dataset})


def verdicts(world: World, data: Simulated) -> Iterator[tuple[str, str]]:
    """Yield what was judged, "claim", "statistic" or "companion", with its verdict.

    The R without the first epochs is the same statistic of fewer checkpoints, and is left out.
    """
    judged = plugins.load("claims", world.claim).judge(data)
    if world.statistics == ("",):
        yield "claim", overall([v.verdict for v in judged if v.role == PART])
        return
    for v in judged:
        if v.role != LATER and v.statistic.startswith(world.statistics):
            yield "companion" if v.role == COMPANION else "statistic", v.verdict


def rates(job: tuple[int, str, int, int, int]) -> list[dict]:
    """Return a row per thing judged: the shares that support, contradict, and are wrong."""
    world, kind, seeds, epochs = WORLDS[job[0]], *job[1:4]
    found: dict[str, list[str]] = {}
    for data in simulated(world, *job[1:]):
        for what, verdict in verdicts(world, data):
            found.setdefault(what, []).append(verdict)
    key = {"claim": world.claim, "truth": world.truth, "series": kind}
    return [
        key | {"judged": what, "seeds": seeds, "epochs": epochs} | _shares(given, world.wrong)
        for what, given in found.items()
    ]


def bootstrap_rates(job: tuple[float, str, int, int, int]) -> list[dict]:
    """Return the row of a block bootstrap of R, for comparison with the claims' own interval.

    Seeds are drawn with replacement, and within each circular blocks of ceil(sqrt(epochs))
    checkpoints (Politis & Romano 1992); 300 resamples, percentiles 2.5 and 97.5.
    """
    r, kind, seeds, epochs, simulations = job
    rng = randomness.generator(0, "bootstrap errors", kind, seeds, epochs)
    x, z = (series(kind, (simulations, seeds, epochs), rng) for _ in range(2))
    y, block = r * x + np.sqrt(1 - r**2) * z, int(np.ceil(np.sqrt(epochs)))
    given = []
    for curves in zip(x, y, strict=True):
        seed = rng.integers(seeds, size=(300, seeds, 1))
        start = rng.integers(epochs, size=(300, seeds, -(-epochs // block), 1))
        time = ((start + np.arange(block)) % epochs).reshape(300, seeds, -1)[..., :epochs]
        a, b = (curve[seed, time] - curve[seed, time].mean(-1, keepdims=True) for curve in curves)
        found = (a * b).sum((1, 2)) / np.sqrt((a * a).sum((1, 2)) * (b * b).sum((1, 2)))
        low, high = np.percentile(found, [2.5, 97.5])
        given.append("supported" if low > 0.3 else "contradicted" if high < 0.3 else "inconclusive")
    wrong = ("supported",) if r == 0 else ("supported", "contradicted")
    key = {"claim": "bootstrap", "truth": f"R = {r:g}", "judged": "statistic", "series": kind}
    return [key | {"seeds": seeds, "epochs": epochs} | _shares(given, wrong)]


def _shares(given: list[str], wrong: tuple[str, ...]) -> dict:
    shares = {
        verdict: given.count(verdict) / len(given) for verdict in ("supported", "contradicted")
    }
    error = round(sum(shares[verdict] for verdict in wrong), 6)
    return shares | {"wrong": error, "wrong_verdicts": " or ".join(wrong), "n": len(given)}


def simulate(claims: list[str]) -> pd.DataFrame:
    """Return the rows of some claims."""
    worlds = [
        (index, *cell, SIMULATIONS)
        for index, world in enumerate(WORLDS)
        if world.claim in claims
        for cell in itertools.product(KINDS, SEEDS, world.epochs)
    ]
    compared = itertools.product((0.0, 0.3), KINDS, SEEDS, EPOCHS, [SIMULATIONS])
    with ProcessPoolExecutor() as pool:
        own = pool.map(rates, worlds)
        others = pool.map(bootstrap_rates, compared if "bootstrap" in claims else [])
        rows = [row for found in (*own, *others) for row in found]
    return pd.DataFrame(rows)


def summary(table: pd.DataFrame) -> str:
    """Return a table in Markdown: rates of wrong decisions by kind, and the largest of all."""
    lines = [
        f"| rule | truth | wrong is | {' | '.join(KINDS)} | largest |",
        "|" + " --- |" * (len(KINDS) + 4),
    ]
    for (claim, truth, judged), rows in table.groupby(["claim", "truth", "judged"], sort=False):
        name = claim if claim == "bootstrap" else f"C{int(claim[1:])}"
        cells = [_rate(rows[rows["series"] == kind]) for kind in KINDS]
        wrong, largest = rows["wrong_verdicts"].iloc[0], f"{rows['wrong'].max():.2f}"
        rule = name if judged in ("claim", "statistic") else f"{name}, {judged}"
        lines.append(f"| {' | '.join([rule, truth, wrong, *cells, largest])} |")
    return "\n".join(lines)


def _rate(rows: pd.DataFrame) -> str:
    """Return the mean over lengths for 3 and for 5 seeds."""
    return " / ".join(f"{rows.loc[rows['seeds'] == s, 'wrong'].mean():.3f}" for s in SEEDS)


def main(claims: list[str]) -> None:
    """Simulate, and write the table and its summary."""
    every = [*dict.fromkeys(world.claim for world in WORLDS), "bootstrap"]
    table = simulate(claims or every)
    if claims and TABLE.exists():
        old = pd.read_csv(TABLE)
        table = pd.concat([old[~old["claim"].isin(claims)], table])
    order = table["claim"].map(every.index)
    table = table.assign(order=order).sort_values("order", kind="stable").drop(columns="order")
    table.to_csv(TABLE, index=False)
    text = DOCUMENT.read_text()
    between = f"<!-- errors -->\n{summary(table)}\n<!-- /errors -->"
    marks = r"<!-- errors -->.*<!-- /errors -->"
    DOCUMENT.write_text(re.sub(marks, lambda _: between, text, flags=re.S))


if __name__ == "__main__":
    main(sys.argv[1:])
