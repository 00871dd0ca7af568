"""The heading of a figure in the report, and what its caption says of the paper's claims."""

import re
from collections.abc import Sequence
from pathlib import Path

from ..ground import plugins
from . import answers


def plain(text: str) -> str:
    """Return a text of the user's for a page in reStructuredText: one line, without any markup."""
    return re.sub(r"([^\w\s]|_)", r"\\\1", " ".join(text.split()))


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
        For each claim its `id`, `section` and `text`, whose it is in `origin`, and in `found` a
        list of settings with their overall `verdict` and `statistics` in words.
    """
    shown = set(runs)
    rows = [row for row in answers.read(verdicts) if shown & set(row["setting"].split())]
    return [_claim(name, rows) for name in plugins.declared("figures", figure, "CLAIMS", ())]


def _claim(name: str, rows: Sequence[answers.Row]) -> dict:
    words = ("id", "section", "text")
    about = {word: plugins.declared("claims", name, word.upper()) for word in words}
    beyond = about["section"] == answers.BEYOND
    place = about["id"] if beyond else f"{about['id']}, section {about['section']}"
    origin = f"{'Asked beyond the paper' if beyond else 'The paper claims'} ({place})"
    found: dict[str, dict] = {}
    for row in rows:
        if row["claim"] == about["id"]:
            new = {"setting": row["setting"], "verdict": row["overall"], "statistics": []}
            found.setdefault(row["setting"], new)["statistics"].append(_words(row))
    return about | {"origin": origin, "found": list(found.values())}


def _words(row: answers.Row) -> str:
    value, low, high = (answers.number(row[key]) for key in ("value", "low", "high"))
    return f"{row['statistic']} {value:.3g} [{low:.3g}, {high:.3g}]"
