"""The answer to every claim, one line each, from the rows of `claims.csv`.

Reads plain rows, as from the csv module or from pandas, because the workflow makes the report's
first page of them and imports nothing slow.
"""

import csv
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from statistics import median
from typing import Any, NamedTuple

from ..ground import plugins

VERDICTS = ("supported", "contradicted", "inconclusive")
# What a row is: a part of the claim; the R beyond the common trend, or the one without the first
# epochs, which decide nothing about the claim; or the verdict over all settings.
PART, COMPANION, LATER, ALL_SETTINGS = "claim", "companion", "later", "over settings"
NOT_MEASURED = "not measured"
BEYOND = "Beyond the paper"  # the section of claims and figures that are not the paper's

Row = Mapping[str, Any]


class Answer(NamedTuple):
    """What was found on a claim.

    Attributes:
        claim: its id.
        text: what the paper says, or what is asked beyond it.
        verdict: over all settings; `NOT_MEASURED` without any.
        counts: for every verdict, the number of settings that have it.
        number: the main statistic, in words.
        beyond: what is left of it beyond the common trend, if it is an R.
        later: what it is without the first epochs, if it is an R over epochs.
        figures: the names of the figures that show what the claim is about.
    """

    claim: str
    text: str
    verdict: str
    counts: Mapping[str, int]
    number: str
    beyond: str
    later: str
    figures: Sequence[str]


def read(verdicts: str | Path) -> list[Row]:
    """Return the rows of a table of verdicts as texts; none where there is no table yet."""
    path = Path(verdicts)
    if not path.exists():
        return []
    with path.open(newline="", encoding="utf-8") as file:
        return list(csv.DictReader(file))


def number(text: Any) -> float:
    """Return the number of a cell; an empty one is NaN."""
    return float("nan") if text == "" else float(text)


def answers(claims: Iterable[str], rows: Sequence[Row]) -> list[Answer]:
    """Return an answer for each of these claims, which are named by their modules."""
    return [_answer(name, rows) for name in claims]


def _answer(name: str, rows: Sequence[Row]) -> Answer:
    claim, section, text = (
        plugins.declared("claims", name, word) for word in ("ID", "SECTION", "TEXT")
    )
    if section == BEYOND:
        text = f"beyond the paper: {text}"
    own = [row for row in rows if row["claim"] == claim]
    total = next((row["verdict"] for row in own if row["role"] == ALL_SETTINGS), NOT_MEASURED)
    settings: dict[str, Row] = {}  # by name, with the first of its statistics, the main one
    for row in own:
        if row["role"] == PART:
            settings.setdefault(row["setting"], row)
    counts = {v: sum(row["overall"] == v for row in settings.values()) for v in VERDICTS}
    # Some settings may have another statistic, such as an R over k beside those over epochs.
    statistic = next((row["statistic"] for row in settings.values()), "")
    main = [row for row in settings.values() if row["statistic"] == statistic]
    beyond, later = (
        _in_words([row for each in main for row in own if _accompanies(row, each, role)])
        for role in (COMPANION, LATER)
    )
    number = f"{statistic}: {_in_words(main)}" if main else ""
    return Answer(claim, text, total, counts, number, beyond, later, _figures(name))


def _accompanies(row: Row, main: Row, role: str) -> bool:
    """Return whether a row goes with a statistic, in some role."""
    named = row["statistic"].startswith(f"{main['statistic']}, ")
    return row["role"] == role and row["setting"] == main["setting"] and named


def _in_words(rows: Sequence[Row]) -> str:
    """Return a statistic of several settings: its median and range, or its value and interval.

    Settings where it is NaN do not count; "" without any row.
    """
    numbers = [[number(row[key]) for key in ("value", "low", "high")] for row in rows]
    defined = [each for each in numbers if each[0] == each[0]]
    values = [value for value, _, _ in defined]
    if len(values) > 1:
        return f"{median(values):.3g} ({min(values):.3g} to {max(values):.3g})"
    if not defined:
        return "not defined" if numbers else ""
    ((value, low, high),) = defined
    return f"{value:.3g} [{low:.3g}, {high:.3g}]"


def _figures(claim: str) -> list[str]:
    """Return the names of the figures that show what a claim, named by its module, is about."""
    names = [
        name
        for name in plugins.names("figures")
        if claim in (plugins.readable("figures", name, "CLAIMS") or ())
    ]
    return sorted(names, key=lambda name: (len(name), name))
