"""Pages for people: one list of parts, as Markdown and as HTML that needs no other file.

A text that starts with `# ` or `## ` is a heading, other texts are paragraphs. `**` around words
makes them bold, in cells too.
"""

import html
import re
from collections.abc import Sequence
from pathlib import Path
from typing import NamedTuple

from ..ground.files import whole

STYLE = """
body {font: 15px/1.5 system-ui, sans-serif; color: #222; max-width: 80rem; margin: 2rem auto;
  padding: 0 1.5rem}
table {border-collapse: collapse; font-size: 13px}
th, td {border-bottom: 1px solid #ddd; padding: 0.3rem 0.6rem; text-align: left;
  vertical-align: top; overflow-wrap: break-word}
th {position: sticky; top: 0; background: white}
th, strong {white-space: nowrap}
pre {font-size: 12px; background: #f6f6f6; padding: 1rem; white-space: pre-wrap}
"""
# Of elements of a verdict's class, on every page.
VERDICTS = """
.supported {color: #1a7f37}
.contradicted {color: #b42318}
.inconclusive {color: #666}
"""
MARKUP = r"([\\`*_<>&\[\]|~])"  # of Markdown, within a line


class Table(NamedTuple):
    """A table of texts."""

    header: Sequence[str]
    rows: Sequence[Sequence[str]]


class Listing(NamedTuple):
    """Lines that are shown as they are."""

    text: str


class Quoted(NamedTuple):
    """A paragraph that ends with somebody else's text, of which nothing is markup."""

    before: str
    text: str


Part = str | Table | Listing | Quoted


def write(path: str | Path, parts: Sequence[Part]) -> None:
    """Write a page; its suffix, `.md` or `.html`, tells which kind."""
    made = {".md": markdown, ".html": page}[Path(path).suffix](parts)
    with whole(path) as temporary:
        temporary.write_text(made, encoding="utf-8")


def markdown(parts: Sequence[Part]) -> str:
    """Return the parts as Markdown."""

    def block(part: Part) -> str:
        if isinstance(part, Table):
            lines = [part.header, ["---"] * len(part.header), *part.rows]
            return "\n".join("| " + " | ".join(cells) + " |" for cells in lines)
        if isinstance(part, Quoted):
            return part.before + re.sub(MARKUP, r"\\\1", _on_one_line(part.text))
        return f"```\n{part.text}\n```" if isinstance(part, Listing) else part

    return "\n\n".join(map(block, parts)) + "\n"


def page(parts: Sequence[Part]) -> str:
    """Return the parts as an HTML page; bold words are of the CSS class that they name."""

    def block(part: Part) -> str:
        if isinstance(part, Table):
            head, *body = [_row("th", part.header), *(_row("td", row) for row in part.rows)]
            return _element("table", _element("thead", head) + _element("tbody", "\n".join(body)))
        if isinstance(part, Listing):
            return _element("pre", html.escape(part.text))
        if isinstance(part, Quoted):
            return _element("p", html.escape(part.before + _on_one_line(part.text)))
        text = part.lstrip("#")
        marks = len(part) - len(text)
        return _element(f"h{marks}" if marks else "p", _inline(text.removeprefix(" ")))

    head = '<meta charset="utf-8">' + _element("style", STYLE + VERDICTS)
    body = "\n".join(map(block, parts))
    return "<!doctype html>\n" + _element("html", _element("head", head) + _element("body", body))


def _on_one_line(text: str) -> str:
    return " ".join(text.split())


def _row(tag: str, cells: Sequence[str]) -> str:
    return _element("tr", "".join(_element(tag, _inline(cell)) for cell in cells))


def _inline(text: str) -> str:
    return re.sub(r"\*\*(.+?)\*\*", r'<strong class="\1">\1</strong>', html.escape(text))


def _element(tag: str, content: str) -> str:
    return f"<{tag}>{content}</{tag}>"
