"""The simulation of error rates, and that the documentation shows its table."""

import sys
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from metalandscape.ground import plugins

ROOT = Path(__file__).parents[2]
sys.path.insert(0, str(ROOT / "benchmarks"))

import claim_errors  # noqa: E402
from claim_worlds import WORLDS  # noqa: E402

KINDS = claim_errors.KINDS
SHARED = {
    "c07": "c04",
    "c09": "c04",
    "c13": "c04",
    "c08": "c05",
    "c19": "c18",
}  # claims with another's rule

LIMIT = "both rise and level off"  # what the companion cannot tell, as the documentation says


@pytest.fixture(scope="module")
def table():
    return pd.read_csv(claim_errors.TABLE)


def test_the_documented_table_is_that_of_the_simulation(table):
    assert claim_errors.summary(table) in (ROOT / "docs" / "claims.md").read_text()


def test_every_rule_is_simulated_in_every_cell(table):
    simulated = {world.claim for world in WORLDS}
    assert set(plugins.names("claims")) == simulated | set(SHARED)
    assert simulated | {"bootstrap"} == set(table["claim"])
    for world in WORLDS:
        rows = table[(table["claim"] == world.claim) & (table["truth"] == world.truth)]
        cells = rows.drop(columns="judged").groupby(["series", "seeds", "epochs"]).size()
        assert len(cells) == len(KINDS) * 2 * len(world.epochs)


def test_no_rule_errs_more_often_than_one_time_in_ten(table):
    own = table[(table["claim"] != "bootstrap") & (table["truth"] != LIMIT)]
    pooled = own.groupby(["claim", "truth", "judged", "series", "seeds"])["wrong"].mean()
    assert pooled.max() <= 0.1


@pytest.mark.parametrize("kind", KINDS)
def test_series_have_about_unit_size_and_are_unrelated(kind):
    x, y = (claim_errors.series(kind, (400, 3, 40), np.random.default_rng(s)) for s in (1, 2))
    assert 0.3 < x.std() < 1.5 and abs(x.mean()) < 0.1 and abs((x * y).mean()) < 0.1


@pytest.mark.parametrize("world", WORLDS, ids=lambda w: f"{w.claim} {w.truth}")
def test_a_world_is_judged_and_rarely_wrong(world):
    job = (WORLDS.index(world), "independent", 3, 15, 40)
    rows = claim_errors.rates(job)
    assert rows and all(row["n"] >= 40 for row in rows)
    assert all(row["wrong"] <= 0.2 for row in rows)
    assert rows == claim_errors.rates(job)
