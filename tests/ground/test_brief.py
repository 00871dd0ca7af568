"""Parameters of jobs that read as a few words."""

import pickle

from metalandscape.ground.brief import Brief, Text


def test_settings_read_as_their_names_and_are_a_dict():
    settings = Brief(first={"way": 5}, second={})
    assert f"{settings}" == "first, second"
    assert repr(settings) == repr(dict(settings)) and settings == {
        "first": {"way": 5},
        "second": {},
    }
    assert type(pickle.loads(pickle.dumps(settings))) is dict


def test_a_text_is_not_written_and_is_a_text():
    text = Text("</script>")
    assert "script" not in f"{text}"
    assert str(text) == "</script>" and repr(text) == repr("</script>")
    assert type(pickle.loads(pickle.dumps(text))) is str
