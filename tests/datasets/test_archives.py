"""Zips and folders: read alike, checked, fetched from a local server."""

import functools
import gc
import hashlib
import http.server
import threading
import zipfile

import numpy as np
import pytest

from metalandscape.datasets import _archives, _pixels
from metalandscape.ground.errors import UserError

pytestmark = pytest.mark.filterwarnings("ignore:unclosed <socket:ResourceWarning")


@pytest.fixture
def served(tmp_path):
    """A folder and the URL under which a local server offers its files."""
    folder = tmp_path / "served"
    folder.mkdir()

    class Quiet(http.server.SimpleHTTPRequestHandler):
        def log_message(self, *_):
            pass

    handler = functools.partial(Quiet, directory=folder)
    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), handler) as server:
        thread = threading.Thread(target=server.serve_forever, args=[0.01])
        thread.start()
        yield folder, f"http://127.0.0.1:{server.server_port}"
        server.shutdown()
        thread.join()
        gc.collect()  # requests leaves the socket of a refused answer to the collector


@pytest.fixture(autouse=True)
def _no_retries(monkeypatch):
    monkeypatch.setattr(_archives, "RETRIES", 0)


def zipped(path, files):
    with zipfile.ZipFile(path, "w") as archive:
        for name, data in files.items():
            archive.writestr(name, data)
    return path


def unpacked(path, files):
    for name, data in files.items():
        (path / name).parent.mkdir(parents=True, exist_ok=True)
        (path / name).write_bytes(data)
    return path


FILES = {"b/2.txt": b"two", "a/1.txt": b"one", "a-b/3.txt": b"three"}


@pytest.mark.parametrize("make", [zipped, unpacked])
def test_zip_and_folder_give_the_same_files_without_hidden_ones(tmp_path, make):
    junk = {"__MACOSX/a/._1.txt": b"", ".DS_Store": b"", "a/.hidden": b""}
    with _archives.opened(make(tmp_path / "x.zip", FILES | junk)) as archive:
        assert list(archive) == sorted(FILES.items())


@pytest.mark.parametrize(
    "name",
    ["../evil.png", "a/../../evil.png", "/evil.png", "//evil.png", "..\\evil.png", "C:/evil"],
)
def test_members_that_lead_out_are_refused(tmp_path, name):
    path = zipped(tmp_path / "x.zip", {"a/1.png": b"", name: b""})
    with pytest.raises(UserError, match=r"x\.zip: the member .* leads out"), _archives.opened(path):
        pass


def test_what_is_no_zip_is_refused(tmp_path):
    (tmp_path / "x.zip").write_text("not a zip")
    refused = pytest.raises(UserError, match=r"x\.zip cannot be read as a zip")
    with refused, _archives.opened(tmp_path / "x.zip"):
        pass


def test_damaged_member_is_named(tmp_path):
    path = zipped(tmp_path / "x.zip", {"a/1.txt": b"content"})
    path.write_bytes(path.read_bytes().replace(b"content", b"c0ntent"))
    with _archives.opened(path) as archive, pytest.raises(UserError, match=r"x\.zip: a/1\.txt"):
        archive.read("a/1.txt")


def test_content_digest_is_the_documented_formula():
    hashes = {name: hashlib.sha256(data).digest() for name, data in FILES.items()}
    text = b"".join(
        name.encode() + b"\0" + hashes[name] for name in ("a-b/3.txt", "a/1.txt", "b/2.txt")
    )
    assert _archives.content_digest(hashes) == hashlib.sha256(text).hexdigest()


def test_find_takes_zip_and_folder_for_each_other(tmp_path):
    zipped(tmp_path / "one.zip", FILES)
    unpacked(tmp_path / "two", FILES)
    assert _archives.find(tmp_path, "one") == tmp_path / "one.zip"
    assert _archives.find(tmp_path, "two.zip") == tmp_path / "two"
    assert _archives.find(tmp_path / "elsewhere", str(tmp_path / "two")) == tmp_path / "two"
    assert _archives.find(tmp_path, "three") is None


def test_locate_says_where_it_looked(tmp_path):
    with pytest.raises(UserError, match=rf"{tmp_path}/x\.zip not found.*METALANDSCAPE_ARCHIVES"):
        _archives.locate(tmp_path, "x.zip")


def test_hold_refuses_another_digest(tmp_path):
    record = tmp_path / "data.sha256"
    _archives.hold(record, "abc", tmp_path)
    _archives.hold(record, "abc", tmp_path)
    with pytest.raises(UserError, match=r"not the one recorded in .*data\.sha256"):
        _archives.hold(record, "def", tmp_path)
    assert record.read_text() == "abc\n"


def test_fetch_downloads_a_file_with_the_right_checksum(tmp_path, served):
    folder, url = served
    path = zipped(folder / "x.zip", FILES)
    md5 = hashlib.md5(path.read_bytes()).hexdigest()
    _archives.fetch(f"{url}/x.zip", f"md5:{md5}", tmp_path / "new", "y.zip")
    assert (tmp_path / "new" / "y.zip").read_bytes() == path.read_bytes()


def test_fetch_refuses_a_wrong_checksum_and_leaves_nothing(tmp_path, served):
    folder, url = served
    zipped(folder / "x.zip", FILES)
    with pytest.raises(UserError, match=f"{url}/x.zip: the file that came does not have"):
        _archives.fetch(f"{url}/x.zip", f"sha256:{'0' * 64}", tmp_path / "new", "x.zip")
    assert list((tmp_path / "new").iterdir()) == []


@pytest.mark.parametrize("address", ["{}/absent.zip", "http://127.0.0.1:9/x.zip", "nonsense"])
def test_fetch_without_an_answer_says_what_to_do(tmp_path, served, address):
    url = address.format(served[1])
    with pytest.raises(UserError) as caught:
        _archives.fetch(url, "md5:0", tmp_path / "new", "x.zip")
    message = str(caught.value)
    assert message.startswith(f"{url} could not be downloaded") and "\n" not in message
    assert "put x.zip in the folder named by" in message and "METALANDSCAPE_ARCHIVES" in message


def test_fetch_retries(tmp_path, served, monkeypatch):
    monkeypatch.setattr(_archives, "RETRIES", 1)
    monkeypatch.setattr("time.sleep", lambda _: zipped(served[0] / "late.zip", FILES))
    with pytest.raises(UserError, match="does not have the checksum"):
        _archives.fetch(f"{served[1]}/late.zip", f"sha256:{'0' * 64}", tmp_path, "late.zip")


def test_write_images_is_lossless_and_repeatable(tmp_path):
    pixels = np.random.default_rng(0).integers(0, 256, (5, 5, 3), np.uint8)
    for name in ("one.zip", "two.zip"):
        _archives.write_images(tmp_path / name, [("a/1.png", pixels)])
    assert (tmp_path / "one.zip").read_bytes() == (tmp_path / "two.zip").read_bytes()
    with _archives.opened(tmp_path / "one.zip") as archive:
        read = _pixels.decode(archive.read("a/1.png"), "", 5, 3)
    np.testing.assert_array_equal(read, pixels)
