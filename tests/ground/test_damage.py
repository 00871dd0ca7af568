"""Damaged content of files that this project wrote: what each kind of file is refused for."""

import json
from types import NoneType

import numpy as np
import pytest

from helpers import image_dataset, image_run, origin, sine_dataset
from metalandscape import algorithms
from metalandscape.datasets import open_dataset
from metalandscape.ground import files
from metalandscape.ground.damage import item, refused
from metalandscape.ground.errors import UserError
from metalandscape.tasks import lists
from metalandscape.tasks.episodes import Tasks
from metalandscape.tasks.task import Spec
from metalandscape.training import blocks
from metalandscape.training.artifacts import load_checkpoint

SHAPE = {"way": 2, "shot": 1, "targets": 1}


@pytest.mark.parametrize("error", [IndexError("out"), TypeError("a\nb"), RuntimeError("shape")])
def test_what_damage_raises_is_one_sentence(error):
    with pytest.raises(UserError) as caught, refused("a/f"):
        raise error
    text = str(caught.value)
    assert text.startswith("a/f is damaged (") and text.endswith(
        "); remove it, and it is made anew."
    )
    assert type(error).__name__ in text and "\n" not in text


@pytest.mark.parametrize("error", [UserError("other"), OSError("disk"), KeyboardInterrupt()])
def test_other_errors_pass(error):
    with pytest.raises(type(error)) as caught, refused("a/f"):
        raise error
    assert caught.value is error


def test_errors_of_a_part_outside_pass(monkeypatch):
    monkeypatch.setattr("metalandscape.ground.plugins.blamed", lambda error: "its own sentence")
    with pytest.raises(IndexError), refused("a/f"):
        raise IndexError


def test_an_item_has_one_of_the_types():
    assert item({"a": None}, "a", int, NoneType) is None
    for value in (True, 1.0, "1"):
        with pytest.raises(TypeError):
            item({"a": value}, "a", int)
    with pytest.raises(LookupError):
        item({}, "a", int)


# --- files of each kind


def built():
    spec = Spec.of(image_dataset())
    return algorithms.create(algorithms.Setup(image_run(), spec, 0))


def state(path):
    blocks.start(built()).save(path, origin())


def checkpoint(path):
    blocks.train(built(), image_dataset(), blocks.start(built()), {0: path}, origin())


def task_list(path):
    lists.save(path, {"test": lists.Wanted(image_dataset(), SHAPE, 3)}, "images", 0, "accuracy")


def use_tasks(path):
    lists.check(path, "images", 0, "accuracy")
    data = dict.fromkeys(("train", "val", "test"), image_dataset())
    list(Tasks.listed(path, data, {"test": 1}, 0).of("test"))


KINDS = {
    "state": (state, lambda path: blocks.go_on(built(), path, origin(), 0)),
    "checkpoint": (checkpoint, lambda path: load_checkpoint(path, built(), origin())),
    "tasks": (task_list, use_tasks),
    "images": (lambda path: image_dataset().save(path), open_dataset),
    "sines": (lambda path: sine_dataset().save(path), open_dataset),
}


def arrays(**changed):
    return lambda tensors, metadata: tensors.update(changed)


def about(**changed):
    return lambda tensors, metadata: metadata.update(changed)


def without(key):
    return lambda tensors, metadata: (tensors.pop(key, None), metadata.pop(key, None))


DAMAGES = {
    "state": [
        *(about(epoch="1"), about(epoch=None), about(epoch=7), about(collapsed=1)),
        *(about(diverged="x"), about(best="x"), about(error=None), without("error")),
        *(without("theta"), arrays(theta=np.zeros(3, np.float32))),
        arrays(theta=np.zeros((2, 2, 2), np.uint8)),
    ],
    "checkpoint": [about(epoch=[]), about(collapsed=None), about(diverged=1.5), without("epoch")],
    "tasks": [
        *(about(counts=None), about(counts={"test": "3"}), about(counts={"test": 9})),
        *(arrays(**{"test.images": np.full((3, 2, 2), 10**9)}), without("test.images")),
        arrays(**{"test.images": np.zeros((3, 2, 2), np.float32)}),
    ],
    "images": [
        *(about(names=["a"]), about(names=5), about(splits=[1] * 9), about(rotations="no")),
        *(about(digest=None), without("digest"), about(more=1), without("pixels")),
        *(arrays(first=np.arange(3)), arrays(first=np.zeros(10, np.int64))),
        arrays(pixels=np.zeros((72, 12, 12, 1))),
    ],
    "sines": [about(frequency="x"), about(frequency=2.0), about(domain=[1]), without("domain")],
}
CASES = [(kind, number) for kind, each in DAMAGES.items() for number in range(len(each))]


@pytest.mark.parametrize(("kind", "number"), CASES)
def test_a_file_with_damaged_content_is_refused_by_name(tmp_path, unchecked, kind, number):
    (write, use), path = KINDS[kind], tmp_path / "f"
    write(path)
    use(path)
    tensors, metadata = files.read_arrays(path)
    tensors = {name: np.array(tensor) for name, tensor in tensors.items()}
    DAMAGES[kind][number](tensors, metadata)
    files.write_arrays(path, tensors, **json.loads(json.dumps(metadata)))
    with pytest.raises(
        UserError, match=rf"^{path} .*; remove it, and it is made anew\.$"
    ) as caught:
        use(path)
    assert "\n" not in str(caught.value)
