"""The interactive page: what is in it, and that all that comes from outside is text."""

import json
import re

import pandas as pd
import pytest

from metalandscape.results import explorer, tables

EVIL = "</script><b>&\"'"
ORIGIN = "The paper claims (C7, section 5.3)"
CLAIM = {"id": "C7", "section": "5.3", "text": EVIL, "origin": ORIGIN}
FOUND = {"setting": "a", "verdict": "supported", "statistics": ["R 0.9 [0.8, 1]"]}


@pytest.fixture
def table():
    keys = {"run": ["a", "a", EVIL], "seed": [2**63, 1, 0], "epoch": [0, 1, 1]}
    names = {"split": "test", "metric": ["m", "m", "n"], "value": [0.123456789, float("nan"), 2.0]}
    return pd.DataFrame(keys | names, columns=tables.COLUMNS)


@pytest.fixture
def verdicts():
    row = {"claim": "C7", "setting": EVIL, "statistic": "R", "value": 0.5, "low": float("nan")}
    rest = {"high": 1e-7, "verdict": "supported", "reason": EVIL, "text": "left out"}
    return pd.DataFrame([row | rest])


def shown(path, name, section, found=()):
    claims = [CLAIM | {"found": list(found)}]
    return explorer.Shown(name, section, f"First.\n\n{EVIL}", path, claims, {"Run: a": EVIL})


@pytest.fixture
def page(tmp_path, table, verdicts):
    (tmp_path / "a.png").write_bytes(b"image")
    figures = [shown(tmp_path / "a.png", name, s) for name, s in [("fig7", "5.3 G"), ("x", EVIL)]]
    figures.insert(1, shown(tmp_path / "a.png", "fig8", "5.3 G", [FOUND]))
    library = "window.vegaEmbed = '</script>'"
    return explorer.page(EVIL, figures, table, verdicts, f"<p>{EVIL}</p>", library)


def test_sections_hold_their_figures_in_order(page):
    found = re.findall(r"<section id='(\w+)'>|<article id='(\w+)'>", page)
    order = [section or figure for section, figure in found]
    assert order == ["s0", "fig7", "fig8", "s1", "x", "explore", "claims", "provenance"]
    assert page.count("data:image/png;base64,aW1hZ2U=") == 3


def test_what_comes_from_outside_is_text(page):
    assert "<b>&" not in page
    assert page.count("</script>") == 3 and page.count("<script") == 3
    assert "&lt;/script&gt;&lt;b&gt;&amp;&quot;&#x27;" in page


def test_a_claim_has_its_verdicts_or_says_that_there_is_none(page):
    assert page.count("The paper claims (C7, section 5.3)") == 3
    assert page.count("<b class='supported'>supported</b> a: R 0.9 [0.8, 1]") == 1
    assert page.count("No verdict on a run that this figure shows.") == 2


def test_the_data_of_the_charts_are_those_of_the_table(page):
    (text,) = re.findall(r"id='data'>(.*?)</script>", page)
    data = json.loads(text)
    assert data["runs"] == sorted(["a", EVIL]) and data["quantities"] == ["m", "n"]
    columns = data["columns"]
    assert [data["runs"][i] for i in columns["run"]] == ["a", "a", EVIL]
    assert columns["value"] == [0.12346, None, 2.0] and columns["epoch"] == [0, 1, 1]
    assert columns["seed"] == [2**63, 1, 0]


def test_points_of_planes_are_no_curves_of_the_charts(table):
    names = ["path_target_loss_0_10", "path1_x3", "target_accuracy_step3"]
    table = pd.concat([table.head(1).assign(metric=name) for name in names])
    assert json.loads(explorer._data(table))["quantities"] == names[2:]


def test_a_verdict_is_a_row_with_rounded_numbers(page):
    assert "<tr data-verdict='supported'><td>C7</td>" in page
    assert "<td>0.5</td><td></td><td>1e-07</td>" in page and "left out" not in page
