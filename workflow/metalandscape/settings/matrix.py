"""Runs written compactly: defaults for all of them, and a matrix that makes several of one."""

import itertools
import re
import string
from collections.abc import Callable, Iterator, Mapping
from typing import Any

from ..ground.errors import UserError
from ..ground.strict import mapping
from .limits import RUNS

NAME = r"[A-Za-z0-9_]+"
LONGEST = 200  # characters of a name; what is added in a file's name has to fit in 255
FORMAT = r"\w{0,3}"  # of a placeholder, as in {shot:02d}: a wide one would fill the memory
Place = Callable[[str], str]
"""Where a key of a run stands in the configuration: `defaults.way`, `runs.waves.way`, ..."""


def expand(
    patterns: Mapping[str, Any], defaults: Mapping[str, Any]
) -> Iterator[tuple[str, dict[str, Any], Place]]:
    """Yield name, settings and place of every run; a `matrix` makes one run per combination.

    A key of the matrix has a list of values, which stand in the names, or a mapping of what stands
    in the names to values: `inner_rate: {low: 0.01, high: 0.1}`.

    Raises:
        UserError: a name is none, or that of two runs; or a matrix has no values.
    """
    seen: dict[str, str] = {}
    for pattern, entry in patterns.items():
        key = f"runs.{pattern}"
        entry = dict(mapping(entry, key))
        matrix = mapping(entry.pop("matrix", {}), f"{key}.matrix")
        for axis, values in matrix.items():
            if not isinstance(values, list | Mapping) or not values:
                raise UserError(
                    f"config key {key}.matrix.{axis}: expected a list of values, or a mapping of "
                    "names to values."
                )
        places = (
            dict.fromkeys(defaults, "defaults")
            | dict.fromkeys(entry, key)
            | dict.fromkeys(matrix, f"{key}.matrix")
        )

        def place(field: str, places: Mapping[str, str] = places, key: str = key) -> str:
            return f"{places.get(field, key)}.{field}"

        for values in itertools.product(*map(_labelled, matrix.values())):
            labels = {axis: label for axis, (label, _) in zip(matrix, values, strict=True)}
            combination = {axis: value for axis, (_, value) in zip(matrix, values, strict=True)}
            name = _named(pattern, labels, key)
            if name in seen:
                advice = "name every key of the matrix in the pattern" if matrix else "rename one"
                raise UserError(
                    f"config key {key}: two runs are named {name!r}, one of them by "
                    f"runs.{seen[name]}; {advice}."
                )
            seen[name] = pattern
            if len(seen) > RUNS:
                raise UserError(
                    f"config key {key}: with it there are more than {RUNS:,} runs, the limit; "
                    "divide them among several configurations."
                )
            yield name, {**defaults, **entry, **combination}, place


def _labelled(values: list[Any] | Mapping[str, Any]) -> list[tuple[Any, Any]]:
    """Return the values of an axis, each with what stands for it in the names of runs."""
    return list(values.items() if isinstance(values, Mapping) else zip(values, values, strict=True))


def _named(pattern: str, labels: Mapping[str, Any], key: str) -> str:
    """Return the name of a run of a matrix."""
    name = _filled(pattern, labels)
    odd = [axis for axis, label in labels.items() if not re.fullmatch(NAME, str(label))]
    if odd and not re.fullmatch(NAME, name):
        raise UserError(
            f"config key {key}.matrix.{odd[0]}: {labels[odd[0]]!r} cannot be part of a name, which "
            "has letters, digits and underscores only; name the values, as in "
            f"{odd[0]}: {{first: {labels[odd[0]]!r}}}."
        )
    return checked_name(name, key)


def _filled(pattern: str, combination: Mapping[str, Any]) -> str:
    try:
        for _, _, width, _ in string.Formatter().parse(pattern):
            if not re.fullmatch(FORMAT, width or ""):
                raise ValueError(width)
        return pattern.format_map(combination)
    except (KeyError, ValueError, IndexError, AttributeError, TypeError) as error:
        raise UserError(
            f"config key runs.{pattern}: the placeholders of the name should be keys of its "
            f"matrix ({', '.join(combination) or 'it has none'})."
        ) from error


def checked_name(name: str, key: str) -> str:
    """Return a name that is to be part of a path."""
    if not re.fullmatch(NAME, name):
        raise UserError(
            f"config key {key}: {name!r} should consist of letters, digits and underscores."
        )
    if len(name) > LONGEST:
        raise UserError(
            f"config key {key}: {name!r} is longer than {LONGEST} characters; shorten it."
        )
    return name
