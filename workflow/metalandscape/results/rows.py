"""Reading tidy tables strictly: errors of editing or joining by hand are refused with their place.

A sound table is read at once with the types of its columns. Only where that fails is it checked row
by row, to say what is wrong.
"""

import csv
import warnings
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path

import numpy as np
import pandas as pd

from ..ground.errors import UserError

TEXT, WHOLE, NUMBER = "text", "a whole number of at least 0", "a number, or nothing for NaN"
SEED = "a seed, a whole number of at least 0"
SEPARATORS = (";", "\t", "|", " ")
REMEDY = "correct it, or remove the file, and it is made anew."

Kinds = Mapping[str, str]
"""What a column holds, by its name: TEXT, WHOLE, SEED or NUMBER."""

TYPES = {TEXT: "str", WHOLE: "int64", SEED: "uint64", NUMBER: "float64"}


def read_rows(path: str | Path, kinds: Kinds) -> pd.DataFrame:
    """Read a table, whose columns must be there and hold what they should.

    A column has one type in all tables, so that joining them changes no number; other columns than
    those of `kinds` are kept.

    Raises:
        UserError: the sentence names file, line and column.
    """
    nothing = {name: ["", "nan", "NaN"] for name, kind in kinds.items() if kind == NUMBER}
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("error", pd.errors.ParserWarning)  # a row with too many cells
            table = pd.read_csv(
                path,
                dtype={name: TYPES[kind] for name, kind in kinds.items()},
                keep_default_na=False,
                na_values=nothing,
                index_col=False,
                encoding="utf-8-sig",
            )
    except OSError as error:
        raise UserError(f"{path} cannot be read ({error.strerror}).") from error
    except (ValueError, OverflowError, pd.errors.ParserWarning) as error:
        raise UserError(f"{path}{_fault(path, kinds)}; {REMEDY}") from error
    once = set(kinds) <= set(table) and not any(f"{name}.1" in table for name in kinds)
    if not once or not _in_range(table, kinds):
        raise UserError(f"{path}{_fault(path, kinds)}; {REMEDY}")
    return table


def _in_range(table: pd.DataFrame, kinds: Kinds) -> bool:
    """Return whether there are rows, no text is empty, and no whole number below 0."""
    lowest = {TEXT: "!", WHOLE: 0}
    inside = ((table[n] >= lowest[kind]).all() for n, kind in kinds.items() if kind in lowest)
    return len(table) > 0 and all(inside)


def _fault(path: str | Path, kinds: Kinds) -> str:
    """Return what is wrong with a table and where, as what follows its name."""
    try:
        with open(path, newline="", encoding="utf-8-sig") as file:
            header, *rows = list(csv.reader(file)) or [[]]
    except (UnicodeDecodeError, csv.Error):
        return " is no table"
    if not header:
        return " is empty"
    if missing := [name for name in kinds if name not in header]:
        return _wrong_header(header, missing)
    if twice := [name for name in kinds if header.count(name) > 1]:
        return f": it has two columns {twice[0]}"
    if not rows:
        return " has no rows"
    for line, row in enumerate(rows, 2):
        if fault := _wrong_row(header, row, kinds):
            return f", line {line}: {fault}"
    return " is no table"


def _wrong_header(header: Sequence[str], missing: Sequence[str]) -> str:
    for separator in SEPARATORS:
        if len(header) == 1 and missing[0] in header[0].split(separator):
            return f": its columns are separated by {separator!r} instead of commas"
    return f": it has no column {missing[0]}"


def _wrong_row(header: Sequence[str], row: Sequence[str], kinds: Kinds) -> str:
    if len(row) != len(header):
        return f"{len(row)} cells instead of {len(header)}"
    for name, cell in zip(header, row, strict=True):
        if name in kinds and not CHECKS[kinds[name]](cell):
            return f"the column {name} has {cell!r} instead of {kinds[name]}"
    return ""


def _is_whole(cell: str, end: int) -> bool:
    return cell.isascii() and cell.isdecimal() and int(cell) < end


def _is_number(cell: str) -> bool:
    try:
        float(cell or "nan")
    except ValueError:
        return False
    return cell.isascii() and "_" not in cell  # which Python reads, but no other program


CHECKS: dict[str, Callable[[str], bool]] = {
    TEXT: bool,
    WHOLE: lambda cell: _is_whole(cell, 2**63),
    SEED: lambda cell: _is_whole(cell, 2**64),
    NUMBER: _is_number,
}


def refuse_repeated(
    tables: Sequence[pd.DataFrame], paths: Sequence[str | Path], keys: Sequence[str]
) -> None:
    """Check that no row of several tables has the keys of another one.

    Raises:
        UserError: one does; the sentence names its file and line.
    """
    whole = pd.concat([table[list(keys)] for table in tables], ignore_index=True)
    twice = whole.duplicated().to_numpy()
    if not twice.any():
        return
    row = int(twice.argmax())
    ends = np.cumsum([len(table) for table in tables])
    file = int(np.searchsorted(ends, row, side="right"))
    line = row - ends[file] + len(tables[file]) + 2  # after the header, counted from 1
    values = ", ".join(f"{key} {whole.loc[row, key]}" for key in keys)
    raise UserError(f"{paths[file]}, line {line}: a second row for {values}; remove one of them.")
