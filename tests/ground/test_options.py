import pytest
from pydantic import TypeAdapter, ValidationError

from metalandscape.ground.options import Options, Part, TaskCount


def test_a_part_without_options_accepts_none():
    assert Options().model_dump() == {}
    with pytest.raises(ValidationError):
        Options(x=1)


@pytest.mark.parametrize(
    ("part", "text"),
    [
        (Part(name="adam"), "adam"),
        (Part(name="conv", options={"filters": 8, "modules": 4}), "conv (filters: 8, modules: 4)"),
    ],
)  # fmt: skip
def test_a_part_reads_as_a_configuration_writes_it(part, text):
    assert str(part) == text


def test_averages_over_pairs_need_three_tasks():
    assert TypeAdapter(TaskCount).validate_python(3) == 3
    with pytest.raises(ValidationError):
        TypeAdapter(TaskCount).validate_python(2)
