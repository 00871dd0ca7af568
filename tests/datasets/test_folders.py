"""Classes are what the folders say: whole archives through `image_folder.prepare`."""

import io
import json
import logging
import unicodedata
import zipfile

import numpy as np
import pytest
from PIL import Image

from metalandscape.datasets import image_folder, open_dataset
from metalandscape.ground.errors import UserError


def png(pixels):
    buffer = io.BytesIO()
    Image.fromarray(pixels).save(buffer, "PNG")
    return buffer.getvalue()


def noise(*words):
    seed = list("/".join(map(str, words)).encode())
    return png(np.random.default_rng(seed).integers(0, 256, (8, 8, 3), np.uint8))


def images(*classes, each=3):
    return {f"{name}/{i}.png": noise(name, i) for name in classes for i in range(each)}


def prepared(folder, files, split=None, **changes):
    for name, data in files.items():
        (folder / "x" / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / "x" / name).write_bytes(data)
    options = {"kind": "image_folder", "archive": "x", "image_size": 8}
    split = split or {"train": 2, "test": 2}
    options = image_folder.Options.model_validate(options | {"split": split} | changes)
    return image_folder.prepare(options, folder, folder / "record")


def sizes(dataset):
    return dict(zip(dataset.names, np.diff(dataset.first).tolist(), strict=True))


def splits(dataset):
    return dict(zip(dataset.names, dataset.splits, strict=True))


# --- a class is its path


def test_characters_of_two_alphabets_are_two_classes(tmp_path):
    files = images(*(f"data/{a}/character{i:02}" for a in ("Alpha", "Beta") for i in (1, 2)))
    names = [f"{a}/character{i:02}" for a in ("Alpha", "Beta") for i in (1, 2)]
    assert sizes(prepared(tmp_path, files)) == dict.fromkeys(names, 3)


def test_folders_around_all_classes_are_no_part_of_their_names(tmp_path):
    files = images("very/deep/ant", "very/deep/bee", "very/deep/cat", "very/deep/dog")
    assert sorted(prepared(tmp_path, files).names) == ["ant", "bee", "cat", "dog"]


def test_images_beside_and_inside_sub_folders_do_not_hide_each_other(tmp_path, caplog):
    caplog.set_level(logging.INFO)
    files = images("ant", "ant/young", "bee", "cat")
    assert sizes(prepared(tmp_path, files)) == {"ant": 3, "ant/young": 3, "bee": 3, "cat": 3}
    assert "classes in the folder of another class (1): ant/young in ant" in caplog.text


def test_a_single_class_keeps_its_name(tmp_path):
    split = {"train": 1, "test": []}
    with pytest.raises(ValueError, match="numbers only"):
        prepared(tmp_path, {}, split)
    assert prepared(tmp_path, images("ant"), {"train": 1, "test": 0}).names == ["ant"]


def test_linked_classes_are_followed(tmp_path):
    expected = prepared(tmp_path / "real", images("ant", "bee", "cat", "dog")).digest
    (tmp_path / "linked" / "x").mkdir(parents=True)
    for folder in sorted((tmp_path / "real" / "x").iterdir()):
        (tmp_path / "linked" / "x" / folder.name).symlink_to(folder)
    assert prepared(tmp_path / "linked", {}).digest == expected


def test_names_mean_the_end_of_a_path(tmp_path):
    files = images("Alpha/c1", "Alpha/c2", "Beta/c2", "Beta/c3")
    split = {"train": ["c1", "Beta/c2"], "test": ["x/Beta/c3", "Alpha/c2"]}
    with pytest.raises(UserError, match="no images of class 'x/Beta/c3'"):
        prepared(tmp_path, files, split)
    split["test"] = ["c3", "Alpha/c2"]
    assert splits(prepared(tmp_path, {}, split)) == {
        "Alpha/c1": "train",
        "Beta/c2": "train",
        "Beta/c3": "test",
        "Alpha/c2": "test",
    }


def test_a_name_with_two_meanings_is_refused(tmp_path):
    files = images("Alpha/c1", "Alpha/c2", "Beta/c2")
    with pytest.raises(UserError, match="'c2' of split may be 'Alpha/c2' or 'Beta/c2'; write more"):
        prepared(tmp_path, files, {"train": ["c1"], "test": ["c2"]})
    with pytest.raises(UserError, match="names the class 'Alpha/c1' twice"):
        prepared(tmp_path, {}, {"train": ["c1"], "test": ["Alpha/c1"]})


@pytest.mark.parametrize("forms", [("NFD", "NFC"), ("NFC", "NFD")])
def test_names_are_the_same_in_every_unicode_form(tmp_path, forms):
    stored, written = (unicodedata.normalize(form, "caf\u00e9") for form in forms)
    data = prepared(tmp_path, images(stored, "tea"), {"train": [written], "test": ["tea"]})
    assert data.names == [unicodedata.normalize("NFC", "caf\u00e9"), "tea"]


# --- train, val and test folders

PARTED = images("train/ant", "train/bee", "val/cat", "test/dog")


@pytest.mark.parametrize("above", ["", "data/"])
@pytest.mark.parametrize(
    "words",
    [
        ("train", "val", "test"),
        ("Training", "validation", "testing"),
        ("meta-train",),
        ("Training Set", "dev", "eval"),
    ],
)
def test_folders_can_be_the_split(tmp_path, above, words):
    renamed = dict(zip(("train", "val", "test"), (*words, "valid", "meta_test"), strict=False))
    files = {
        f"{above}{renamed[name.split('/')[0]]}/{name.split('/', 1)[1]}": data
        for name, data in PARTED.items()
    }
    data = prepared(tmp_path, files, "folders")
    expected = {"ant": "train", "bee": "train", "cat": "val", "dog": "test"}
    assert {name.split("/")[-1]: s for name, s in splits(data).items()} == expected


def test_the_split_of_folders_survives_as_text():
    options = {"kind": "image_folder", "archive": "x", "image_size": 8, "split": "folders"}
    options = image_folder.Options.model_validate(options)
    assert json.loads(options.model_dump_json())["split"] == "folders"
    assert image_folder.Options.model_validate_json(options.model_dump_json()) == options
    assert [options.classes(split) for split in ("train", "val", "test")] == [None] * 3
    assert options.largest_way("train") is None


def test_numbers_over_folders_that_are_a_split_are_refused(tmp_path):
    with pytest.raises(UserError, match="the folders test and train and val are a split already"):
        prepared(tmp_path, PARTED, {"train": 2, "test": 2})
    names = {"train": ["ant", "dog"], "test": ["cat"]}  # named classes are the user's own decision
    assert len(prepared(tmp_path, {}, names).names) == 3


def test_classes_named_as_a_split_are_classes(tmp_path):
    assert len(prepared(tmp_path, images("train", "test", "bus", "tram")).names) == 4


@pytest.mark.parametrize(
    ("files", "message"),
    [
        (images("ant", "bee"), "no folders train and test"),
        (images("train/ant", "val/bee"), "no folders train and test"),
        (PARTED | images("extra/eel"), "class 'extra/eel' lies in none of the folders"),
        (PARTED | images("test/ant"), "class 'ant' lies in 2 of the folders train"),
    ],
)
def test_folders_that_are_no_split_are_refused(tmp_path, files, message):
    with pytest.raises(UserError, match=message):
        prepared(tmp_path, files, "folders")


# --- what is no image, and what lies in no class

FOUR = images("ant", "bee", "cat", "dog")


def test_what_is_no_image_is_passed_over_and_counted_in_one_line(tmp_path, caplog):
    caplog.set_level(logging.INFO)
    expected = prepared(tmp_path / "clean", FOUR).digest
    caplog.clear()
    junk = {
        "ant/Thumbs.db": b"\xd0\xcf\x11\xe0",
        "bee/desktop.ini": b"[.ShellClassInfo]",
        "cat/labels.txt": b"0 cat",
        "README": b"BMW and II",
        ".DS_Store": b"Bud1",
        "dog/.ipynb_checkpoints/0-checkpoint.png": noise("hidden"),
        "logo.png": noise("logo"),
    }
    assert prepared(tmp_path / "x", FOUR | junk).digest == expected
    lines = [r.getMessage() for r in caplog.records if "passed over" in r.getMessage()]
    assert len(lines) == 1
    assert "passed over 6 files (hidden or no images) and 1 images (in no class" in lines[0]


def test_an_image_without_a_suffix_is_one(tmp_path):
    data = prepared(tmp_path, FOUR | {"ant/n01_3": noise("more"), "bee/4.JPEG": noise("more")})
    assert sizes(data) == {"ant": 4, "bee": 4, "cat": 3, "dog": 3}


@pytest.mark.parametrize("content", [b"", b"hello", noise("cut")[:60]])
def test_a_damaged_image_is_named(tmp_path, content):
    with pytest.raises(UserError, match=r"x: cat/9\.png is not an image that can be read"):
        prepared(tmp_path, FOUR | {"cat/9.png": content})


def test_images_without_folders_are_refused(tmp_path):
    with pytest.raises(UserError, match="no folders of images; put each class into a folder"):
        prepared(tmp_path, {f"{i}.png": noise(i) for i in range(3)})


# --- how many and how different


def test_small_classes_are_listed_and_left_out_on_demand(tmp_path, caplog):
    caplog.set_level(logging.INFO)
    files = images("ant", "bee", "cat", each=16) | images("dog", each=4) | images("eel", each=2)
    prepared(tmp_path, files, {"train": ["ant", "dog"], "test": ["bee", "eel"]})
    assert "classes with fewer than 16 images" in caplog.text
    assert "(2): dog (4), eel (2)" in caplog.text
    data = prepared(tmp_path, {}, {"train": 2, "test": 1}, minimum_images=5)
    assert sorted(data.names) == ["ant", "bee", "cat"]
    assert "left out, for having fewer than 5 images (2): dog (4), eel (2)" in caplog.text
    named = {"train": ["ant", "dog"], "test": ["bee", "eel"]}
    assert splits(prepared(tmp_path, {}, named, minimum_images=3)) == {
        "ant": "train",
        "dog": "train",
        "bee": "test",
    }
    with pytest.raises(UserError, match="no class of test has 3 images; lower minimum_images"):
        prepared(tmp_path, {}, {"train": ["ant"], "test": ["eel"]}, minimum_images=3)
    with pytest.raises(UserError, match="4 classes asked of an archive with 3"):
        prepared(tmp_path, {}, {"train": 2, "test": 2}, minimum_images=5)


def test_classes_without_a_difference_are_refused(tmp_path):
    same = {f"cat/{i}.png": noise("same") for i in range(3)}
    with pytest.raises(UserError, match=r"images of class 'cat' are all alike \(1 such classes\)"):
        prepared(tmp_path, FOUR | same)
    black = {name: png(np.zeros((9, 9), np.uint8)) for name in FOUR}
    with pytest.raises(UserError, match="x: all images are alike; check what they show"):
        prepared(tmp_path, black)


def test_strokes_on_nothing_need_the_right_ground(tmp_path):
    strokes = np.zeros((8, 8, 4), np.uint8)
    files = {}
    for name in FOUR:
        drawn = strokes.copy()
        drawn[:, int(name[-5])] = (0, 0, 0, 255)
        drawn[ord(name[0]) % 8, :] = (0, 0, 0, 255)
        files[name] = png(drawn)
    with pytest.raises(UserError, match="all images are alike"):
        prepared(tmp_path, files, ground="black")
    data = prepared(tmp_path, files, ground="white")
    assert set(np.unique(data.pixels)) == {0, 255}
    assert data.preprocessing == {
        "image_size": 8,
        "channels": 3,
        "ground": "white",
        "inverted": False,
    }
    data.save(tmp_path / "p.safetensors")
    assert open_dataset(tmp_path / "p.safetensors").preprocessing == data.preprocessing


def test_a_folder_and_its_backslash_zip_make_the_same_dataset(tmp_path):
    expected = prepared(tmp_path, FOUR).digest
    with zipfile.ZipFile(tmp_path / "w.zip", "w") as archive:
        for name, data in FOUR.items():
            archive.writestr("data\\" + name.replace("/", "\\"), data)
    assert prepared(tmp_path, {}, archive="w.zip").digest == expected
