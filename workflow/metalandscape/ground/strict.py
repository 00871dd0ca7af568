"""The base of every configuration model, and its complaints as sentences.

Unknown keys are refused and types are not guessed.
"""

import difflib
import inspect
import re
from collections.abc import Callable, Iterable, Mapping
from decimal import Decimal, InvalidOperation
from typing import Any

from pydantic import BaseModel, ConfigDict, ValidationError

from .errors import UserError

# What pydantic's error types mean to a user; the fields are the error's context.
EXPECTED = {
    "int_type": "a whole number",
    "int_from_float": "a whole number",
    "float_type": "a number",
    "finite_number": "a finite number",
    "string_type": "text",
    "bool_type": "true or false",
    "list_type": "a list",
    "dict_type": "a mapping of keys",
    "model_type": "a mapping of keys",
    "model_attributes_type": "a mapping of keys",
    "greater_than": "a number greater than {gt:g}",
    "greater_than_equal": "a number of at least {ge:g}",
    "less_than": "a number less than {lt:g}",
    "less_than_equal": "a number of at most {le:g}",
    "literal_error": "{expected}",
    "union_tag_invalid": "{expected_tags}",
    "too_short": "a list that is not empty",
    "string_too_short": "text that is not empty",
    "string_too_long": "text of at most {max_length} characters",
    "string_pattern_mismatch": "text of the form {pattern}",
    "invalid_key": "text as a key",
}

# The tags of discriminated unions.
TAGS = ("constant", "cosine", "step")


def attributes(model: type) -> dict[str, str]:
    """Return what a model's docstring, or that of a base, says of each field: "Attributes:"."""
    found: dict[str, str] = {}
    for base in reversed(model.__mro__):
        section = inspect.cleandoc(base.__doc__ or "").partition("Attributes:\n")[2]
        entries = re.findall(r"^ {4}(\w+): (.*(?:\n {8}.*)*)", section, re.M)
        found |= {name: " ".join(text.split()) for name, text in entries}
    return found


def _describe(schema: dict[str, Any], model: type) -> None:
    """Give the JSON schema of a model the words of its docstring, for fields and as a whole."""
    schema.pop("title", None)
    schema["description"] = " ".join(inspect.cleandoc(model.__doc__ or "").split("\n\n")[0].split())
    words = attributes(model)
    for name, field in schema.get("properties", {}).items():
        field.pop("title", None)
        if name in words:
            field["description"] = words[name]


class Strict(BaseModel):
    """A configuration section. `frozen`, so that no job changes what another one reads."""

    model_config = ConfigDict(
        extra="forbid",
        strict=True,
        frozen=True,
        allow_inf_nan=False,
        json_schema_extra=_describe,
    )


def mapping(value: Any, key: str) -> Mapping[str, Any]:
    """Return `value` if it is a mapping with text as keys; `key` is its name in the message."""
    if not isinstance(value, Mapping):
        raise UserError(f"config key {key}: expected a mapping of keys, got {value!r}.")
    for name in value:
        if not isinstance(name, str):
            raise UserError(f"config key {key}: expected text as a key, got {name!r}.")
    return value


def sentence(
    error: ValidationError, place: Callable[[str], str] = str, known: Iterable[str] = ()
) -> str:
    """Return the first complaint of a validation as one sentence that names the key.

    Args:
        error: the failed validation.
        place: turns the first part of the key into where it stands in the configuration.
        known: the keys that are allowed beside it.
    """
    # A misspelt key is the cause of the missing one.
    first = min(error.errors(), key=lambda e: e["type"] != "extra_forbidden")
    # A union's tag stands in the location but is no key of the file.
    location = [str(part) for part in first["loc"] if part not in TAGS]
    if first["type"].startswith("union_tag"):
        location.append(first["ctx"]["discriminator"].strip("'"))
    key = ".".join([place(location[0] if location else ""), *location[1:]]).strip(".")
    return f"config key {key}: {_complaint(first, location, known)}."


def unknown(name: str, known: Iterable[str]) -> str:
    """Return a clause that says a name is unknown and which one may be meant."""
    known = [str(k) for k in known]
    close = difflib.get_close_matches(str(name), known, 1)
    hint = f"the closest known name is {close[0]!r}" if close else f"known: {', '.join(known)}"
    return f"{name!r} is unknown; {hint if known else 'there are none'}"


def _complaint(error: Mapping[str, Any], location: list[str], known: Iterable[str]) -> str:
    kind, value = error["type"], error["input"]
    if kind == "extra_forbidden":
        hint = unknown(location[-1], known) if len(location) == 1 and known else "unknown key"
        return hint + ("" if ";" in hint else "; correct or remove it")
    if kind in ("missing", "union_tag_not_found"):
        return "missing; add it"
    if kind == "union_tag_invalid":
        value = error["ctx"]["tag"]
    message = error["msg"].removeprefix("Value error, ").rstrip(".")
    if kind in EXPECTED:
        message = "expected " + EXPECTED[kind].format(**error.get("ctx", {}))
    message = " ".join(f"{message[:1].lower()}{message[1:]}".split())
    if kind == "value_error" and not isinstance(value, (str, int, float)):
        return message
    remark = number_as_text(value) if kind in ("int_type", "float_type") else ""
    return f"{message}, got {value!r}{remark}"


def number_as_text(value: object) -> str:
    """Return a remark on a number that is text: quoted, or 1e-3, which YAML takes for a word."""
    try:
        number = Decimal(value) if isinstance(value, str) else None
    except InvalidOperation:
        return ""
    if number is None or not number.is_finite():
        return ""
    return f" as text; write {number:f} without quotes or exponent"
