"""A changed archive is noticed; one that was moved or touched is not."""

import json
import os
import shutil
import zipfile

import pytest

from metalandscape.datasets import ARCHIVES, _manifest, identity, image_folder, omniglot
from metalandscape.ground.errors import UserError


def options(**changes):
    base = {"kind": "image_folder", "archive": "x", "image_size": 8, "split": "folders"}
    return image_folder.Options.model_validate(base | changes)


@pytest.fixture
def staged(tmp_path, monkeypatch):
    folder = tmp_path / "staged"
    for name in ("ant/1.png", "bee/1.png"):
        (folder / "x" / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / "x" / name).write_text(name)
    monkeypatch.setenv(ARCHIVES, str(folder))
    return folder


@pytest.fixture
def manifest(staged, tmp_path):
    path = tmp_path / "x.json"
    _manifest.save(path, options(), staged, staged=True)
    return path


def test_what_is_known_before_and_after_is_the_same(staged, manifest, tmp_path):
    before = identity(options(), tmp_path / "absent.json")
    assert len(before) == 64
    assert identity(options(), manifest) == before
    assert json.loads(manifest.read_text())["folder"] == str(staged)


@pytest.mark.parametrize(
    "change",
    [
        lambda x: (x / "ant" / "1.png").write_text("ANT/1.png"),  # of the same size
        lambda x: (x / "ant" / "2.png").write_text("more"),
        lambda x: (x / "ant" / "1.png").unlink(),
        lambda x: (x / "ant").rename(x / "cat"),
    ],
)
def test_a_change_is_noticed(staged, manifest, change):
    before = identity(options(), manifest)
    change(staged / "x")
    assert identity(options(), manifest) not in (before, "")


def test_a_changed_zip_is_noticed(staged, tmp_path):
    for content in ("one", "two"):
        with zipfile.ZipFile(staged / "y.zip", "w") as archive:
            archive.writestr("ant/1.png", content)
        if content == "one":
            _manifest.save(tmp_path / "y.json", options(archive="y"), staged, staged=True)
            before = identity(options(archive="y"), tmp_path / "y.json")
    assert identity(options(archive="y"), tmp_path / "y.json") not in (before, "")


def test_touched_moved_hidden_or_missing_archives_are_no_change(
    staged, manifest, tmp_path, monkeypatch
):
    before = identity(options(), manifest)
    os.utime(staged / "x" / "ant" / "1.png", (0, 0))
    assert identity(options(), manifest) == before
    (staged / "x" / ".DS_Store").write_text("Bud1")
    (staged / "x" / "Thumbs.db").write_text("Bud1")
    assert identity(options(), manifest) == before
    shutil.copytree(staged / "x", tmp_path / "moved" / "x")
    monkeypatch.setenv(ARCHIVES, str(tmp_path / "moved"))
    assert identity(options(), manifest) == before
    monkeypatch.delenv(ARCHIVES)
    assert identity(options(), manifest) == before
    shutil.rmtree(staged)
    assert identity(options(), manifest) == before
    (tmp_path / "staged" / "x").mkdir(parents=True)
    (tmp_path / "staged" / "x" / "broken").symlink_to("/nowhere")
    assert identity(options(), manifest) == before


def test_downloads_have_their_checksum(tmp_path, monkeypatch):
    monkeypatch.delenv(ARCHIVES, raising=False)
    drawings = omniglot.Options(kind="omniglot")
    assert identity(drawings, tmp_path / "o.json") == ""
    (tmp_path / "images_background.zip").write_text("fetched")
    _manifest.save(tmp_path / "o.json", drawings, tmp_path, staged=False)
    assert identity(drawings, tmp_path / "o.json").strip() == ""
    assert identity(options(), tmp_path / "absent.json") == ""


def manifest_of(**archive):
    known = {"downloaded": False, "stamp": "a", "content": "b"}
    return json.dumps({"folder": "x", "archives": {"x": known | archive}})


DAMAGED = [
    "",
    '{"folder": "x", "arch',
    "[]",
    "{}",
    "\0",
    "[" * 10**5,
    '{"folder": 1, "archives": {}}',
]
DAMAGED += ['{"folder": "x", "archives": []}', '{"folder": "x", "archives": {"x": "y"}}']
DAMAGED += [manifest_of(downloaded=1), manifest_of(stamp=None), manifest_of(content=[])]


@pytest.mark.parametrize("content", DAMAGED)
def test_a_damaged_manifest_is_refused_by_name_and_noticed(staged, manifest, content):
    whole = identity(options(), manifest)
    assert _manifest.load(manifest)["folder"] == str(staged)
    manifest.write_text(content)
    with pytest.raises(UserError, match=r"x.json is damaged, or is no list of archives; remove"):
        _manifest.load(manifest)
    assert identity(options(), manifest) == whole  # of the archives, which are there
    shutil.rmtree(staged / "x")
    assert identity(options(), manifest) != whole
