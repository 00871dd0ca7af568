import numpy as np
import pytest
import torch

from helpers import image_dataset, image_run
from metalandscape.ground.errors import UserError
from metalandscape.tasks import episodes as tasks
from metalandscape.tasks import lists as tasklists


def fixed(tmp_path, dataset, count, seed=0, split="test"):
    run = image_run()
    tasklists.save(tmp_path / "list", dataset, run.shape(), seed, {split: count})
    return list(tasks.read_fixed(tmp_path / "list", dataset, run, split))


def same(a, b):
    return all(torch.equal(x, y) for x, y in zip(a, b, strict=True))


def test_a_shorter_list_is_the_beginning_of_a_longer_one(tmp_path):
    short, long = (fixed(tmp_path, image_dataset(), n) for n in (2, 5))
    assert len(long) == 5 and all(same(a, b) for a, b in zip(short, long[:2], strict=True))


def test_seeds_and_splits_give_other_tasks(tmp_path):
    data = image_dataset()
    a, b = fixed(tmp_path, data, 1)[0], fixed(tmp_path, data, 1, seed=1)[0]
    assert not same(a, b)


def test_tasks_have_their_shapes_labels_and_scale(tmp_path):
    (task,) = fixed(tmp_path, image_dataset(), 1)
    assert task.support_x.shape == (6, 1, 12, 12) and task.target_x.shape == (9, 1, 12, 12)
    assert task.support_y.tolist() == [0, 0, 1, 1, 2, 2]
    assert task.support_x.dtype == torch.float32 and 0.5 < task.target_x.max() <= 1


@pytest.mark.parametrize("split", ["train", "test"])
def test_images_come_from_distinct_classes_of_the_split_and_never_repeat(split):
    data = image_dataset(rotations=True)
    rows = data.sample(np.random.default_rng(0), split, 50, 3, 2, 3)
    for images, turns in zip(rows["images"], rows["turns"], strict=True):
        owners = np.searchsorted(data.first, images, side="right") - 1
        assert (owners == owners[:, :1]).all()
        assert {data.splits[c] for c in owners[:, 0]} == {split}
        assert len({*zip(owners[:, 0], turns, strict=True)}) == 3
        assert len(np.unique(images[0])) == 5
    assert (rows["turns"] > 0).any() == (split == "train")


def test_rotated_classes_show_rotated_images():
    data = image_dataset(rotations=True)
    np.testing.assert_array_equal(
        data.images(np.array([4]), 1)[0, 0], np.rot90(data.images(np.array([4]))[0, 0])
    )


def test_meta_training_tasks_follow_seed_and_iteration():
    data, run = image_dataset(), image_run()
    first = tasks.sample(data, run, 0, 0)
    assert len(first) == run.batch_size
    assert same(first[0], tasks.sample(data, run, 0, 0)[0])
    assert not same(first[0], tasks.sample(data, run, 0, 1)[0])
    assert not same(first[0], tasks.sample(data, run, 1, 0)[0])


@pytest.mark.parametrize(("way", "shot", "key"), [(6, 1, "way"), (2, 7, "shot")])
def test_impossible_tasks_are_refused_by_name(way, shot, key):
    with pytest.raises(UserError, match=f"^{key}"):
        image_dataset().sample(np.random.default_rng(0), "train", 1, way, shot, 3)


def test_sine_tasks_lie_on_their_sine_in_disjoint_ranges():
    from metalandscape.datasets.sine import Options, prepare

    data = prepare(Options(kind="sine"), None, None)
    ranges = {}
    for split in ("train", "test"):
        rows = data.sample(np.random.default_rng(0), split, 40, 1, 4, 6)
        one = {name: values[0] for name, values in rows.items()}
        x, y, tx, _ = data.materialise(one, 4)
        np.testing.assert_allclose(y, one["amplitude"] * np.sin(x + one["phase"]), atol=1e-5)
        assert x.shape == (4, 1) and tx.shape == (6, 1) and np.abs(tx).max() <= 5
        ranges[split] = rows["amplitude"].min(), rows["amplitude"].max()
    assert ranges["train"][1] < ranges["test"][0]
