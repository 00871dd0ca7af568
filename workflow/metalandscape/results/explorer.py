"""The results as one page that needs no other file: sections, figures, verdicts and charts."""

import base64
import html
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from . import pages

SOURCES = ("explorer.js", "explorer.css")
COLUMNS = ("claim", "setting", "statistic", "value", "low", "high", "verdict", "reason")
DIGITS = 5  # of values in charts; tables have them all


@dataclass(frozen=True)
class Shown:
    """A figure on the page.

    Attributes:
        name: its name.
        section: its heading; figures of one section follow each other.
        caption: paragraphs.
        image: its PNG file.
        claims: what `captions.claims` returns.
        methods: texts by their titles, shown behind a click.
    """

    name: str
    section: str
    caption: str
    image: Path
    claims: Sequence[Mapping[str, Any]]
    methods: Mapping[str, str]


def page(
    scale: str,
    figures: Sequence[Shown],
    table: pd.DataFrame,
    verdicts: pd.DataFrame,
    provenance: str,
    library: str,
) -> str:
    """Return the page.

    Args:
        scale: the words that name the scale of the results.
        figures: in the order of the page.
        table: rows with `tables.COLUMNS`, for the charts.
        verdicts: rows of `claims.csv`.
        provenance: the page of provenance.
        library: JavaScript that defines `vegaEmbed`.
    """
    script, style = map(_source, SOURCES)
    sections = list(dict.fromkeys(figure.section for figure in figures))
    body = [
        f"<header><h1>Objective landscapes of meta-learning</h1><p>{_text(scale)}</p></header>",
        _contents(sections),
        *(_section(number, title, figures) for number, title in enumerate(sections)),
        _explorer(),
        _verdicts(verdicts),
        "<section id='provenance'><h2>Provenance</h2><details><summary>Software, run times, "
        f"configuration</summary><iframe srcdoc='{_text(provenance)}'></iframe></details>"
        "</section>",
        f"<script type='application/json' id='data'>{_data(table)}</script>",
        _script(library),
        _script(script),
    ]
    head = (
        "<meta charset='utf-8'><meta name='viewport' content='width=device-width, initial-scale=1'>"
        f"<title>{_text(scale)}</title><style>{style}{pages.VERDICTS}</style>"
    )
    whole = f"<head>{head}</head><body>{''.join(body)}</body>"
    return f"<!doctype html>\n<html lang='en'>{whole}</html>\n"


def _source(name: str) -> str:
    return Path(__file__).with_name(name).read_text(encoding="utf-8")


def _text(text: Any) -> str:
    return html.escape(str(text))


def _script(text: str) -> str:
    """Return an element for code that may itself contain the end tag of scripts."""
    code = text.replace("</script", "<\\/script")
    return f"<script type='module'>{code}</script>"


def _contents(sections: Sequence[str]) -> str:
    links = [f"<a href='#s{i}'>{_text(title)}</a>" for i, title in enumerate(sections)]
    own = [("explore", "Explore"), ("claims", "Verdicts"), ("provenance", "Provenance")]
    links += [f"<a href='#{name}'>{title}</a>" for name, title in own]
    return f"<nav>{''.join(links)}</nav>"


def _section(number: int, title: str, figures: Sequence[Shown]) -> str:
    shown = "".join(_figure(figure) for figure in figures if figure.section == title)
    return f"<section id='s{number}'><h2>{_text(title)}</h2>{shown}</section>"


def _figure(figure: Shown) -> str:
    image = base64.b64encode(figure.image.read_bytes()).decode()
    paragraphs = "".join(f"<p>{_text(each)}</p>" for each in figure.caption.split("\n\n"))
    claims = "".join(map(_claim, figure.claims))
    methods = "".join(
        f"<h4>{_text(title)}</h4><pre>{_text(text)}</pre>" for title, text in figure.methods.items()
    )
    return (
        f"<article id='{_text(figure.name)}'><figure><img alt='{_text(figure.name)}' "
        f"src='data:image/png;base64,{image}'><figcaption>{paragraphs}</figcaption></figure>"
        f"<aside>{claims}</aside><details><summary>Methods</summary>{methods}</details></article>"
    )


def _claim(claim: Mapping[str, Any]) -> str:
    found = "".join(
        f"<li><b class='{_text(case['verdict'])}'>{_text(case['verdict'])}</b> "
        f"{_text(case['setting'])}: {_text('; '.join(case['statistics']))}</li>"
        for case in claim["found"]
    )
    none = "<p>No verdict on a run that this figure shows.</p>"
    listed = f"<ul>{found}</ul>" if found else none
    return f"<h3>{_text(claim['origin'])}</h3><p>{_text(claim['text'])}</p>{listed}"


def _explorer() -> str:
    def choice(name: str, label: str, more: str = "") -> str:
        return f"<label>{label}<select id='{name}' {more}></select></label>"

    return (
        "<section id='explore'><h2>Explore</h2><p>Each line is a seed. Drag over the curves to "
        "choose the epochs of the scatter plot; click a run in the legend to see it alone.</p>"
        f"<form>{choice('runs', 'Runs', 'multiple size=6')}{choice('split', 'Tasks')}"
        f"{choice('first', 'Curves')}{choice('second', 'Against')}<output id='count'></output>"
        "</form><div id='charts'></div></section>"
    )


def _verdicts(verdicts: pd.DataFrame) -> str:
    head = "".join(f"<th tabindex='0'>{name}</th>" for name in COLUMNS)
    rows = "".join(map(_verdict, verdicts[list(COLUMNS)].to_dict("records")))
    names = "".join(f"<option>{_text(name)}</option>" for name in verdicts["verdict"].unique())
    return (
        "<section id='claims'><h2>Verdicts</h2><form><label>Words"
        "<input id='words' type='search'></label><label>Verdict<select id='verdict'>"
        f"<option value=''>all</option>{names}</select></label></form><div class='wide'>"
        f"<table id='verdicts'><thead><tr>{head}</tr></thead><tbody>{rows}</tbody></table></div>"
        "</section>"
    )


def _verdict(row: Mapping[str, Any]) -> str:
    cells = [f"{v:.3g}" if isinstance(v, float) else _text(v) for v in row.values()]
    return (
        f"<tr data-verdict='{_text(row['verdict'])}'>"
        + "".join(f"<td>{'' if cell == 'nan' else cell}</td>" for cell in cells)
        + "</tr>"
    )


def _data(table: pd.DataFrame) -> str:
    """Return the table as JSON for the charts, names as numbers; no text in it ends a script.

    A quantity with two numbers in its name is a point of a plane or a path, and no chart of it is
    of any use.
    """
    table = table[table["metric"].str.count(r"\d+") < 2]
    found: dict[str, Any] = {"columns": {}}
    for column, names in (("run", "runs"), ("split", "splits"), ("metric", "quantities")):
        codes, known = pd.factorize(table[column], sort=True)
        found["columns"][column], found[names] = codes.tolist(), list(known)
    for column in ("seed", "epoch"):
        found["columns"][column] = table[column].tolist()
    values = table["value"].to_numpy(dtype=float)
    found["columns"]["value"] = [
        float(f"{value:.{DIGITS}g}") if np.isfinite(value) else None for value in values
    ]
    return json.dumps(found, separators=(",", ":")).replace("<", "\\u003c")
