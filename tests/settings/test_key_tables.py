"""The tables of keys in config/README.md; that they agree with the models: test_config.py."""

from pathlib import Path

import pytest

from metalandscape.ground.errors import UserError
from metalandscape.settings import key_tables
from metalandscape.settings.schema import schema

README = Path(__file__).parents[2] / "config" / "README.md"


def rows(**properties):
    return list(key_tables._rows("a.", properties))


def test_the_tables_of_the_documentation_are_up_to_date():
    """`make schema` writes them."""
    text = README.read_text()
    assert key_tables.filled(text, schema()) == text


def test_a_table_is_made_anew_and_the_text_around_it_left():
    text = "before\n<!-- keys: figures -->\nold\n<!-- /keys -->\nafter <!-- keys: -->\n"
    found = key_tables.filled(text, schema())
    assert "old" not in found and "| `figures.<figure>` | list of texts | required |" in found
    assert found.startswith("before\n<!-- keys") and found.endswith(
        "/keys -->\nafter <!-- keys: -->\n"
    )


def test_a_mark_of_no_table_is_refused():
    with pytest.raises(UserError, match="no table <!-- keys: figure -->"):
        key_tables.filled("<!-- keys: figure -->\n<!-- /keys -->", schema())


def test_keys_of_a_mapping_stand_with_the_others_and_have_its_defaults():
    ranges = {"train": {"type": "number", "description": "x"}}
    field = {"type": "object", "properties": ranges, "default": {"train": 1.5}, "description": "y"}
    assert rows(range=field) == ["| `a.range.train` | number | `1.5` | x |\n"]


def test_a_mapping_that_may_be_something_else_has_a_row_too():
    inner = {"properties": {"train": {"type": "integer", "description": "x"}}, "type": "object"}
    field = {"anyOf": [inner, {"type": "string"}], "description": "y"}
    assert rows(split=field) == [
        "| `a.split` | mapping or text | required | y |\n",
        "| `a.split.train` | whole number | required | x |\n",
    ]


@pytest.mark.parametrize(
    ("field", "words"),
    [
        ({"type": "integer", "exclusiveMinimum": 0}, "whole number, at least 1"),
        ({"type": "integer", "minimum": 8, "maximum": 1024}, "whole number, 8 to 1,024"),
        ({"type": "number", "exclusiveMinimum": 0, "maximum": 1}, "number, above 0, at most 1"),
        ({"type": "number", "minimum": 0, "exclusiveMaximum": 1}, "number, at least 0, below 1"),
        ({"anyOf": [{"type": "string"}, {"type": "null"}]}, "text"),
        ({"enum": ["mean", "flatten"], "type": "string"}, "`mean`, `flatten`"),
        ({"const": "conv"}, "`conv`"),
        ({"type": "array", "items": {"type": "number"}}, "list of numbers"),
        ({"type": "boolean"}, "true or false"),
    ],
)
def test_types_are_told_in_words(field, words):
    assert key_tables._type(field) == words
