import pytest

from metalandscape.ground.errors import UserError
from metalandscape.settings.matrix import checked_name, expand


def expanded(patterns, defaults=()):
    return {name: settings for name, settings, _ in expand(patterns, dict(defaults))}


def test_a_matrix_makes_a_run_of_every_combination():
    matrix = {"algorithm": ["maml", "anil"], "shot": [1, 5]}
    runs = expanded({"{algorithm}_{shot}s": {"way": 3, "matrix": matrix}})
    assert list(runs) == ["maml_1s", "maml_5s", "anil_1s", "anil_5s"]
    assert runs["anil_1s"] == {"way": 3, "algorithm": "anil", "shot": 1}


def test_values_may_have_names():
    matrix = {"inner_rate": {"low": 0.01, "high": 0.1}, "shot": [1]}
    runs = expanded({"{inner_rate}_{shot}s": {"matrix": matrix}})
    assert runs == {
        "low_1s": {"inner_rate": 0.01, "shot": 1},
        "high_1s": {"inner_rate": 0.1, "shot": 1},
    }


@pytest.mark.parametrize("value", [0.1, {"kind": "mlp"}, "a-b"])
def test_a_value_that_is_no_part_of_a_name_is_told_how_to_be_named(value):
    words = (
        r"runs\.a_{network}\.matrix\.network: .* cannot be part of a name, .* as in network: {first"
    )
    with pytest.raises(UserError, match=words):
        expanded({"a_{network}": {"matrix": {"network": [value]}}})


def test_two_entries_of_one_name_are_both_named():
    with pytest.raises(UserError, match=r"runs\.{shot}: two .* '1', one of them by runs\.1; name"):
        expanded({"1": {}, "{shot}": {"matrix": {"shot": [1]}}})
    with pytest.raises(
        UserError, match=r"runs\.1: two .* '1', one of them by runs\.{shot}; rename"
    ):
        expanded({"{shot}": {"matrix": {"shot": [1]}}, "1": {}})


def test_without_a_matrix_a_pattern_is_the_one_run():
    assert expanded({"a": {"way": 3}}) == {"a": {"way": 3}}


def test_the_matrix_wins_over_the_run_and_the_run_over_defaults():
    entry = {"shot": 1, "targets": 2, "matrix": {"targets": [1]}}
    defaults = {"shot": 9, "targets": 9, "way": 9}
    assert expanded({"a_{targets}": entry}, defaults) == {
        "a_1": {"way": 9, "shot": 1, "targets": 1}
    }


def test_places_tell_where_a_key_stands():
    patterns = {"a_{shot}": {"way": 3, "matrix": {"shot": [1]}}}
    ((_, _, place),) = expand(patterns, {"way": 5, "targets": 2})
    assert place("way") == "runs.a_{shot}.way"
    assert place("shot") == "runs.a_{shot}.matrix.shot"
    assert place("targets") == "defaults.targets"
    assert place("missing") == "runs.a_{shot}.missing"


def test_what_is_given_is_left_as_it_was():
    patterns = {"a_{shot}": {"matrix": {"shot": [1]}}}
    expanded(patterns)
    assert patterns == {"a_{shot}": {"matrix": {"shot": [1]}}}


@pytest.mark.parametrize("name", ["a-b", "", "a b", "a/b", "a.b"])
def test_a_name_that_is_no_part_of_a_path_is_refused(name):
    with pytest.raises(UserError, match=r"runs\.x: '.*' should consist of letters"):
        checked_name(name, "runs.x")
