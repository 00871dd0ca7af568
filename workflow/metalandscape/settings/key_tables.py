"""The tables of keys in config/README.md, made from the schema.

A table stands between `<!-- keys: its name -->` and `<!-- /keys -->`.
"""

import re
from collections.abc import Iterator
from typing import Any

import yaml

from ..ground.errors import UserError
from .parts import RUN_PARTS
from .schema import SHOWN, Schema

HEAD = "| key | type | default | meaning |\n|---|---|---|---|\n"
# Mappings whose keys have a table of their own; those of others stand with them.
APART = {"defaults", "metrics", "figures", "matrix", "clip_gradient", "test"}
APART |= {key for key, *_ in RUN_PARTS}
WORDS = {
    "integer": "whole number",
    "number": "number",
    "string": "text",
    "boolean": "true or false",
    "object": "mapping",
}
PLURAL = {"integer": "whole numbers", "number": "numbers", "string": "texts"}


def filled(text: str, schema: Schema) -> str:
    """Return a document with its tables made anew.

    Raises:
        UserError: it names a table that there is not.
    """
    known = dict(tables(schema))

    def table(mark: re.Match[str]) -> str:
        if mark[1] not in known:
            raise UserError(f"there is no table <!-- keys: {mark[1]} -->; correct this mark.")
        return f"<!-- keys: {mark[1]} -->\n{known[mark[1]]}<!-- /keys -->"

    return re.sub(r"<!-- keys: (.*?) -->\n.*?<!-- /keys -->", table, text, flags=re.DOTALL)


def tables(schema: Schema) -> Iterator[tuple[str, str]]:
    """Yield name and text of every table."""
    top, runs = schema["properties"], schema["definitions"]
    yield "top level", _table("", top)
    for name, part in _parts(top["datasets"]["additionalProperties"]):
        yield f"datasets {name}", _table("datasets.<name>.", part["properties"])
    yield "runs", _table("runs.<name>.", runs)
    for key, *_ in RUN_PARTS:
        for name, part in _parts(runs[key]["anyOf"][1]):
            yield f"{key} {name}", _table(f"runs.<name>.{key}.", part["properties"])
    for part in runs["schedule"]["oneOf"]:
        name = part["properties"]["name"]["const"]
        yield f"schedule {name}", _table("runs.<name>.schedule.", part["properties"])
    clip, test = runs["clip_gradient"]["anyOf"][0], runs["test"]
    yield "clip_gradient", _table("runs.<name>.clip_gradient.", clip["properties"])
    yield "test", _table("runs.<name>.test.", test["properties"])
    metrics = top["metrics"]["properties"].items()
    rows = (_rows(f"metrics.{name}.", metric["properties"]) for name, metric in metrics)
    yield "metrics", HEAD + "".join(row for each in rows for row in each)
    yield "figures", _table("figures.", {"<figure>": SHOWN})


def _parts(choice: Schema) -> Iterator[tuple[str, Schema]]:
    """Yield name and schema of every part that can be chosen."""
    for branch in choice["allOf"]:
        (tag,) = branch["if"]["required"]
        yield branch["if"]["properties"][tag]["const"], branch["then"]


def _table(prefix: str, properties: Schema) -> str:
    return HEAD + "".join(_rows(prefix, properties))


def _rows(prefix: str, properties: Schema, given: Schema | None = None) -> Iterator[str]:
    """Yield the rows of some keys; `given` are their defaults, by the mapping they stand in."""
    for key, field in properties.items():
        field = field | ({"default": given[key]} if given else {})
        inner = {} if key in APART else _inner(field)
        if not inner or "anyOf" in field:
            default = f"`{_yaml(field['default'])}`" if "default" in field else "required"
            words = field.get("description", "")
            yield f"| `{prefix}{key}` | {_type(field)} | {default} | {words} |\n"
        yield from _rows(f"{prefix}{key}.", inner, field.get("default"))


def _inner(field: Schema) -> Schema:
    """Return the keys of a mapping, or of the alternative that is one."""
    alternatives = [field, *field.get("anyOf", [])]
    return next((each["properties"] for each in alternatives if "properties" in each), {})


def _yaml(value: Any) -> str:
    text = yaml.safe_dump(value, default_flow_style=True, width=float("inf"))
    return text.strip().removesuffix("...").strip()


def _type(field: Schema) -> str:
    """Return what values a key takes, in words."""
    if alternatives := field.get("anyOf") or field.get("oneOf"):
        words = (_type(each) for each in alternatives if each.get("type") != "null")
        return " or ".join(dict.fromkeys(words))
    if values := field.get("enum") or [value for key, value in field.items() if key == "const"]:
        return ", ".join(f"`{value}`" for value in values)
    if field.get("type") == "array":
        return f"list of {PLURAL.get(field['items'].get('type'), 'values')}"
    return ", ".join([WORDS.get(field.get("type", ""), "a value"), *_limits(field)])


def _limits(field: Schema) -> Iterator[str]:
    """Yield the limits of a number, in words."""
    low, high = field.get("minimum"), field.get("maximum")
    above = field.get("exclusiveMinimum")
    if field.get("type") == "integer" and above is not None:
        low, above = above + 1, None
    if low is not None and high is not None:
        yield f"{low:,} to {high:,}"
        return
    limits = {"at least": low, "above": above, "at most": high}
    limits["below"] = field.get("exclusiveMaximum")
    yield from (f"{word} {limit:,g}" for word, limit in limits.items() if limit is not None)
