import pytest

from metalandscape.ground.errors import UserError
from metalandscape.settings.duplicates import refuse_repeated_keys


def write(tmp_path, text):
    (tmp_path / "config.yaml").write_text(text)
    return tmp_path / "config.yaml"


@pytest.mark.parametrize(
    ("text", "line"),
    [("a: 1\nb: 2\na: 3\n", 3), ("a:\n  b: 1\n  b: 2\n", 3), ("a: [{b: 1,\n b: 2}]\n", 2)],
)
def test_a_repeated_key_is_named_with_its_line(tmp_path, text, line):
    with pytest.raises(UserError, match=f"config.yaml, line {line}: the key '[ab]' stands twice"):
        refuse_repeated_keys(write(tmp_path, text))


@pytest.mark.parametrize(
    "text", ["", "a: 1\n", "a: {c: 1}\nb: {c: 1}\n", "a: &x {c: 1}\nb: {<<: *x, c: 2}\nd: *x\n"]
)
def test_equal_keys_in_different_places_are_fine(tmp_path, text):
    refuse_repeated_keys(write(tmp_path, text))
