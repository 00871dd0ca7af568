"""What the command writes, and that the documentation tells the same."""

import json
import re
from dataclasses import fields
from pathlib import Path

import pandas as pd
import pytest

from claim_tables import OMNIGLOT, SCENARIOS
from metalandscape import commands
from metalandscape.__main__ import main
from metalandscape.claims import MINIMUM_CHECKPOINTS, MINIMUM_SEEDS, Verdict, _published, c03, c11
from metalandscape.ground import plugins
from metalandscape.results import tables

DOCUMENT = (Path(__file__).parents[2] / "docs" / "claims.md").read_text()
CLAIMS = plugins.names("claims")


@pytest.fixture
def judged(tmp_path):
    """The two files of the command, on two claims' scenarios."""
    scenarios = SCENARIOS["c06"][0], SCENARIOS["c12"][1]
    runs, files = {}, []
    for index, scenario in enumerate(scenarios):
        runs |= scenario.runs
        files.append(str(tmp_path / f"{index}.csv"))
        tables.write(files[-1], scenario.table())
    arguments = ["judge", "--scale", "a scale in words", "--tables", *files]
    arguments += ["--runs", json.dumps({n: json.loads(r.settings()) for n, r in runs.items()})]
    arguments += ["--datasets", json.dumps({"images": OMNIGLOT})]
    out = [tmp_path / "claims.csv", tmp_path / "claims.md"]
    assert main([*arguments, "--output", str(out[0]), "--readable", str(out[1])]) == 0
    return pd.read_csv(out[0]), out[1].read_text()


def test_the_csv_has_a_row_per_statistic(judged):
    table, _ = judged
    assert list(table) == [*(f.name for f in fields(Verdict)), "overall"]
    assert table.groupby(["claim", "setting"]).size().to_dict() == {
        ("C6", "maml"): 2,
        ("C6", "baseline"): 2,
        ("C12", "run"): 1,
    }
    assert set(table[table["claim"] == "C6"]["overall"]) == {"supported"}
    assert table[["value", "low", "high"]].notna().all(axis=None)


def test_the_page_has_every_claim_and_every_row(judged):
    table, page = judged
    rows = re.findall(r"^\| (C\d+) \|", page, re.M)
    assert rows == [plugins.load("claims", c).CLAIM.id for c in CLAIMS] + list(table["claim"])
    assert "a scale in words" in page and "**contradicted**" in page
    widths = {len(line.split(" | ")) for line in page.splitlines() if line.startswith("| C")}
    assert widths == {6, 10}


def test_nothing_measured_gives_a_header_and_no_verdict(tmp_path):
    table, page = tmp_path / "claims.csv", tmp_path / "claims.md"
    commands.judge("{}", "{}", "scale", [], str(table), [str(page)])
    assert pd.read_csv(table).empty and "| C12 |" in page.read_text()


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
    assert c03.REGION[1] == -0.5 and round(c11.HALF, 3) == 0.112
    for number in _published.ACCURACIES.values():
        assert f"{number}" in DOCUMENT
