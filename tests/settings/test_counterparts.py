from helpers import image_run
from metalandscape.settings import counterparts

ANGLE = {"name": "trajectory_angle", "gamma": 0.5}


def test_a_plain_counterpart_differs_in_the_regularizer_alone():
    runs = {
        "plain": image_run(),
        "angle": image_run(regularizer=ANGLE),
        "other gamma": image_run(regularizer=ANGLE | {"gamma": 0.1}, seeds=[4]),
        "other shot": image_run(regularizer=ANGLE, shot=1),
    }
    assert counterparts.plain(runs) == {"angle": "plain", "other gamma": "plain"}


def test_that_of_sharp_maml_is_maml_whatever_rho_is():
    sharp = image_run(algorithm={"name": "sharp_maml", "rho": 0.1})
    runs = {"first": image_run(algorithm="first_order_maml"), "maml": image_run(), "sharp": sharp}
    assert counterparts.plain(runs) == {"sharp": "maml"}


def test_the_run_at_home_is_trained_alike():
    away = image_run(test={"dataset": "other", "inner_steps": 7})
    runs = {
        "five": image_run(),
        "seven": image_run(test={"inner_steps": 7}),
        "away": away,
        "lonely": image_run(shot=1, test={"dataset": "other"}),
    }
    assert [counterparts.elsewhere(run) for run in runs.values()] == [False, False, True, True]
    assert [counterparts.home(name, runs) for name in runs] == ["five", "seven", "seven", None]
    assert runs["seven"].training_settings() == away.training_settings()


def test_a_test_dataset_that_is_the_own_one_is_not_elsewhere():
    run = image_run(test={"dataset": "images"})
    assert not counterparts.elsewhere(run) and counterparts.home("a", {"a": run}) == "a"
