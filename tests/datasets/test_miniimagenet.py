"""MiniImagenet: three forms, traps in pickles, the record of the first archive."""

import csv
import json
import os
import pickle
import shutil
import zipfile

import numpy as np
import pytest
from PIL import Image
from pydantic import ValidationError

from metalandscape.datasets import miniimagenet, open_dataset
from metalandscape.ground.errors import UserError

RAVI = json.loads(miniimagenet.RAVI.read_text())


@pytest.fixture(autouse=True)
def _two_images_a_class(monkeypatch):
    monkeypatch.setattr(miniimagenet, "IMAGES", 2)


def pixels_of(split):
    seed = list(RAVI).index(split)
    return np.random.default_rng(seed).integers(0, 256, (2 * len(RAVI[split]), 84, 84, 3), np.uint8)


def cache(split):
    """The content of a pickle in the form of Ren et al. (2018)."""
    index = {name: [2 * i, 2 * i + 1] for i, name in enumerate(RAVI[split])}
    return {"image_data": pixels_of(split), "class_dict": index}


def labelled(split):
    """The same images in the form of Gidaris & Komodakis (2018)."""
    names = {name: i for i, name in enumerate(RAVI[split])}
    labels = [i for i in names.values() for _ in range(2)]
    return {"data": pixels_of(split), "labels": labels, "catname2label": names}


def pickled(folder, form=cache, protocol=4, **other):
    folder.mkdir(parents=True, exist_ok=True)
    for split in RAVI:
        content = other[split] if split in other else form(split)
        path = folder / f"mini-imagenet-cache-{split}.pkl"
        path.write_bytes(pickle.dumps(content, protocol))
    return folder


def tabled(folder):
    (folder / "images").mkdir(parents=True)
    for split, names in RAVI.items():
        pixels = iter(pixels_of(split))
        rows = [(f"{name}{i:08d}.png", name) for name in names for i in (1, 2)]
        with open(folder / f"{split}.csv", "w", newline="") as file:
            csv.writer(file).writerows([("filename", "label"), *rows])
        for filename, _ in rows:
            Image.fromarray(next(pixels)).save(folder / "images" / filename)
    return folder


def prepared(folder, **changes):
    options = miniimagenet.Options(kind="miniimagenet", **changes)
    return miniimagenet.prepare(options, folder, folder / "data.sha256")


def test_options_know_their_classes():
    options = miniimagenet.Options(kind="miniimagenet")
    assert [options.classes(split) for split in RAVI] == [64, 16, 20]
    options = miniimagenet.Options(kind="miniimagenet", split="paper")
    assert [options.classes(split) for split in RAVI] == [64, 12, 24]
    assert options.archives() == ["miniimagenet"]
    assert not hasattr(miniimagenet, "download")
    with pytest.raises(ValidationError, match="sha256"):
        miniimagenet.Options(kind="miniimagenet", sha256="abc")


def test_all_forms_make_the_same_file(tmp_path):
    tabled(tmp_path / "tables" / "miniimagenet")
    pickled(tmp_path / "two" / "miniimagenet", labelled, protocol=5)
    pickled(tmp_path / "one" / "miniimagenet", protocol=2)
    categories = pickled(tmp_path / "three" / "miniimagenet", labelled, protocol=2)
    for split, name in miniimagenet.CATEGORIES.items():
        (categories / f"mini-imagenet-cache-{split}.pkl").rename(categories / name)
    files = set()
    for name in ("tables", "three", "two", "one"):
        prepared(tmp_path / name).save(tmp_path / f"{name}.safetensors")
        files.add((tmp_path / f"{name}.safetensors").read_bytes())
    assert len(files) == 1
    dataset = open_dataset(tmp_path / "one.safetensors")
    assert [len(dataset.classes(split)) for split in RAVI] == [64, 16, 20]
    own = dataset.names.index(RAVI["val"][3])
    expected = sorted(image.tobytes() for image in pixels_of("val")[6:8])
    assert [image.tobytes() for image in dataset.pixels[2 * own : 2 * own + 2]] == expected


def test_pickle_of_python_2(tmp_path):
    """Protocol 2 by hand, with the byte strings that only Python 2 writes."""

    def text(value):
        return b"U" + bytes([len(value)]) + value.encode()

    pixels = pixels_of("val")
    array = (
        b"cnumpy.core.multiarray\n_reconstruct\ncnumpy\nndarray\nK\x00\x85" + text("b") + b"\x87R("
        b"K\x01(J" + len(pixels).to_bytes(4, "little") + b"KTKTK\x03tcnumpy\ndtype\n"
        + text("u1") + b"K\x00K\x01\x87R(K\x03" + text("|") + b"NNNJ\xff\xff\xff\xff"
        b"J\xff\xff\xff\xffK\x00tb\x89T" + pixels.nbytes.to_bytes(4, "little") + pixels.tobytes()
        + b"tb"
    )  # fmt: skip
    index = b"".join(
        text(name) + b"](K" + bytes([2 * i]) + b"K" + bytes([2 * i + 1]) + b"e"
        for i, name in enumerate(RAVI["val"])
    )
    content = text("image_data") + array + text("class_dict") + b"}(" + index + b"u"
    pickled(tmp_path / "miniimagenet")
    expected = prepared(tmp_path).digest
    (tmp_path / "data.sha256").unlink()
    path = tmp_path / "miniimagenet" / "mini-imagenet-cache-val.pkl"
    path.write_bytes(b"\x80\x02}(" + content + b"u.")
    assert prepared(tmp_path).digest == expected


def test_images_are_resized(tmp_path):
    pickled(tmp_path / "miniimagenet")
    assert prepared(tmp_path, image_size=21).pixels.shape == (200, 21, 21, 3)


class Trap:
    def __init__(self, function, *arguments):
        self.reduced = function, arguments

    def __reduce__(self):
        return self.reduced


@pytest.mark.parametrize("protocol", [0, 2, 4])
@pytest.mark.parametrize(
    ("function", "code", "refused"),
    [
        (eval, "open({!r}, 'w')", r"(builtins|__builtin__)\.eval"),
        (os.system, "touch {}", r"posix\.system"),
        (np.load, "{}", r"numpy\.load"),
    ],
)
def test_malicious_pickle_is_refused_and_does_not_run(tmp_path, function, code, refused, protocol):
    sprung = tmp_path / "sprung"
    content = Trap(function, code.format(str(sprung)))
    pickle.loads(pickle.dumps(Trap(open, sprung, "w"))).close()  # such a trap does work
    sprung.unlink()
    pickled(tmp_path / "miniimagenet", val=content, protocol=protocol)
    with pytest.raises(UserError, match=rf"cache-val\.pkl: the pickle asks for {refused}"):
        prepared(tmp_path)
    assert not sprung.exists() and not (tmp_path / "data.sha256").exists()


@pytest.mark.parametrize("name", ["readme.txt", "Thumbs.db"])
def test_other_files_may_share_a_name(tmp_path, name):
    folder = pickled(tmp_path / "miniimagenet")
    expected = prepared(tmp_path).digest
    for part in ("a", "b"):
        (folder / part).mkdir()
        (folder / part / name).write_text("text")
    assert prepared(tmp_path).digest == expected
    shutil.copytree(folder / "a", folder / "c")
    shutil.copy(folder / "mini-imagenet-cache-val.pkl", folder / "c")
    with pytest.raises(UserError, match=r"holds two files named mini-imagenet-cache-val\.pkl"):
        prepared(tmp_path)


def test_damaged_pickle_is_named(tmp_path):
    folder = pickled(tmp_path / "miniimagenet")
    (folder / "mini-imagenet-cache-val.pkl").write_bytes(b"\x80\x04]")
    with pytest.raises(UserError, match=r"cache-val\.pkl cannot be read as a pickle"):
        prepared(tmp_path)


def damaged(split, **changes):
    return cache(split) | changes


@pytest.mark.parametrize(
    ("content", "message"),
    [
        ({"image_data": pixels_of("val")}, "expected image_data and class_dict"),
        (["nothing"], "expected image_data and class_dict"),
        (np.zeros(3), "expected image_data and class_dict"),
        (damaged("val", class_dict={"n01": [[0]]}), "expected image_data and class_dict"),
        (damaged("val", class_dict={"n01": [0.5]}), "expected image_data and class_dict"),
        (damaged("val", class_dict={1: [0]}), "expected image_data and class_dict"),
        (damaged("val", image_data=b"bytes"), "not uint8"),
        (damaged("val", image_data=pixels_of("val")[:, :80]), r"not uint8 \[n, 84, 84, 3\]"),
        (damaged("val", image_data=pixels_of("val") / 255), "images are float64"),
        (damaged("val", image_data=pixels_of("val")[:-1]), "exactly one class"),
        (cache("test"), "should not have|lacks"),
    ],
)
def test_what_is_not_miniimagenet_is_refused(tmp_path, content, message):
    pickled(tmp_path / "miniimagenet", val=content)
    with pytest.raises(UserError, match=rf"cache-val\.pkl.*({message})"):
        prepared(tmp_path)


def test_wrong_number_of_images_is_refused(tmp_path, monkeypatch):
    pickled(tmp_path / "miniimagenet")
    monkeypatch.setattr(miniimagenet, "IMAGES", 600)
    with pytest.raises(UserError, match="has 2 images of class 'n01532829', not 600"):
        prepared(tmp_path)


def test_table_that_names_an_absent_image_is_refused(tmp_path):
    folder = tabled(tmp_path / "miniimagenet")
    (folder / "images" / f"{RAVI['test'][0]}00000001.png").unlink()
    with pytest.raises(UserError, match=r"test\.csv names the image n01930112"):
        prepared(tmp_path)


def test_a_class_of_equal_images_is_refused(tmp_path):
    pixels = pixels_of("val")
    pixels[1] = pixels[0]
    pickled(tmp_path / "miniimagenet", val=damaged("val", image_data=pixels))
    with pytest.raises(UserError, match=f"images of class {RAVI['val'][0]!r} are all alike"):
        prepared(tmp_path)


def test_table_without_its_columns_is_refused(tmp_path):
    folder = tabled(tmp_path / "miniimagenet")
    (folder / "train.csv").write_text("file,class\na,b\n")
    with pytest.raises(UserError, match=r"train\.csv: every row should have a filename"):
        prepared(tmp_path)


def test_missing_archive_says_where_and_what(tmp_path):
    with pytest.raises(UserError, match=f"{tmp_path}/miniimagenet not found.*cache-train.*by you"):
        prepared(tmp_path)
    (tmp_path / "miniimagenet").mkdir()
    with pytest.raises(UserError, match="is not the expected archive"):
        prepared(tmp_path)


def test_paper_split_moves_four_classes_and_warns(tmp_path, caplog):
    pickled(tmp_path / "miniimagenet")
    dataset = prepared(tmp_path, split="paper")
    assert [len(dataset.classes(split)) for split in RAVI] == [64, 12, 24]
    of = dict(zip(dataset.names, dataset.splits, strict=True))
    assert all(of[name] == "test" for name in sorted(RAVI["val"])[-4:])
    assert "slip of the paper" in caplog.text


def test_first_archive_is_recorded_and_another_refused(tmp_path):
    folder = pickled(tmp_path / "miniimagenet")
    prepared(tmp_path)
    record = (tmp_path / "data.sha256").read_text()
    assert record.strip() == miniimagenet.fingerprint(folder)
    prepared(tmp_path)
    pickled(folder, val=damaged("val", image_data=255 - pixels_of("val")))
    with pytest.raises(UserError, match=r"not the one recorded in .*data\.sha256"):
        prepared(tmp_path)
    assert (tmp_path / "data.sha256").read_text() == record


def test_configured_checksum_is_held(tmp_path):
    folder = pickled(tmp_path / "miniimagenet")
    prepared(tmp_path, sha256=miniimagenet.fingerprint(folder))
    assert not (tmp_path / "data.sha256").exists()
    with pytest.raises(UserError, match="not the configured sha256 000"):
        prepared(tmp_path, sha256="0" * 64)


def test_fingerprint_is_that_of_the_content(tmp_path):
    folder = pickled(tmp_path / "miniimagenet")
    with zipfile.ZipFile(tmp_path / "other.zip", "w") as archive:
        for path in folder.iterdir():
            archive.write(path, f"some/where/{path.name}")
    digest = miniimagenet.fingerprint(folder)
    assert miniimagenet.fingerprint(tmp_path / "other.zip") == digest
    one = prepared(tmp_path)
    shutil.rmtree(folder)
    assert prepared(tmp_path, archive="other").digest == one.digest
