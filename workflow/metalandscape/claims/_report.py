"""Verdicts as a table for machines and as a page for people."""

from dataclasses import asdict, fields, replace
from functools import cache

import pandas as pd

from ..results.answers import ALL_SETTINGS, NOT_MEASURED, PART, VERDICTS, Answer, answers
from ..results.pages import Part, Quoted, Table
from ..results.troubles import troubles
from . import Verdict, over_settings, overall

RULE = (
    "Supported: the whole 95 % interval agrees with the claim. Contradicted: the whole interval "
    "disagrees. Inconclusive: otherwise, or with fewer than three seeds or ten checkpoints. A "
    "setting supports a claim where all its statistics do, and contradicts it where one does. Over "
    "all settings a claim is supported where some support it and none contradicts, and "
    "contradicted where most of the decided ones do. Formulas and limits: docs/claims.md."
)
SUMMARY = [
    *("claim", "what the paper says", "verdict", *VERDICTS),
    *("main number", "R beyond the trend", "R without the first epochs", "figures"),
]
DETAILS = [
    *("claim", "setting", "statistic", "role", "value", "95 % interval"),
    *("seeds", "checkpoints", "n", "verdict", "reason"),
]
EVERY = "(all settings)"  # no run's name


def with_troubles(verdicts: list[Verdict], table: pd.DataFrame) -> list[Verdict]:
    """Return verdicts whose reasons tell what diverged in their runs (`results.troubles`)."""

    @cache
    def remark(setting: str) -> str:
        return "".join(f"; {text}" for text in troubles(ill[ill["run"].isin(setting.split())]))

    ill = table[table["run"].isin(table.loc[table["n_diverged"] > 0, "run"])]
    return [replace(v, reason=v.reason + remark(v.setting)) for v in verdicts]


def frame(verdicts: list[Verdict]) -> pd.DataFrame:
    """Return a row per verdict and one per claim over its settings.

    `overall` is the verdict on the claim in the row's setting; companions have no part in it.
    Numbers have ten digits: those behind them are rounding, which other processors do otherwise.
    """
    columns = [field.name for field in fields(Verdict)]
    table = pd.DataFrame([asdict(v) for v in verdicts], columns=columns)
    numbers = ["value", "low", "high"]
    table[numbers] = table[numbers].map(lambda number: float(f"{number:.10g}"))
    parts = table[table["role"] == PART].groupby(["claim", "setting"], sort=False)["verdict"]
    by_setting = parts.agg(lambda v: overall(list(v))).rename("overall")
    table = table.join(by_setting, on=["claim", "setting"])
    totals = [_total(rows) for _, rows in table.groupby("claim", sort=False)]
    return pd.concat([table, *totals], ignore_index=True) if totals else table


def parts(claims: list[str], verdicts: list[Verdict], scale: str) -> list[Part]:
    """Return a page: the answer, a row per claim; then the details, a row per verdict.

    Args:
        claims: the names of the modules.
        verdicts: theirs.
        scale: the words that name the scale of the results.
    """
    found = answers(claims, frame(verdicts).to_dict("records"))
    details = [
        [v.claim, v.setting, v.statistic, v.role, *_numbers(v), f"**{v.verdict}**", v.reason]
        for v in verdicts
    ]
    return [
        "# The paper's claims, judged",
        Quoted("Scale of these results: ", f"{scale}."),
        Table(SUMMARY, [_line(answer) for answer in found]),
        "The numbers after the verdict count settings. The main number is the median over "
        "settings, with the range, and so is the R that is left beyond the common trend, and that "
        "without the first tenth of the epochs. A claim without any setting was not measured.",
        RULE,
        "## Every statistic",
        "A companion is the R that is left beyond the common trend, after epoch and log epoch are "
        "regressed out: any two curves that rise correlate. A later R is that without the first "
        "tenth of the epochs, in which all changes fast. Both leave the claim's verdict alone.",
        Table(DETAILS, details),
    ]


def _total(rows: pd.DataFrame) -> pd.DataFrame:
    """Return the row of a claim over all settings, from its other rows."""
    settings = list(rows.drop_duplicates("setting")["overall"])
    counts = {verdict: settings.count(verdict) for verdict in VERDICTS}
    decided = counts["supported"] + counts["contradicted"]
    verdict = over_settings(settings)
    row = {
        **rows.iloc[0][["claim", "section", "text"]],
        "setting": EVERY,
        "statistic": "share of the decided settings that support it",
        "role": ALL_SETTINGS,
        "value": counts["supported"] / decided if decided else float("nan"),
        **rows[["n_seeds", "n_checkpoints"]].min(),
        "n": len(settings),
        "verdict": verdict,
        "reason": ", ".join(f"{count} {verdict}" for verdict, count in counts.items()),
        "overall": verdict,
    }
    return pd.DataFrame([row]).reindex(columns=rows.columns)


def _line(answer: Answer) -> list[str]:
    """Return an answer's cells."""
    verdict = f"**{answer.verdict}**" if answer.verdict != NOT_MEASURED else answer.verdict
    counts = map(str, answer.counts.values())
    numbers = answer.number, answer.beyond, answer.later
    return [answer.claim, answer.text, verdict, *counts, *numbers, ", ".join(answer.figures)]


def _numbers(v: Verdict) -> list[str]:
    interval = f"[{v.low:.3g}, {v.high:.3g}]"
    return [f"{v.value:.3g}", interval, str(v.n_seeds), str(v.n_checkpoints), str(v.n)]
