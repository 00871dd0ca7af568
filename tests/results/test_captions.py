"""Which claims and verdicts a figure's caption has."""

import html

import pandas as pd
import pytest
from docutils.core import publish_parts

from metalandscape.ground import plugins
from metalandscape.results import captions


@pytest.fixture
def verdicts(tmp_path):
    columns = ["claim", "setting", "statistic", "value", "low", "high", "overall"]
    rows = [
        ("C5", "baseline vs maml", "level", 0.25, 0.12345, 0.4, "supported"),
        ("C5", "baseline_T1 vs maml_T1", "level", float("nan"), float("nan"), 0, "inconclusive"),
        ("C5", "other vs maml", "level", 0.9, 0.8, 1.0, "contradicted"),
        ("C4", "baseline", "R", 0.9, 0.8, 1.0, "supported"),
        ("C8", "baseline vs maml", "slope before", 1, 1, 1, "supported"),
        ("C8", "baseline vs maml", "slope after", 2, 2, 2, "supported"),
    ]
    pd.DataFrame(rows, columns=columns).to_csv(tmp_path / "claims.csv", index=False)
    return tmp_path / "claims.csv"


def test_a_figure_has_its_claims_with_the_settings_of_its_runs(verdicts):
    c5, c8 = captions.claims("fig6", ["baseline", "baseline_T1"], verdicts)
    assert (c5["id"], c5["section"], c8["id"]) == ("C5", "5.2", "C8")
    assert c5["text"] == plugins.load("claims", "c05").TEXT
    assert c5["found"] == [
        {
            "setting": "baseline vs maml",
            "verdict": "supported",
            "statistics": ["level 0.25 [0.123, 0.4]"],
        },
        {
            "setting": "baseline_T1 vs maml_T1",
            "verdict": "inconclusive",
            "statistics": ["level nan [nan, 0]"],
        },
    ]
    assert [case["statistics"] for case in c8["found"]] == [
        ["slope before 1 [1, 1]", "slope after 2 [2, 2]"]
    ]


def test_nothing_is_found_before_claims_are_judged(tmp_path):
    found = captions.claims("fig7", ["maml_T1"], tmp_path / "claims.csv")
    assert [(claim["id"], claim["found"]) for claim in found] == [("C7", [])]


def test_an_illustration_has_no_claims(verdicts):
    assert captions.claims("fig1", [], verdicts) == []


def test_a_figure_stands_in_its_section():
    assert captions.section("fig5").startswith("5.2 ")


def test_a_plain_text_has_no_markup_of_its_own():
    text = "a_b_ `c <javascript:d>`__ *e* |f|\n\n.. raw:: html\n\n   <img src=x>\\"
    body = publish_parts(captions.plain(text), writer="html")["body"]
    shown = " ".join(text.split())
    assert html.unescape(body).strip() == f"<p>{shown}</p>"
