"""The JSON schema of a configuration, with which editors complete and check the file.

Types, limits and defaults are those of the models, and the descriptions those of their docstrings.
The schema is that of the file as it is written: runs are not expanded yet, so no key of a run is
required. Names of parts are open, as a user's folder may hold others than the package. The options
of a part that is found are closed, those of another one are open. What no schema can tell, such as
a misspelt name of a part or keys that don't go together, `config.load` refuses.
"""

from typing import Any

from pydantic import BaseModel

from ..ground import plugins
from .config import Config
from .matrix import NAME
from .parts import RUN_PARTS
from .run import Run

Schema = dict[str, Any]

# Keys of the file that are expanded before the models see it.
DEFAULTS = (
    "Keys of runs that hold for every run that does not set them. A run's `network`, `optimizer`, "
    "`test` and the like replace the default ones as a whole."
)
MATRIX = (
    "Makes a run for every combination of the listed values; the name has each key as `{key}`. A "
    "mapping names its values: `inner_rate: {low: 0.01, high: 0.1}`."
)
SHOWN = {
    "description": "The runs that the figure shows, in this order. `*`, `?` and `[...]` stand for "
    "parts of names, as in a shell: `letters_*_T1`; matching runs come in the order of `runs`, "
    "each once.",
    "type": "array",
    "items": {"type": "string"},
}


def schema() -> Schema:
    """Return the schema, in the version draft-07, with the parts that `plugins` finds."""
    found = _of(Config)
    keys = _keys_of_runs()
    own = {key: {"$ref": f"#/definitions/{key}"} for key in keys}
    several = {"type": ["array", "object"], "minItems": 1, "minProperties": 1}
    axes = {key: several | {"items": own[key], "additionalProperties": own[key]} for key in keys}
    matrix = {"description": MATRIX, "default": {}, **_closed(axes)}
    top = found["properties"]
    top["datasets"] |= _entries(_choice("datasets", "kind"))
    top["datasets"]["propertyNames"] = {"pattern": f"^{NAME}$"}
    top["runs"] |= _entries(_closed(own | {"matrix": {"$ref": "#/definitions/matrix"}}))
    top["metrics"]["properties"] = {
        name: _part("metrics", name) for name in plugins.names("metrics")
    }
    top["figures"] |= {"properties": _figures(), "additionalProperties": SHOWN}
    top["defaults"] = {"description": DEFAULTS, "default": {}, **_closed(own)}
    return {
        "$schema": "http://json-schema.org/draft-07/schema#",
        "title": "metalandscape configuration",
        **found,
        "definitions": keys | {"matrix": matrix},
    }


def _of(model: type[BaseModel]) -> Schema:
    """Return the schema of a model, those of the models in it written out."""
    found = model.model_json_schema()
    return _inlined(found, found.pop("$defs", {}))


def _inlined(node: Any, definitions: Schema) -> Any:
    if isinstance(node, list):
        return [_inlined(each, definitions) for each in node]
    if not isinstance(node, dict):
        return node
    if isinstance(reference := node.get("$ref"), str):
        own = {key: value for key, value in node.items() if key != "$ref"}
        node = definitions[reference.rpartition("/")[2]] | own
    return {key: _inlined(value, definitions) for key, value in node.items()}


def _closed(properties: Schema) -> Schema:
    """Return the schema of a mapping that has no other keys."""
    return {"type": "object", "additionalProperties": False, "properties": properties}


def _entries(entry: Schema) -> Schema:
    """Return what a section consists of: at least one entry, by any name."""
    return {"minProperties": 1, "additionalProperties": entry}


def _keys_of_runs() -> Schema:
    """Return the schemas of the keys of a run, as a file has them."""
    keys = _of(Run)["properties"]
    del keys["algorithm_options"]  # stand in the mapping `algorithm`
    del keys["schedule"]["discriminator"]  # no word of JSON schemas
    keys["test"]["default"] = {}
    for key, room, tag in RUN_PARTS:
        keys[key] = {"description": keys[key]["description"]} | _part_of_run(room, tag)
    keys["optimizer"]["default"] = Run.model_fields["optimizer"].default.name
    keys["regularizer"]["anyOf"].append({"type": "null"})
    keys["regularizer"]["default"] = None
    return keys


def _part_of_run(room: str, tag: str) -> Schema:
    name = {"type": "string", "examples": plugins.names(room)}
    return {"anyOf": [name, _choice(room, tag)]}


def _choice(room: str, tag: str) -> Schema:
    """Return the schema of a mapping that names a part under `tag`, beside the part's options."""
    names = plugins.names(room)
    words = f"The name of a module in metalandscape/{room}, or in the same folder of `plugins`."
    return {
        "type": "object",
        "required": [tag],
        "properties": {tag: {"description": words, "type": "string", "examples": names}},
        "allOf": [
            {
                "if": {"required": [tag], "properties": {tag: {"const": name}}},
                "then": _part(room, name, tag),
            }
            for name in names
        ],
    }


def _part(room: str, name: str, *tags: str) -> Schema:
    """Return the schema of a part's options, beside the key that names it, if there is one."""
    own = _of(plugins.options(room, name))
    words = _summary(room, name)
    named = {tag: {"description": words, "const": name} for tag in tags}
    return own | {"description": words, "properties": named | own["properties"] | named}


def _summary(room: str, name: str) -> str:
    """Return the first paragraph of a part's docstring."""
    return " ".join(plugins.described(room, name).split("\n\n")[0].split())


def _figures() -> Schema:
    return {
        name: SHOWN | {"description": _summary("figures", name)}
        for name in plugins.names("figures")
    }
