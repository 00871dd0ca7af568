"""The answer to a claim, from rows as texts and as numbers."""

import csv
import io

import pandas as pd
import pytest

from metalandscape.results import answers

HEADER = "claim,setting,statistic,role,value,low,high,verdict,overall"
ROWS = """C5,a vs m,mean,claim,0.0,-0.1,0.1,supported,supported
C5,a vs m,second,claim,9,9,9,supported,supported
C5,b vs m,mean,claim,0.4,0.3,0.5,contradicted,contradicted
C5,c vs m,mean,claim,,,,inconclusive,inconclusive
C5,all,other,claim,5,4,6,inconclusive,inconclusive
C5,a vs m,"mean, beyond",companion,0.7,0.6,0.8,supported,supported
C5,b vs m,"mean, beyond",companion,0.1,0,0.2,supported,contradicted
C5,b vs m,"second, beyond",companion,7,7,7,supported,contradicted
C5,(all settings),share,over settings,0.5,,,inconclusive,inconclusive
C8,a vs m,level,claim,0.25,0.1,0.3,supported,supported
C8,a vs m,"level, beyond",companion,0.05,-0.1,0.2,inconclusive,supported
C8,a vs m,"level, later",later,-0.5,-0.6,-0.4,contradicted,supported
C8,(all settings),share,over settings,1,,,supported,supported
"""
TABLE = f"{HEADER}\n{ROWS}"


@pytest.mark.parametrize(
    "rows",
    [
        list(csv.DictReader(io.StringIO(TABLE))),
        pd.read_csv(io.StringIO(TABLE)).to_dict("records"),
    ],
    ids=["texts", "numbers"],
)
def test_an_answer_counts_settings_and_has_the_main_number(rows):
    c5, c8, c12 = answers.answers(["c05", "c08", "c12"], rows)
    assert (c5.claim, c5.verdict) == ("C5", "inconclusive")
    assert c5.counts == {"supported": 1, "contradicted": 1, "inconclusive": 2}
    assert c5.number == "mean: 0.2 (0 to 0.4)"
    assert (c5.beyond, c8.beyond) == ("0.4 (0.1 to 0.7)", "0.05 [-0.1, 0.2]")
    assert (c5.later, c8.later) == ("", "-0.5 [-0.6, -0.4]")
    assert (c8.verdict, c8.number) == ("supported", "level: 0.25 [0.1, 0.3]")
    assert (c12.verdict, sum(c12.counts.values())) == ("not measured", 0)
    assert c12.number == c12.beyond == c12.later == ""
    assert c5.figures == ["fig6"] and c12.figures == ["fig12"]


def test_settings_without_a_value_do_not_hide_the_one_that_has_it():
    row = {"claim": "C8", "statistic": "level", "role": "claim", "verdict": "", "overall": ""}
    none = row | {"setting": "a", "value": "", "low": "", "high": ""}
    one = row | {"setting": "b", "value": "0.5", "low": "0.4", "high": "0.6"}
    (found,) = answers.answers(["c08"], [none, one])
    assert found.number == "level: 0.5 [0.4, 0.6]" and found.beyond == ""
    (found,) = answers.answers(["c08"], [none])
    assert found.number == "level: not defined"


def test_there_are_no_rows_before_claims_are_judged(tmp_path):
    assert answers.read(tmp_path / "claims.csv") == []
