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


def test_a_regularizer_has_nothing_to_compare_in_a_batch_of_one():
    text = refusal(with_run(regularizer="trajectory_angle", batch_size=1))
    assert text.startswith(f"config key runs.{RUN}.batch_size: trajectory_angle compares")
    assert config.load(with_run(regularizer="trajectory_angle", batch_size=2))


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


# --- the engine


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"precision": "tf32"}, r"precision: tf32 is for GPUs; set device: cuda or auto"),
        ({"tasks_at_once": 2}, r"tasks_at_once: only the engine vectorized"),
        ({"tasks_at_once": 2, "engine": "reference", "device": "cuda"}, r"tasks_at_once: only"),
        ({"threads": 2, "engine": "vectorized"}, r"threads: the engine vectorized computes all"),
        ({"threads": 2, "device": "cuda"}, r"threads: the engine vectorized"),
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
        {"threads": 2, "device": "auto"},
    ],
)
def test_settings_of_the_engine_that_computes_are_taken(changes):
    assert config.load(VALID | changes).model_dump().items() >= changes.items()
