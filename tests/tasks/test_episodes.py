"""Tasks as tensors, of a list and fresh ones."""

import numpy as np
import torch

from helpers import conv_tasks, image_dataset, image_run, sine_dataset, sine_run
from metalandscape.tasks import episodes, lists
from metalandscape.tasks.episodes import Tasks


def same(a, b):
    return all(torch.equal(x, y) for x, y in zip(a, b, strict=True))


def listed(path, dataset, run, **counts):
    wanted = {split: lists.Wanted(dataset, run.shape(), n) for split, n in counts.items()}
    lists.save(path, wanted, "images", 0, "accuracy")
    splits = ("train", "val", "test")
    return Tasks.listed(
        path, dict.fromkeys(splits, dataset), dict.fromkeys(splits, run.shot), seed=7
    )


def test_tasks_have_their_shapes_labels_and_scale(tmp_path):
    (task,) = listed(tmp_path / "list", image_dataset(), image_run(), test=1).of("test")
    assert task.support_x.shape == (6, 1, 12, 12) and task.target_x.shape == (9, 1, 12, 12)
    assert task.support_y.tolist() == [0, 0, 1, 1, 2, 2]
    assert task.support_x.dtype == torch.float32 and 0.5 < task.target_x.max() <= 1


def test_listed_tasks_are_those_of_the_list_at_every_call(tmp_path):
    data = image_dataset()
    tasks = listed(tmp_path / "list", data, image_run(), test=3, train=2)
    first, again = list(tasks.of("test")), list(tasks.of("test"))
    assert len(first) == 3 and all(map(same, first, again))
    for task, row in zip(first, lists.read(tmp_path / "list", "test"), strict=True):
        np.testing.assert_array_equal(task.support_x, data.materialise(row, 2)[0])
    assert len(list(tasks.of("train"))) == 2 and not list(tasks.of("val"))
    assert (tasks.seed, tasks.dataset) == (7, data)


def test_every_split_has_its_own_dataset_and_shot(tmp_path):
    trained, judged = image_dataset(), image_dataset(shape=(12, 12, 3))
    wanted = {
        "train": lists.Wanted(trained, {"way": 3, "shot": 2, "targets": 3}, 1),
        "test": lists.Wanted(judged, {"way": 2, "shot": 1, "targets": 3}, 1),
    }
    lists.save(tmp_path / "list", wanted, "images", 0, "accuracy")
    tasks = Tasks.listed(
        tmp_path / "list", {"train": trained, "test": judged}, {"train": 2, "test": 1}, 0
    )
    assert next(iter(tasks.of("train"))).support_x.shape == (6, 1, 12, 12)
    assert next(iter(tasks.of("test"))).support_x.shape == (2, 3, 12, 12)


def test_given_tasks_are_those_of_one_split():
    given = conv_tasks(2)
    tasks = Tasks.given(given, "val", seed=3)
    assert tasks.of("val") is given and not tasks.of("test")
    assert (tasks.seed, tasks.dataset) == (3, None)


def test_rotated_classes_show_rotated_images():
    data = image_dataset(rotations=True)
    np.testing.assert_array_equal(
        data.images(np.array([4]), 1)[0, 0], np.rot90(data.images(np.array([4]))[0, 0])
    )


def test_meta_training_tasks_follow_seed_and_iteration():
    data, run = image_dataset(), image_run()
    first = episodes.sample(data, run, 0, 0)
    assert len(first) == run.batch_size
    assert same(first[0], episodes.sample(data, run, 0, 0)[0])
    assert not same(first[0], episodes.sample(data, run, 0, 1)[0])
    assert not same(first[0], episodes.sample(data, run, 1, 0)[0])


def test_meta_training_never_shows_a_meta_test_class():
    data = image_dataset()
    seen = {x.numpy().tobytes() for i in range(20) for t in episodes.sample(data, image_run(), 0, i)
            for x in t.support_x}  # fmt: skip
    test = data.images(np.arange(data.first[data.classes("test")[0, 0]], len(data.pixels)))
    assert not seen & {image.tobytes() for image in test}


def test_regression_tasks_are_vectors():
    (task, _) = episodes.sample(sine_dataset(), sine_run(shot=4), 0, 0)
    assert [tuple(t.shape) for t in task] == [(4, 1), (4, 1), (3, 1), (3, 1)]
