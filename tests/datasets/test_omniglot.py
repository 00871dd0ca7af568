"""Omniglot: content digests, strokes, the split; the real archives if there are any."""

import hashlib

import numpy as np
import pytest
from PIL import Image
from pydantic import ValidationError

from metalandscape.datasets import _archives, _downloads, omniglot, open_dataset, preprocess
from metalandscape.ground.errors import UserError

OPTIONS = omniglot.Options(kind="omniglot")


def draw(path, column):
    """A drawing of one vertical stroke, black on white as upstream."""
    pixels = np.full((105, 105), True)
    pixels[:, column : column + 4] = False
    path.parent.mkdir(parents=True, exist_ok=True)
    Image.fromarray(pixels).save(path)


@pytest.fixture
def small(tmp_path, monkeypatch):
    """An Omniglot of three characters with two drawings each, unpacked."""
    digests = {}
    for name, alphabets in {"images_background": "AB", "images_evaluation": "C"}.items():
        hashes = {}
        for alphabet in alphabets:
            for i in (1, 2):
                member = f"{name}/{alphabet}/character01/{i:04d}_01.png"
                draw(tmp_path / member, 30 * i)
                hashes[member] = hashlib.sha256((tmp_path / member).read_bytes()).digest()
        digests[name] = ("0" * 32, _archives.content_digest(hashes))
    monkeypatch.setattr(omniglot, "PARTS", digests)
    monkeypatch.setattr(omniglot, "CHARACTERS", 3)
    return tmp_path


def test_options_know_their_classes():
    assert OPTIONS.archives() == ["images_background.zip", "images_evaluation.zip"]
    assert [OPTIONS.classes(split) for split in ("train", "val", "test")] == [4800, 0, 423]
    assert OPTIONS.model_copy(update={"rotations": False}).classes("train") == 1200
    assert OPTIONS.instances() == 20


def test_options_of_the_official_split():
    official = omniglot.Options(kind="omniglot", split="official")
    assert [official.classes(split) for split in ("train", "val", "test")] == [3856, 0, 659]
    assert official.largest_way("train") == 964
    with pytest.raises(ValidationError, match="train_classes belongs to split: finn"):
        omniglot.Options(kind="omniglot", split="official", train_classes=1000)


def test_the_official_split_is_that_of_the_archives(small):
    options = omniglot.Options(kind="omniglot", split="official")
    dataset = omniglot.prepare(options, small, small / "record")
    assert dict(zip(dataset.names, dataset.splits, strict=True)) == {
        "A/character01": "train",
        "B/character01": "train",
        "C/character01": "test",
    }


def test_own_drawings_are_prepared_like_omniglots(small):
    options = omniglot.Options(kind="omniglot", train_classes=2)
    dataset = omniglot.prepare(options, small, small / "record")
    files = [small / f"images_background/A/character01/{i:04d}_01.png" for i in (2, 1)]
    np.testing.assert_array_equal(preprocess(files, dataset.preprocessing), dataset.pixels[:2])


def test_strokes_are_bright_on_black(small):
    options = omniglot.Options(kind="omniglot", train_classes=2)
    dataset = omniglot.prepare(options, small, small / "record")
    assert dataset.names == ["A/character01", "B/character01", "C/character01"]
    assert sorted(dataset.splits) == ["test", "train", "train"]
    assert dataset.pixels.shape == (6, 28, 28, 1)
    # The drawings of a class are sorted by pixels: strokes at columns 60 and 30 of 105.
    assert dataset.pixels[0, :, 16:17].min() > 200 > 50 > dataset.pixels[0, :, :14].max()
    assert dataset.pixels[1, :, 8:9].min() > 200 > 50 > dataset.pixels[1, :, 12:].max()


def test_other_content_is_refused(small):
    draw(small / "images_evaluation/C/character01/0001_01.png", 5)
    with pytest.raises(
        UserError, match=r"images_evaluation: its content .* is not that of Omniglot"
    ):
        omniglot.prepare(omniglot.Options(kind="omniglot", train_classes=2), small, small / "r")


def test_missing_archive_is_named(tmp_path):
    with pytest.raises(UserError, match=r"images_background\.zip not found"):
        omniglot.prepare(OPTIONS, tmp_path, tmp_path / "record")


def test_download_asks_for_missing_archives_only(tmp_path, monkeypatch):
    (tmp_path / "images_background").mkdir()
    asked = []
    monkeypatch.setattr(_downloads, "fetch", lambda *arguments: asked.append(arguments))
    omniglot.download(OPTIONS, tmp_path)
    url = "https://github.com/brendenlake/omniglot/raw/master/python/images_evaluation.zip"
    md5 = "md5:6b91aef0f799c5bb55b94e3f2daec811"
    assert asked == [(url, md5, tmp_path, "images_evaluation.zip")]


def test_real_omniglot_is_whole_and_survives_the_prepared_file(archives, tmp_path):
    if any(_archives.find(archives, name) is None for name in OPTIONS.archives()):
        pytest.skip("no Omniglot in the folder of archives")
    dataset = omniglot.prepare(OPTIONS, archives, tmp_path / "record")  # checks content digests
    dataset.save(tmp_path / "omniglot.safetensors")
    reopened = open_dataset(tmp_path / "omniglot.safetensors")
    assert reopened.pixels.shape == (1623 * 20, 28, 28, 1)
    assert set(np.diff(reopened.first)) == {20}
    assert [len(reopened.classes(s)) for s in ("train", "val", "test")] == [4800, 0, 423]
    official = omniglot.Options(kind="omniglot", split="official")
    other = omniglot.prepare(official, archives, tmp_path / "record")
    assert [other.splits.count(s) for s in ("train", "test")] == [964, 659]
    assert other.names == dataset.names
    expected = "75a619811471d39e3f70cea7046385b15e22e8ec0683bbc1cbc564b5be60f801"
    assert reopened.digest == dataset.digest == expected
