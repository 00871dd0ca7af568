"""Verdicts as a table for machines and as a page for people."""

from dataclasses import asdict, fields

import pandas as pd

from ..results.pages import Part, Table
from . import VERDICTS, Claim, Verdict, overall

RULE = (
    "Supported: the whole 95 % interval agrees with the claim. Contradicted: the whole interval "
    "disagrees. Inconclusive: otherwise, or with fewer than three seeds or ten checkpoints. A "
    "claim with several statistics needs all of them. Formulas and limits: docs/claims.md."
)
DETAILS = [
    *("claim", "setting", "statistic", "value", "95 % interval"),
    *("seeds", "checkpoints", "n", "verdict", "reason"),
]


def frame(verdicts: list[Verdict]) -> pd.DataFrame:
    """Return a row per verdict, and in `overall` the verdict on the claim in that setting."""
    columns = [field.name for field in fields(Verdict)]
    table = pd.DataFrame([asdict(v) for v in verdicts], columns=columns)
    parts = table.groupby(["claim", "setting"])["verdict"]
    return table.assign(overall=parts.transform(lambda v: overall(list(v))))


def parts(claims: list[Claim], verdicts: list[Verdict], scale: str) -> list[Part]:
    """Return a page: a summary with a row per claim, and the details, a row per verdict."""
    table = frame(verdicts)
    settings = table.drop_duplicates(["claim", "setting"])
    counts = settings.groupby(["claim", "overall"]).size().to_dict()
    summary = [
        [c.id, c.section, c.text, *(str(counts.get((c.id, v), 0)) for v in VERDICTS)]
        for c in claims
    ]
    details = [
        [v.claim, v.setting, v.statistic, *_numbers(v), f"**{v.verdict}**", v.reason]
        for v in verdicts
    ]
    return [
        "# The paper's claims, judged",
        f"Scale of these results: {scale}.",
        RULE,
        "## In how many settings",
        "A claim without any was not measured.",
        Table(["claim", "section", "what the paper says", *VERDICTS], summary),
        "## Every statistic",
        Table(DETAILS, details),
    ]


def _numbers(v: Verdict) -> list[str]:
    interval = f"[{v.low:.3g}, {v.high:.3g}]"
    return [f"{v.value:.3g}", interval, str(v.n_seeds), str(v.n_checkpoints), str(v.n)]
