import json

import pytest
from pydantic import ValidationError

from configurations import VALID
from helpers import image_run
from metalandscape.ground.options import Part
from metalandscape.settings import config
from metalandscape.settings.run import Clip, Cosine, Run

HOW_FAR = {"epochs", "epochs_per_job", "seeds"}


def test_settings_are_everything_but_how_far_and_how_often_without_nulls():
    run = image_run(test={"inner_steps": 3})
    settings = json.loads(run.settings())
    nulls = {"regularizer", "clip_gradient", "initial_weights"}
    assert set(Run.model_fields) - set(settings) == HOW_FAR | nulls
    assert settings["test"] == {"inner_steps": 3}


def test_training_settings_are_settings_without_meta_test():
    run, other = image_run(), image_run(test={"inner_steps": 3, "shot": 1})
    assert run.training_settings() == other.training_settings()
    assert run.settings() != other.settings()
    full = json.loads(run.settings())
    assert json.loads(run.training_settings()) == {k: v for k, v in full.items() if k != "test"}


@pytest.mark.parametrize(
    "change",
    [
        {"inner_rate": 0.2},
        {"network": {"kind": "conv", "filters": 5}},
        {"algorithm": "first_order_maml"},
        {"optimizer": {"name": "adam", "beta1": 0.5}},
        {"schedule": {"name": "cosine", "epochs": 3}},
        {"clip_gradient": {"norm": 1.0}},
        {"regularizer": "trajectory_angle"},
        {"initial_weights": "w.safetensors"},
    ],
)
def test_training_settings_follow_what_training_does(change):
    assert image_run(**change).training_settings() != image_run().training_settings()


@pytest.mark.parametrize("key", sorted(HOW_FAR))
def test_training_further_or_adding_a_seed_changes_no_settings(key):
    change = {"epochs": 9, "epochs_per_job": 9, "seeds": [5, 6]}
    assert image_run(**{key: change[key]}).settings() == image_run().settings()


def test_a_run_is_restored_from_its_settings():
    for run in config.load(VALID).runs.values():
        assert Run.model_validate_json(run.settings()) == run


def test_at_test_has_the_keys_of_test_and_otherwise_those_of_training():
    run = image_run(test={"inner_steps": 7, "shot": 1, "dataset": "others"})
    judged = run.at_test()
    changed = {"inner_steps": 7, "shot": 1, "dataset": "others", "test": judged.test}
    assert judged == run.model_copy(update=changed)
    assert judged.test.given() == {} and judged.at_test() == judged
    assert image_run().at_test() == image_run()


def test_shape_is_what_a_task_consists_of():
    assert image_run().shape() == {"way": 3, "shot": 2, "targets": 3}
    assert image_run(way=None).shape()["way"] == 1


@pytest.mark.parametrize(
    ("epochs", "step", "blocks"),
    [
        (3, 1, [(1, 1), (2, 2), (3, 3)]),
        (4, 2, [(1, 2), (3, 4)]),
        (5, 2, [(1, 2), (3, 4), (5, 5)]),
        (2, 9, [(1, 2)]),
        (0, 2, [(0, 0)]),
    ],
)
def test_blocks_cover_all_epochs(epochs, step, blocks):
    assert image_run(epochs=epochs, epochs_per_job=step).blocks() == blocks


@pytest.mark.parametrize("given", [{}, {"value": 1.0, "norm": 1.0}])
def test_clipping_is_by_value_or_by_norm(given):
    with pytest.raises(ValidationError, match="one of value and norm"):
        Clip(**given)


def test_a_schedule_is_told_by_its_name():
    assert image_run(schedule={"name": "cosine", "epochs": 3}).schedule == Cosine(
        name="cosine", epochs=3
    )


def test_parts_come_with_all_of_their_options():
    run = image_run()
    assert run.network.options.keys() >= {"filters", "modules", "downsampling", "output"}
    assert run.optimizer == Part(
        name="adam", options={"beta1": 0.9, "beta2": 0.999, "epsilon": 1e-8}
    )
