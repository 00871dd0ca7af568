"""What the command writes, and that the documentation tells the same."""

import json
import re
from dataclasses import fields
from pathlib import Path

import pandas as pd
import pytest

from claim_tables import OMNIGLOT, SCENARIOS
from metalandscape.claims import (
    MEDIUM,
    MINIMUM_CHECKPOINTS,
    MINIMUM_SEEDS,
    Estimate,
    Verdict,
    _correlations,
    _published,
    _report,
    _settings,
    c01,
    c03,
    c05,
    c11,
    c15,
    c16,
    c17,
)
from metalandscape.ground import plugins
from metalandscape.jobs import judge
from metalandscape.results import tables

DOCUMENT = (Path(__file__).parents[2] / "docs" / "claims.md").read_text()
CLAIMS = plugins.names("claims")


@pytest.fixture
def judged(tmp_path):
    """The two files of the command, on two claims' scenarios."""
    scenarios = {"rise": SCENARIOS["c04"][0], "last": SCENARIOS["c12"][1]}
    runs, files = {}, []
    for name, scenario in scenarios.items():
        runs[name] = scenario.runs["run"]
        files.append(str(tmp_path / f"{name}.csv"))
        tables.write(files[-1], scenario.table().assign(run=name))
    settings = {name: json.loads(run.settings()) for name, run in runs.items()}
    out = [tmp_path / "claims.csv", tmp_path / "claims.md"]
    judge.run(
        runs=settings,
        datasets={"images": OMNIGLOT},
        scale="a scale in words",
        claims=CLAIMS,
        tables=files,
        output=str(out[0]),
        readable=[str(out[1])],
    )
    return pd.read_csv(out[0]), out[1].read_text()


def test_the_csv_has_a_row_per_statistic_and_one_over_settings(judged):
    table, _ = judged
    assert list(table) == [*(f.name for f in fields(Verdict)), "overall"]
    rows = table[["claim", "setting", "role", "verdict", "overall"]].to_numpy().tolist()
    assert rows == [
        ["C4", "rise", "claim", "supported", "supported"],
        ["C4", "rise", "companion", "inconclusive", "supported"],
        ["C4", "rise", "later", "supported", "supported"],
        ["C12", "last", "claim", "contradicted", "contradicted"],
        ["C4", "(all settings)", "over settings", "supported", "supported"],
        ["C12", "(all settings)", "over settings", "contradicted", "contradicted"],
    ]
    assert table["reason"].iloc[-1] == "0 supported, 1 contradicted, 0 inconclusive"
    assert table[["value", "n"]].notna().all(axis=None)


def test_rounding_of_the_processor_does_not_reach_the_csv():
    claim = plugins.load("claims", "c04").CLAIM

    def rows(tiny):
        estimate = Estimate(0.396145228683468 + tiny, 0.1 + tiny, float("nan"), 30, 3, 10)
        return _report.frame([claim.verdict("a", "R", estimate, (0.3, 1.0))])

    pd.testing.assert_frame_equal(rows(0.0), rows(9e-14), check_exact=True)
    assert rows(0.0)["value"][0] == pytest.approx(0.396145228683468, rel=1e-10)


def test_the_page_begins_with_the_answer(judged):
    table, page = judged
    answer, _ = page.split("## Every statistic")
    rows = re.findall(r"^\| (C\d+) \|", answer, re.M)
    assert rows == [plugins.load("claims", c).CLAIM.id for c in CLAIMS]
    (line,) = re.findall(r"^\| C4 \|.*$", answer, re.M)
    numbers = table.loc[[0, 1, 2], ["value", "low", "high"]].to_numpy()
    r, beyond, later = (f"{value:.3g} [{low:.3g}, {high:.3g}]" for value, low, high in numbers)
    assert line == (
        "| C4 | direction cosine correlates with target accuracy | **supported** | 1 | 0 | 0 | "
        f"R of target_accuracy and direction_cosine over epochs: {r} | {beyond} | {later} | "
        "fig5, fig13 |"
    )
    assert "| not measured | 0 | 0 | 0 |" in answer and "a scale in words" in answer
    assert answer.index("| C17 |") < answer.index("Supported: the whole")


def test_the_page_has_every_row(judged):
    table, page = judged
    rows = re.findall(r"^\| (C\d+) \|", page.split("## Every statistic")[1], re.M)
    assert rows == list(table.loc[table["role"] != "over settings", "claim"])
    assert "| companion |" in page and "**contradicted**" in page


def test_the_main_number_is_the_median_over_settings():
    claim = plugins.load("claims", "c15").CLAIM
    verdicts = [
        claim.verdict(f"run{i}", "ratio", Estimate(v, v - 0.01, v + 0.01, 30, 3, 10), (0.9, 1.1))
        for i, v in enumerate((1.0, 1.02, 1.05))
    ]
    page = _report.parts(["c15"], verdicts, "scale")
    (row,) = page[2].rows
    assert row[2:7] == ["**supported**", "3", "0", "0", "ratio: 1.02 (1 to 1.05)"]


def test_nothing_measured_gives_a_header_and_no_verdict(tmp_path):
    table, page = tmp_path / "claims.csv", tmp_path / "claims.md"
    judge.run({}, {}, "scale", CLAIMS, [], str(table), [str(page)])
    assert pd.read_csv(table).empty and "| C17 |" in page.read_text()


@pytest.mark.parametrize("name", CLAIMS)
def test_a_claim_is_documented_with_its_words(name):
    module = plugins.load("claims", name)
    section = re.search(rf"^### {module.CLAIM.id}\b.*?(?=^##|\Z)", DOCUMENT, re.M | re.S)[0]
    assert " ".join(module.TEXT.split()) in " ".join(section.replace("\n> ", " ").split())
    assert f"section {module.SECTION}" in section
    for metric in module.METRICS:
        assert f"`{metric}`" in section
    claim = module.CLAIM
    assert (claim.id, claim.section, claim.text) == (module.ID, module.SECTION, module.TEXT)
    assert claim.id == f"C{int(name[1:])}"


def test_no_claim_is_documented_that_does_not_exist():
    ids = [plugins.load("claims", name).CLAIM.id for name in CLAIMS]
    assert re.findall(r"^### (C\d+)", DOCUMENT, re.M) == ids


def test_the_documented_numbers_are_the_codes():
    assert (MINIMUM_SEEDS, MINIMUM_CHECKPOINTS) == (3, 10)
    assert "three seeds" in DOCUMENT and "ten checkpoints" in DOCUMENT
    assert (MEDIUM, c01.SIDE, _correlations.MINIMUM_SHOTS) == (0.3, 4, 5)
    assert c03.REGION[1] == -0.5 and round(c11.HALF[0], 3) == 0.112
    assert (c05.NEAR_ZERO[1], c15.REGION, c16.MUCH[1], c17.ALIKE[1]) == (0.05, (0.9, 1.1), -5, 1)
    assert _settings.SHARE * _settings.ITERATIONS == 5000
    for words in ("R > 0.3", "four checkpoints", "five values of k", "-0.5", "0.112", "0.05"):
        assert words in DOCUMENT, words
    for words in ("0.9 and 1.1", "-5 points", "1 point", "5000 meta-iterations"):
        assert words in DOCUMENT, words
    for number in _published.ACCURACIES.values():
        assert f"{number}" in DOCUMENT
