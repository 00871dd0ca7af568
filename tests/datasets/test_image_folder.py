"""Image folders: one prepared file for every container, splits, refusals."""

import io
import json
import zipfile
from types import SimpleNamespace

import numpy as np
import pytest
from PIL import Image
from pydantic import ValidationError

from metalandscape.datasets import _archives, _downloads, image_folder, open_dataset
from metalandscape.ground.errors import UserError

NAMES = {"train": ["ant", "cat"], "val": ["bee"], "test": ["dog"]}
CIFAR_FS = "config/splits/cifar_fs.json"
CIFAR_FS_CONTENT = "3dcc3311df21005e2b9ab50ec81004f56c4938eb57f94f7b6e2e51d1b231df27"


def options(**changes):
    base = {"kind": "image_folder", "archive": "x.zip", "image_size": 8, "split": NAMES}
    return image_folder.Options.model_validate(base | changes)


def pictures(classes=("ant", "bee", "cat", "dog", "eel"), each=3):
    rng = np.random.default_rng(0)
    return {name: rng.integers(0, 256, (each, 8, 8, 3), np.uint8) for name in classes}


def encoded(pixels, form):
    buffer = io.BytesIO()
    Image.fromarray(pixels).save(buffer, form, lossless=True)
    return buffer.getvalue()


@pytest.fixture
def zipped(tmp_path):
    with zipfile.ZipFile(tmp_path / "x.zip", "w") as archive:
        archive.writestr("top/README.txt", "not an image")
        for name, images in pictures().items():
            for i, pixels in enumerate(images):
                archive.writestr(f"top/{name}/{i}.webp", encoded(pixels, "WEBP"))
    return tmp_path


def prepared(folder, **changes):
    return image_folder.prepare(options(**changes), folder, folder / "record")


def test_zip_of_webp_and_folder_of_png_make_the_same_file(zipped, tmp_path):
    for name, images in pictures().items():
        (tmp_path / "png" / name).mkdir(parents=True)
        for i, pixels in enumerate(images[::-1]):
            (tmp_path / "png" / name / f"{i}.png").write_bytes(encoded(pixels, "PNG"))
    prepared(zipped).save(tmp_path / "one.safetensors")
    prepared(zipped, archive="png").save(tmp_path / "two.safetensors")
    assert (tmp_path / "one.safetensors").read_bytes() == (
        tmp_path / "two.safetensors"
    ).read_bytes()


def test_named_split_keeps_those_classes(zipped, tmp_path):
    prepared(zipped).save(tmp_path / "data.safetensors")
    dataset = open_dataset(tmp_path / "data.safetensors")
    assert dict(zip(dataset.names, dataset.splits, strict=True)) == {
        "ant": "train",
        "bee": "val",
        "cat": "train",
        "dog": "test",
    }
    first = sorted(image.tobytes() for image in pictures()["ant"])[0]
    assert dataset.pixels[0].tobytes() == first


def test_counted_split_is_fixed_and_disjoint(zipped):
    counts = {"train": 2, "val": 1, "test": 1}
    one, two = prepared(zipped, split=counts), prepared(zipped, split=counts)
    assert one.digest == two.digest
    assert sorted(one.splits) == ["test", "train", "train", "val"]


def test_options_know_their_classes():
    counted = options(split={"train": 5, "test": 2}, rotations=True)
    assert [counted.classes(split) for split in ("train", "val", "test")] == [20, 0, 2]
    from_file = options(split=CIFAR_FS)
    assert [from_file.classes(split) for split in ("train", "val", "test")] == [64, 16, 20]
    assert from_file.archives() == ["x.zip"] and from_file.instances() is None


def test_a_tar_may_be_downloaded():
    tar = options(url="http://x/x.tgz", sha256="0" * 64, archive="x.tgz")
    assert tar.downloadable()


def test_what_is_left_out_by_size_is_not_counted_beforehand():
    named, counted = (
        options(minimum_images=5, split=split) for split in (NAMES, {"train": 5, "test": 2})
    )
    assert (named.classes("train"), counted.classes("train")) == (None, 5)


def test_split_file_is_part_of_the_options(tmp_path):
    path = tmp_path / "split.json"
    path.write_text(json.dumps(NAMES))
    assert options(split=str(path)) == options()
    again = image_folder.Options.model_validate_json(options(split=str(path)).model_dump_json())
    assert again == options()


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"split": NAMES | {"val": 3}}, "numbers only or lists"),
        ({"split": NAMES | {"val": ["ant"]}}, "'ant' is named twice"),
        ({"split": NAMES | {"val": -1}}, "number of classes or a list"),
        ({"split": NAMES | {"validation": []}}, "Extra inputs"),
        ({"split": "absent.json"}, "no such file"),
        ({"url": "http://x/x.zip"}, "url and sha256 belong together"),
        ({"torchvision": "CIFAR100", "archive": "folder"}, "plain name of a .zip"),
        ({"torchvision": "CIFAR100", "archive": "x.tar"}, "plain name of a .zip"),
        ({"url": "http://x/x.tar", "sha256": "0" * 64, "archive": "/a/x.tar"}, "plain name of"),
        ({"channels": 2}, "Input should be 1 or 3"),
        ({"minimum_images": 0}, "greater than 0"),
        ({"ground": "green"}, "'white' or 'black'"),
        ({"turned_together": True}, "needs rotations"),
    ],
)
def test_options_that_make_no_sense_are_refused(changes, message):
    with pytest.raises(ValidationError, match=message):
        options(**changes)


def test_missing_class_is_named(zipped):
    with pytest.raises(UserError, match=r"x\.zip has no images of class 'fox'"):
        prepared(zipped, split=NAMES | {"test": ["fox"]})


def test_too_few_classes_are_counted(zipped):
    with pytest.raises(UserError, match="split: 6 classes asked of an archive with 5"):
        prepared(zipped, split={"train": 4, "test": 2})


def test_empty_class_is_named(zipped):
    with zipfile.ZipFile(zipped / "x.zip", "a") as archive:
        archive.mkdir("top/gnu")
    with pytest.raises(UserError, match="no images of class 'gnu'"):
        prepared(zipped, split=NAMES | {"test": ["gnu"]})


def test_file_that_is_no_image_is_named(tmp_path):
    (tmp_path / "x" / "ant").mkdir(parents=True)
    (tmp_path / "x" / "ant" / "1.png").write_text("text")
    with pytest.raises(UserError, match=r"x: ant/1\.png is not an image"):
        prepared(tmp_path, split={"train": ["ant"], "test": []})


def test_content_is_held_to_its_digest(zipped):
    digest = prepared(zipped).digest
    assert prepared(zipped, content_sha256=digest).digest == digest
    with pytest.raises(UserError, match=f"have the digest {digest}, not content_sha256"):
        prepared(zipped, content_sha256="0" * 64)


def test_download_by_url(tmp_path, monkeypatch):
    asked = []
    monkeypatch.setattr(_downloads, "fetch", lambda *arguments: asked.append(arguments))
    image_folder.download(options(url="http://x/y.zip", sha256="0" * 64), tmp_path)
    assert asked == [("http://x/y.zip", f"sha256:{'0' * 64}", tmp_path, "x.zip")]


def test_download_without_a_source_says_what_is_missing(tmp_path):
    with pytest.raises(UserError, match=r"x\.zip not found"):
        image_folder.download(options(), tmp_path)


def test_download_leaves_what_is_there(zipped):
    before = (zipped / "x.zip").read_bytes()
    image_folder.download(options(torchvision="CIFAR100"), zipped)
    assert (zipped / "x.zip").read_bytes() == before


def test_torchvision_ends_in_the_same_prepared_file(zipped, tmp_path, monkeypatch):
    datasets = pytest.importorskip("torchvision.datasets")

    def part(root, train, download):
        chosen = slice(0, 2) if train else slice(2, 3)
        images = [image[chosen] for image in pictures().values()]
        labels = [label for label, stack in enumerate(images) for _ in stack]
        return SimpleNamespace(
            data=np.concatenate(images), targets=labels, classes=list(pictures())
        )

    monkeypatch.setattr(datasets, "CIFAR100", part)
    image_folder.download(options(torchvision="CIFAR100"), tmp_path / "new")
    assert [p.name for p in (tmp_path / "new").iterdir()] == ["x.zip"]
    assert prepared(tmp_path / "new").digest == prepared(zipped).digest


def test_torchvision_without_a_network_says_what_to_do(tmp_path, monkeypatch):
    datasets = pytest.importorskip("torchvision.datasets")

    def refuse(self, *_):
        raise OSError("no route")

    monkeypatch.setattr(datasets.CIFAR100, "download", refuse)
    with pytest.raises(UserError, match=r"cifar-100.*no route.*put x\.zip in the folder named"):
        image_folder.download(options(torchvision="CIFAR100"), tmp_path)
    assert list(tmp_path.iterdir()) == []


def test_real_cifar_fs(archives):
    if _archives.find(archives, "cifar100_images.zip") is None:
        pytest.skip("no CIFAR-100 in the folder of archives")
    dataset = prepared(
        archives,
        archive="cifar100_images.zip",
        image_size=32,
        split=CIFAR_FS,
        content_sha256=CIFAR_FS_CONTENT,
    )
    assert set(np.diff(dataset.first)) == {600}
    assert [len(dataset.classes(s)) for s in ("train", "val", "test")] == [64, 16, 20]
