"""The heading of a figure in the report, and what its caption says of the paper's claims."""

import csv
from collections.abc import Sequence
from pathlib import Path

from ..ground import plugins


def section(figure: str) -> str:
    """Return the heading of a figure: its section of the paper, with a title."""
    number = plugins.declared("figures", figure, "SECTION", "Other figures")
    titles = plugins.declared("figures", "__init__", "SECTIONS")
    return f"{number} {titles.get(number, '')}".strip()


def claims(figure: str, runs: Sequence[str], verdicts: str | Path) -> list[dict]:
    """Return the claims that a figure bears on, and what was found on the runs it shows.

    Args:
        figure: its name.
        runs: the names of the runs it shows.
        verdicts: the table of verdicts; where there is none yet, nothing was found.

    Returns:
        For each claim its `id`, `section` and `text`, and in `found` a list of settings with their
        overall `verdict` and `statistics` in words.
    """
    rows = _rows(Path(verdicts), set(runs))
    return [_claim(name, rows) for name in plugins.declared("figures", figure, "CLAIMS", ())]


def _rows(verdicts: Path, runs: set[str]) -> list[dict[str, str]]:
    """Return the rows of the settings that some of these runs are in."""
    if not verdicts.exists():
        return []
    with verdicts.open(newline="", encoding="utf-8") as file:
        return [row for row in csv.DictReader(file) if runs & set(row["setting"].split())]


def _claim(name: str, rows: list[dict[str, str]]) -> dict:
    words = ("id", "section", "text")
    about = {word: plugins.declared("claims", name, word.upper()) for word in words}
    found: dict[str, dict] = {}
    for row in rows:
        if row["claim"] == about["id"]:
            new = {"setting": row["setting"], "verdict": row["overall"], "statistics": []}
            found.setdefault(row["setting"], new)["statistics"].append(_words(row))
    return about | {"found": list(found.values())}


def _words(row: dict[str, str]) -> str:
    value, low, high = (float(row[key] or "nan") for key in ("value", "low", "high"))
    return f"{row['statistic']} {value:.3g} [{low:.3g}, {high:.3g}]"
