"""Settings that don't fit together; those of single keys are in test_config_mistakes."""

import copy

import pytest

from configurations import VALID
from metalandscape.ground import plugins
from metalandscape.ground.errors import UserError
from metalandscape.settings import config

RUN = "letters_maml_T1"


def with_run(name=RUN, datasets=(), **changes):
    raw = copy.deepcopy(VALID)
    raw["runs"][name] |= changes
    raw["datasets"] |= dict(datasets)
    return raw


def refusal(raw):
    with pytest.raises(UserError) as caught:
        config.load(raw)
    return str(caught.value)


OTHERS = {
    "others": {"kind": "glyphs", "test_classes": 3, "train_classes": 9, "instances_per_class": 20},
    "larger": {"kind": "glyphs", "image_size": 20},
}


@pytest.mark.parametrize(
    ("test", "key", "words"),
    [
        ({"dataset": "other"}, "test.dataset", "'others'"),
        ({"dataset": "waves"}, "test.dataset", "waves has regression tasks, but letters has"),
        ({"dataset": "larger"}, "test.dataset", "inputs are (1, 20, 20), but those of letters are"),
        ({"way": 2}, "test.way", "maml meta-learns its last layer for 3 classes"),
        ({"shot": 6}, "test.shot", "a class of letters has 8"),
        ({"inner_stps": 6}, "test.inner_stps", "unknown"),
        ({"inner_steps": 0}, "test.inner_steps", "greater than 0"),
    ],
)
def test_what_cannot_be_tested_is_refused(test, key, words):
    text = refusal(with_run(test=test, datasets=OTHERS))
    assert text.startswith(f"config key runs.{RUN}.{key}: ") and words in text


def test_the_classes_at_test_are_those_of_the_dataset_at_test():
    raw = with_run(test={"dataset": "others"}, datasets=OTHERS, way=4)
    assert f"runs.{RUN}.way: 4 classes are asked for, but others has 3 test classes" in refusal(raw)
    assert config.load(with_run(test={"dataset": "others"}, datasets=OTHERS, way=3))


def test_another_dataset_may_have_classes_large_enough_for_more_shots():
    raw = with_run(test={"dataset": "others", "shot": 9}, datasets=OTHERS)
    assert config.load(raw).runs[RUN].at_test().shot == 9


def test_a_new_last_layer_may_have_another_way():
    run = with_run(algorithm="finetuning", test={"way": 2})
    assert config.load(run).runs[RUN].at_test().way == 2


def test_regression_has_no_classes_at_test():
    assert "runs.waves.test.way: regression" in refusal(with_run("waves", test={"way": 2}))


def test_learned_rates_leave_no_choice_at_test(monkeypatch):
    declared = plugins.declared
    monkeypatch.setattr(
        plugins, "declared", lambda *what: what[2] == "LEARNS_RATES" or declared(*what)
    )
    text = refusal(with_run(test={"inner_rate": 0.5}))
    assert f"runs.{RUN}.test.inner_rate: maml learns its inner rates; remove it" in text


def test_an_algorithm_that_heeds_no_regularizer_gets_none():
    raw = with_run(algorithm="finetuning", regularizer="trajectory_angle")
    assert f"runs.{RUN}.regularizer: finetuning does not support one" in refusal(raw)


def test_vectors_are_no_images():
    text = refusal(with_run("waves", network="conv"))
    assert "runs.waves.network: conv takes images, but data of kind sine are vectors" in text


def test_a_network_says_itself_what_images_it_cannot_take():
    network = {"kind": "conv", "downsampling": "pool", "modules": 3}
    assert config.load(with_run(network=network))
    text = refusal(with_run(network=network | {"modules": 4}))
    assert f"runs.{RUN}.network: 4 poolings leave nothing of images of 14x14 pixels" in text


def test_images_may_go_into_an_mlp():
    assert config.load(with_run(network="mlp")).runs[RUN].network.name == "mlp"


def test_images_that_four_poolings_leave_nothing_of_are_refused_for_resnet12():
    network = {"kind": "resnet12", "filters": [2, 4, 8, 16]}
    text = refusal(with_run(network=network))
    assert text.startswith(f"config key runs.{RUN}.network: 4 poolings leave nothing of images")
    assert config.load(with_run(network=network | {"filters": [2, 4]}))


# --- parts outside the package


@pytest.fixture
def folder(tmp_path):
    """A folder of parts, which the configuration names; afterwards it is forgotten."""
    yield tmp_path
    plugins.use(None)


def with_part(folder, name, text, **changes):
    """A configuration beside a part of the user's own."""
    (folder / name).parent.mkdir()
    (folder / name).write_text(text)
    return copy.deepcopy(VALID) | {"plugins": str(folder)} | changes


FIGURE = {"figures": {"mine": [RUN]}}


@pytest.mark.parametrize(
    ("name", "text", "changes", "words"),
    [
        ("figures/mine.py", "def draw(data): ...", FIGURE, "it should assign METRICS"),
        ("figures/mine.py", "METRICS = ()", FIGURE, "it should define draw"),
        ("figures/mine.py", "METRICS = ('acuracy',)", FIGURE, "METRICS: 'acuracy' is unknown; the"),
        ("figures/mine.py", "METRICS = ('accuracy')", FIGURE, "as in ('accuracy',)"),
        ("claims/mine.py", "ID = 'B1'", {}, "define SECTION, TEXT, METRICS, CLAIM, judge"),
        ("figures/mine.py", "METRICS = (1 / 2,)", FIGURE, "METRICS should be a literal"),
        ("metrics/mine.py", "Options = 7", {"metrics": {"mine": {}}}, "Options should be a class"),
        ("datasets/mine.py", "", {"datasets": {"letters": {"kind": "mine"}}}, "define Options"),
    ],
)
def test_a_used_part_that_is_broken_is_one_sentence(folder, name, text, changes, words):
    sentence = refusal(with_part(folder, name, text, **changes))
    assert sentence.startswith(f"{folder / name}: ") and words in sentence
    assert "\n" not in sentence


def test_a_helper_that_a_used_part_imports_counts(folder):
    raw = with_part(folder, "figures/mine.py", "from . import _help\nMETRICS = ()\ndraw = None\n")
    (folder / "figures/_help.py").write_text("def (:")
    config.load(raw)
    assert f"{folder}/figures/_help.py, line 1: " in refusal(raw | FIGURE)


def test_a_claim_of_a_short_name_that_exists_is_refused(folder):
    text = plugins.path("claims", "c04").read_text()
    sentence = refusal(with_part(folder, "claims/mine.py", text))
    assert sentence == f"{folder}/claims/mine.py: claims/c04.py has the ID C4, too; change it."


def test_a_validator_that_fails_is_one_sentence_where_it_is_used(folder):
    text = """
from pydantic import model_validator
from ..ground import options
class Options(options.Options):
    @model_validator(mode="after")
    def _check(self):
        return 1 / 0
"""
    raw = with_part(folder, "metrics/mine.py", text)
    config.load(raw)
    sentence = refusal(raw | {"metrics": {"mine": {}}})
    assert f"{folder}/metrics/mine.py cannot be used (ZeroDivisionError" in sentence


# --- the engine


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"precision": "tf32"}, r"precision: tf32 is for GPUs; set device: cuda or auto"),
        ({"tasks_at_once": 2}, r"tasks_at_once: only the engine vectorized"),
        ({"tasks_at_once": 2, "engine": "reference", "device": "cuda"}, r"tasks_at_once: only"),
    ],
)
def test_settings_of_an_engine_that_does_not_compute_are_refused(changes, words):
    with pytest.raises(UserError, match=words):
        config.load(VALID | changes)


@pytest.mark.parametrize(
    "changes",
    [
        {"precision": "tf32", "device": "auto"},
        {"tasks_at_once": 2, "engine": "vectorized"},
        {"tasks_at_once": 2, "device": "cuda"},
    ],
)
def test_settings_of_the_engine_that_computes_are_taken(changes):
    assert config.load(VALID | changes).model_dump().items() >= changes.items()
