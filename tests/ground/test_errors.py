import pytest

from metalandscape.ground.errors import LONGEST, UserError


@pytest.mark.parametrize(
    ("sentence", "said"),
    [
        ("é: correct the key.", "é: correct the key."),
        ("a\nb\0: correct it.", r"a\nb\x00: correct it."),
        ("\u202e\ud800: correct it.", r"\u202e\ud800: correct it."),
    ],
)
def test_a_sentence_is_one_line_that_can_be_printed(sentence, said):
    assert str(UserError(sentence)) == said


def test_what_is_too_long_is_cut_in_its_middle():
    text = str(UserError(f"config key x: expected y, got {'a' * 10**6!r}; correct it."))
    assert text.startswith("config key x: expected y, got 'aaa") and " [...] " in text
    assert text.endswith("aaa'; correct it.") and len(text) <= LONGEST
