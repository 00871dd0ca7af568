"""Complaints as sentences; which key they name in a configuration is in tests/settings."""

from typing import Annotated, Literal

import pytest
from pydantic import Field, ValidationError

from metalandscape.ground.errors import UserError
from metalandscape.ground.strict import (
    Strict,
    attributes,
    mapping,
    number_as_text,
    sentence,
    unknown,
)


class Inner(Strict):
    size: int = Field(default=1, ge=0)


class Constant(Strict):
    name: Literal["constant"]


class Step(Strict):
    name: Literal["step"]
    every: int


class Model(Strict):
    rate: float = 0.1
    inner: Inner = Inner()
    schedule: Annotated[Constant | Step, Field(discriminator="name")] | None = None


def complaint(**given):
    with pytest.raises(ValidationError) as caught:
        Model(**given)
    return sentence(caught.value, "here.{}".format, Model.model_fields)


@pytest.mark.parametrize(
    ("given", "expected"),
    [
        ({"rte": 1.0}, "here.rte: 'rte' is unknown; the closest known name is 'rate'."),
        ({"rate": "x"}, "here.rate: expected a number, got 'x'."),
        ({"rate": True}, "here.rate: expected a number, got True."),
        ({"inner": {"size": -1}}, "here.inner.size: expected a number of at least 0, got -1."),
        ({"inner": {"sze": 1}}, "here.inner.sze: unknown key; correct or remove it."),
        ({"inner": 3}, "here.inner: expected a mapping of keys, got 3."),
        ({"schedule": {"name": "step"}}, "here.schedule.every: missing; add it."),
        ({"schedule": {"name": "s"}}, "here.schedule.name: expected 'constant', 'step', got 's'."),
        ({"schedule": {}}, "here.schedule.name: missing; add it."),
    ],
)  # fmt: skip
def test_a_complaint_is_one_sentence_that_names_the_key(given, expected):
    assert complaint(**given) == f"config key {expected}"


def test_a_misspelt_key_comes_before_what_is_missing_because_of_it():
    assert complaint(schedule={"name": "step", "evry": 3}).startswith(
        "config key here.schedule.evry"
    )


def test_a_section_cannot_be_changed():
    with pytest.raises(ValidationError):
        Model().rate = 2.0


@pytest.mark.parametrize("value", [[], "text", None, 3, {3: 4}])
def test_what_is_no_mapping_of_texts_is_refused(value):
    with pytest.raises(UserError, match=r"^config key here: expected"):
        mapping(value, "here")


def test_an_unknown_name_is_compared_with_the_known_ones():
    assert unknown("mam", ["maml", "anil"]) == "'mam' is unknown; the closest known name is 'maml'"
    assert unknown("xyz", ["maml", "anil"]) == "'xyz' is unknown; known: maml, anil"
    assert unknown("xyz", []) == "'xyz' is unknown; there are none"


@pytest.mark.parametrize(
    ("value", "written"), [("1e-3", "0.001"), ("5", "5"), ("-2.50", "-2.50"), ("1E+2", "100")]
)
def test_a_number_that_is_text_is_written_as_a_number(value, written):
    assert number_as_text(value) == f" as text; write {written} without quotes or exponent"


@pytest.mark.parametrize("value", ["fast", "", "nan", "inf", 5, None])
def test_other_texts_get_no_remark(value):
    assert number_as_text(value) == ""


# --- what docstrings say of keys


class Base(Strict):
    """A base.

    Attributes:
        width: How wide.
        height: How high, in words that
            go on.
    """

    width: int
    height: int = 2


class Derived(Base):
    """A derived one, whose first paragraph has
    two lines.

    More of it.

    Attributes:
        width: How wide here: in pixels.
    """


def test_a_docstring_describes_its_fields_and_those_of_its_base():
    expected = {"width": "How wide here: in pixels.", "height": "How high, in words that go on."}
    assert attributes(Derived).items() >= expected.items()


def test_the_json_schema_has_these_descriptions_and_no_titles():
    assert Derived.model_json_schema() == {
        "description": "A derived one, whose first paragraph has two lines.",
        "type": "object",
        "additionalProperties": False,
        "required": ["width"],
        "properties": {
            "width": {"type": "integer", "description": "How wide here: in pixels."},
            "height": {
                "type": "integer",
                "default": 2,
                "description": "How high, in words that go on.",
            },
        },
    }
