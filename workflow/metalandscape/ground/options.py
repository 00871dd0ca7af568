"""Options that a module declares as a literal: numbers, checked against their defaults."""

import math
from collections.abc import Mapping
from typing import Any

from .errors import UserError
from .strict import number_as_text, unknown


def overridden(
    given: Mapping[str, Any], defaults: Mapping[str, float], place: str
) -> dict[str, Any]:
    """Return a module's options, overridden by those given at a place of the configuration.

    Raises:
        UserError: an option is unknown, or its value is not of the default's type and range.
    """
    for option, value in given.items():
        key = f"config key {place}.{option}"
        if option not in defaults:
            raise UserError(f"{key}: {unknown(option, defaults)}.")
        if complaint := _complaint(value, defaults[option], 3 if option == "tasks" else 0):
            raise UserError(f"{key}: expected {complaint}, got {value!r}{number_as_text(value)}.")
    return {**defaults, **given}


def _complaint(value: Any, default: float, least: int) -> str | None:
    """Return what is expected of an option, or None if its value is just that."""
    wanted = type(default)
    if isinstance(value, bool) or not isinstance(value, (int, wanted)):
        return "a whole number" if wanted is int else "a number"
    if not 0 <= value < math.inf or (value == 0 and default != 0):
        return "a number of at least 0" if default == 0 else "a positive number"
    # Averages over pairs need three tasks for their standard error.
    return f"at least {least}" if value < least else None
