"""The words figures are labelled with."""

import re

import pytest

from figure_tables import MINI, PAIR, REGULARIZER, runs_of, sine_runs
from metalandscape.figures import _names, _style
from metalandscape.ground import plugins


def test_labels_are_those_that_metrics_declare():
    for metric in plugins.names("metrics"):
        for name, entry in plugins.declared("metrics", metric, "QUANTITIES").items():
            assert set(entry) == {"label", "unit"}
            places = re.findall(r"\{(\w+)\}", name)
            numbered, expected = name, entry["label"]
            for place in places:
                numbered = numbered.replace(f"{{{place}}}", "3")
                expected = expected.replace(f"{{{place}}}", "3")
            assert _style.label(numbered) == expected


def test_every_step_of_adaptation_has_a_label():
    assert _style.label("target_accuracy_step10") == "target accuracy after 10 inner steps"


def test_a_minus_is_said():
    assert _style.label("-target_loss") == f"$-$ {_style.label('target_loss')}"


def test_what_nobody_declares_goes_by_its_own_name(monkeypatch):
    assert _style.label("support_loss_drop") == "support loss drop"
    (run,) = runs_of([("my_cats", 5, 1)], ["my_new_maml"]).values()
    assert _style.title(run) == "my cats, 5-way 1-shot\nmy new maml, T = 5"
    assert _names.role(run) == "meta-learner"


@pytest.mark.parametrize("content", ["def (", "QUANTITIES = something()", "QUANTITIES = 3", "\0"])
def test_a_broken_metric_stops_nothing(monkeypatch, tmp_path, content):
    broken = tmp_path / "broken.py"
    broken.write_text(content)
    names, path = plugins.names, plugins.path
    monkeypatch.setattr(plugins, "names", lambda room: ["broken", *names(room)])
    monkeypatch.setattr(plugins, "path", lambda r, n: broken if n == "broken" else path(r, n))
    assert _style.label("target_accuracy") == "target accuracy"
    assert _style.label("no_such_quantity") == "no such quantity"


def test_units_are_written(monkeypatch):
    entry = {"seconds": {"label": "time", "unit": "s"}}
    monkeypatch.setattr(plugins, "declared", lambda *_: entry)
    assert _style.label("seconds") == "time (s)"


def test_titles_say_what_runs_have_in_common_and_labels_what_not():
    runs = runs_of(MINI, ["maml"])
    assert _style.title(*runs.values()) == "MiniImagenet, 5-way\nMAML, T = 5"
    assert list(_style.labels(runs).values()) == ["1-shot", "5-shot"]
    one = dict([runs.popitem()])
    assert _style.title(*one.values()) == "MiniImagenet, 5-way 5-shot\nMAML, T = 5"
    assert list(_style.labels(one).values()) == ["MAML"]
    assert _style.title(*sine_runs([4]).values()) == "sine regression, 4-shot\nMAML, T = 1"


NETWORK = {"kind": "conv", "filters": 32}


@pytest.mark.parametrize(
    "changes, words",
    [
        ({"outer_rate": 0.1}, ["outer rate 0.01", "outer rate 0.1"]),
        ({"inner_rate": 0.4}, ["inner rate 0.1", "inner rate 0.4"]),
        ({"batch_size": 7}, ["batch size 2", "batch size 7"]),
        ({"network": NETWORK}, ["filters 4", "filters 32"]),
        (
            {"regularizer": REGULARIZER},
            ["no regularizer", "regularizer trajectory angle, gamma 0.5"],
        ),
    ],
)
def test_whatever_differs_is_named(changes, words):
    runs = runs_of(MINI[:1], ["maml"]) | runs_of(MINI[:1], ["maml"], **changes)
    assert list(_style.labels(runs).values()) == words
    shown = [_style.title(run, among=runs.values()) for run in runs.values()]
    assert shown == [f"MiniImagenet, 5-way 1-shot\nMAML, T = 5\n{word}" for word in words]
    both = _style.title(*runs.values())
    assert both == "MiniImagenet, 5-way 1-shot\nMAML, T = 5"


def test_a_difference_between_algorithms_is_named_too():
    runs = runs_of(MINI[:1], ["maml"]) | runs_of(MINI[:1], ["first_order_maml"], outer_rate=0.1)
    labels = ["MAML, outer rate 0.01", "First-Order MAML, outer rate 0.1"]
    assert list(_style.labels(runs).values()) == labels


def test_what_goes_with_the_setting_is_named_elsewhere():
    runs = runs_of(MINI[:1], PAIR) | runs_of(MINI[1:], PAIR, batch_size=8)
    assert _names.elsewhere(runs.values()) == ["batch size 2 or 8"]
    assert list(_style.labels(runs_of(MINI[:1], PAIR)).values()) == ["First-Order MAML", "MAML"]
    assert "batch" not in _style.title(next(iter(runs.values())), among=runs.values())


class Stub:
    """A run with fields of a later schema: parts with options."""

    def __init__(self, **fields):
        self.fields = fields

    def model_dump(self, **_):
        return self.fields


def part(name, **options):
    return {"name": name, "options": options}


@pytest.mark.parametrize(
    "field, values, words",
    [
        (
            "optimizer",
            [part("adam"), part("sgd", momentum=0.9)],
            ["optimizer adam", "optimizer sgd"],
        ),
        ("network", [part("conv", filters=4), part("conv", filters=8)], ["filters 4", "filters 8"]),
        (
            "regularizer",
            [None, part("angle", gamma=1)],
            ["no regularizer", "regularizer angle, gamma 1"],
        ),
        (
            "algorithm_options",
            [{"head": "shared"}, {"head": "per_task"}],
            ["head shared", "head per task"],
        ),
        ("test", [{"way": 5}, {"way": 20}], ["way 5 at meta-test", "way 20 at meta-test"]),
        ("clipped", [True, False], ["clipped", "no clipped"]),
    ],
)
def test_fields_with_options_are_named(field, values, words):
    runs = [Stub(**{field: value}) for value in values]
    assert [_names.setting(run, field, runs) for run in runs] == words


def test_runs_that_no_words_tell_apart_go_by_their_names():
    runs = runs_of(MINI[:1], ["maml"]) | runs_of(MINI[:1], ["maml"], epochs=9)
    assert list(_style.labels(runs).values()) == [name.replace("_", " ") for name in runs]


def test_a_legend_of_several_panels_names_what_differs_once():
    def runs(shot, batch_size):
        setting = [("omniglot", 5, shot)]
        return runs_of(setting, ["maml"], batch_size=batch_size) | runs_of(setting, ["finetuning"])

    panels = _names.shared_labels([runs(1, 4), runs(5, 8)])
    maml = "MAML, batch size 4 or 8"
    assert [list(panel.values()) for panel in panels] == 2 * [
        [maml, "Finetuning baseline, batch size 2"]
    ]


@pytest.mark.parametrize(
    ("texts", "joined"),
    [
        (["targets 3"], "targets 3"),
        (["targets 3", "targets 5", "targets 3"], "targets 3 or 5"),
        (["inner rate 0.1", "inner rate 0.01", "inner rate 1"], "inner rate 0.1 or 0.01 or 1"),
        (["network conv, filters 8", "network mlp"], "network conv, filters 8 or network mlp"),
        (["schedule cosine", "no schedule"], "schedule cosine or no schedule"),
        (["pool, output mean", "pool, way 5"], "pool, output mean or pool, way 5"),
    ],
)
def test_alternatives_that_differ_in_their_last_word_say_the_others_once(texts, joined):
    assert _names.either(texts) == joined
