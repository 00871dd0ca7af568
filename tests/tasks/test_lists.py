"""Fixed task lists: which tasks they hold, and to whom they belong."""

import numpy as np
import pytest

from helpers import image_dataset, image_run, sine_dataset
from metalandscape.ground.errors import UserError
from metalandscape.tasks import lists

SHAPE = image_run().shape()


def save(path, dataset=None, shape=SHAPE, seed=0, **counts):
    dataset = dataset or image_dataset()
    wanted = {split: lists.Wanted(dataset, shape, count) for split, count in counts.items()}
    lists.save(path, wanted, "images", seed, "accuracy")
    return {split: list(lists.read(path, split)) for split in ("train", "val", "test")}


def same(a, b):
    return a.keys() == b.keys() and all(np.array_equal(a[key], b[key]) for key in a)


def test_a_shorter_list_is_the_beginning_of_a_longer_one(tmp_path):
    short, long = (save(tmp_path / str(n), test=n)["test"] for n in (2, 5))
    assert len(long) == 5 and all(map(same, short, long))


def test_a_split_has_the_same_tasks_whatever_the_others_have(tmp_path):
    alone, beside = save(tmp_path / "a", test=3), save(tmp_path / "b", train=2, test=3)
    assert all(map(same, alone["test"], beside["test"]))
    assert (len(beside["train"]), len(alone["train"]), len(beside["val"])) == (2, 0, 0)


def test_seeds_have_tasks_of_their_own(tmp_path):
    a, b = (save(tmp_path / str(seed), seed=seed, test=1)["test"][0] for seed in (0, 1))
    assert not same(a, b)


def test_splits_may_come_from_different_datasets_and_shapes(tmp_path):
    wanted = {
        "train": lists.Wanted(image_dataset(), SHAPE, 2),
        "test": lists.Wanted(image_dataset(instances=4), SHAPE | {"shot": 1}, 2),
    }
    lists.save(tmp_path / "list", wanted, "images", 0, "accuracy")
    assert next(lists.read(tmp_path / "list", "train"))["images"].shape == (3, 5)
    assert next(lists.read(tmp_path / "list", "test"))["images"].shape == (3, 4)


def test_the_same_list_is_the_same_bytes(tmp_path):
    for name in "ab":
        save(tmp_path / name, sine_dataset(), SHAPE | {"way": 1}, train=2, test=3)
    assert (tmp_path / "a").read_bytes() == (tmp_path / "b").read_bytes()


def test_no_tasks_are_a_list_too(tmp_path):
    assert save(tmp_path / "list", test=0) == {"train": [], "val": [], "test": []}


def test_a_list_is_accepted_by_the_run_that_it_belongs_to(tmp_path):
    save(tmp_path / "list", test=1)
    lists.check(tmp_path / "list", "images", 0, "accuracy")


@pytest.mark.parametrize(
    ("other", "words"),
    [
        (("letters", 0, "accuracy"), "belongs to run images, but is used for run letters"),
        (("images", 1, "accuracy"), "belongs to seed 0, but is used for seed 1"),
        (("images", 0, "hessian"), "belongs to metric accuracy, but is used for metric hessian"),
    ],
)
def test_a_list_of_another_run_seed_or_metric_is_refused(tmp_path, other, words):
    save(tmp_path / "list", test=1)
    with pytest.raises(UserError, match=words) as caught:
        lists.check(tmp_path / "list", *other)
    assert str(tmp_path / "list") in str(caught.value)


def test_a_file_that_is_no_list_is_refused(tmp_path):
    image_dataset().save(tmp_path / "data")
    with pytest.raises(UserError, match="kind image_folder, but is used for kind task list"):
        lists.check(tmp_path / "data", "images", 0, "accuracy")


# --- what a list of images holds


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


@pytest.mark.parametrize(("way", "shot", "key"), [(6, 1, "way"), (2, 7, "shot")])
def test_impossible_tasks_are_refused_by_name(way, shot, key):
    with pytest.raises(UserError, match=f"^{key}"):
        image_dataset().sample(np.random.default_rng(0), "train", 1, way, shot, 3)


# --- what a list of sine functions holds


def test_sine_tasks_lie_on_their_sine_in_disjoint_ranges():
    ranges = {}
    for split in ("train", "test"):
        rows = sine_dataset().sample(np.random.default_rng(0), split, 40, 1, 4, 6)
        one = {name: values[0] for name, values in rows.items()}
        x, y, tx, _ = sine_dataset().materialise(one, 4)
        np.testing.assert_allclose(y, one["amplitude"] * np.sin(x + one["phase"]), atol=1e-5)
        assert x.shape == (4, 1) and tx.shape == (6, 1) and np.abs(tx).max() <= 5
        ranges[split] = rows["amplitude"].min(), rows["amplitude"].max()
    assert ranges["train"][1] < ranges["test"][0]


def test_counts_are_those_by_split(tmp_path):
    path = tmp_path / "tasks"
    shape = {"way": 2, "shot": 1, "targets": 1}
    wanted = {s: lists.Wanted(image_dataset(), shape, n) for s, n in (("test", 4), ("train", 3))}
    lists.save(path, wanted, "images", 0, "accuracy")
    assert lists.counts(path) == {"test": 4, "train": 3}
