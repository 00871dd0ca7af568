import time

import pytest
import yaml

from metalandscape.ground.errors import UserError
from metalandscape.settings import written
from metalandscape.settings.written import check_written


def write(tmp_path, text):
    (tmp_path / "config.yaml").write_text(text)
    return tmp_path / "config.yaml"


@pytest.mark.parametrize(
    ("text", "line"),
    [("a: 1\nb: 2\na: 3\n", 3), ("a:\n  b: 1\n  b: 2\n", 3), ("a: [{b: 1,\n b: 2}]\n", 2)],
)
def test_a_repeated_key_is_named_with_its_line(tmp_path, text, line):
    with pytest.raises(UserError, match=f"config.yaml, line {line}: the key '[ab]' is repeated"):
        check_written(write(tmp_path, text))


@pytest.mark.parametrize(
    "text", ["", "a: 1\n", "a: {c: 1}\nb: {c: 1}\n", "a: &x {c: 1}\nb: {<<: *x, c: 2}\nd: *x\n"]
)
def test_equal_keys_in_different_places_are_fine(tmp_path, text):
    check_written(write(tmp_path, text))


@pytest.mark.parametrize(
    ("number", "value"), [("010", 8), ("-07", -7), ("1:30", 90), ("1:0.5", 60.5)]
)
def test_a_number_in_another_base_is_refused(tmp_path, number, value):
    words = f"config.yaml, line 2: YAML reads {number} as {value}; write the number in base ten"
    with pytest.raises(UserError, match=words):
        check_written(write(tmp_path, f"a:\n  b: {number}\n"))


@pytest.mark.parametrize(
    "number", ["0", "10", "0.5", "-0.5", "1_000", "0x10", "'010'", "1e-3", "00a"]
)
def test_other_numbers_and_texts_are_fine(tmp_path, number):
    check_written(write(tmp_path, f"a: {number}\n"))


def laugh(depth, width=9):
    """Lists of lists: a file of some hundred bytes that has width ** depth values."""
    lines = ["a0: &a0 [" + ", ".join("x" * width) + "]"]
    lines += [f"a{i}: &a{i} [" + ", ".join([f"*a{i - 1}"] * width) + "]" for i in range(1, depth)]
    return "\n".join(lines) + "\n"


@pytest.mark.parametrize("text", [laugh(30), "a: &a [*a]\n", "a: &a {b: {c: *a}}\n"])
def test_aliases_without_bounds_are_refused_at_once(tmp_path, text):
    started = time.process_time()
    with pytest.raises(UserError, match="aliases written out it has more than 1,000,000 values"):
        check_written(write(tmp_path, text))
    assert time.process_time() - started < 1


@pytest.mark.parametrize(("depth", "width"), [(1, 1), (3, 2), (4, 3)])
def test_the_number_of_values_is_that_of_the_file_without_aliases(depth, width):
    def count(value):
        if isinstance(value, dict):
            return 1 + sum(1 + count(v) for v in value.values())
        return 1 + (sum(map(count, value)) if isinstance(value, list) else 0)

    text = laugh(depth, width)
    assert written._size(yaml.compose(text)) == count(yaml.safe_load(text))


def test_a_wide_list_named_many_times_is_checked_in_linear_time(tmp_path):
    text = "a: &a [" + "1, " * 900 + "]\nb: [" + "*a, " * 1000 + "]\n"
    started = time.process_time()
    check_written(write(tmp_path, text))
    assert time.process_time() - started < 5


def test_a_repeated_key_inside_an_alias_is_found(tmp_path):
    with pytest.raises(UserError, match="line 2: the key 'b' is repeated"):
        check_written(write(tmp_path, "a: &a\n  {b: 1, b: 2}\nc: [*a, *a]\n"))


@pytest.mark.parametrize("text", ["a: [1\n", "a: *b\n", "\t- a"])
def test_what_is_no_yaml_is_one_sentence(tmp_path, text):
    with pytest.raises(UserError, match=r"config.yaml is no YAML that can be read: ") as refused:
        check_written(write(tmp_path, text))
    assert "\n" not in str(refused.value)


@pytest.mark.parametrize("text", ["a: 2020-99-99", "a: !!int x", "a: !foo 1", "a: 1\na: 2"])
def test_what_stands_for_no_value_is_one_sentence(tmp_path, text):
    path = write(tmp_path, text)
    with pytest.raises(UserError, match=r"config.yaml(, line 2: | is no YAML that can be read: )"):
        written.load(path)


def test_the_content_of_a_file_is_loaded(tmp_path):
    assert written.load(write(tmp_path, "a: &x [1]\nb: *x\n")) == {"a": [1], "b": [1]}
