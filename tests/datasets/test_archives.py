"""Zips and folders: read alike, checked, fetched from a local server."""

import functools
import gc
import hashlib
import http.server
import io
import itertools
import os
import tarfile
import threading
import zipfile

import numpy as np
import pytest

from metalandscape.datasets import _archives, _downloads, _pixels
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
    monkeypatch.setattr(_downloads, "RETRIES", 0)


def zipped(path, files, method=zipfile.ZIP_STORED):
    with zipfile.ZipFile(path, "w", method) as archive:
        for name, data in files.items():
            archive.writestr(name, data)
    return path


def tarred(path, files):
    form = {"gz": "w:gz", "tgz": "w:gz", "xz": "w:xz", "bz2": "w:bz2"}
    with tarfile.open(path, form.get(path.suffix[1:].lower(), "w")) as archive:
        for name, data in files.items():
            member = tarfile.TarInfo(name)
            member.size = len(data)
            archive.addfile(member, io.BytesIO(data))
    return path


def unpacked(path, files):
    for name, data in files.items():
        (path / name).parent.mkdir(parents=True, exist_ok=True)
        (path / name).write_bytes(data)
    return path


FILES = {"b/2.txt": b"two", "a/1.txt": b"one", "a-b/3.txt": b"three"}


MAKERS = {
    "x.zip": zipped,
    "x": unpacked,
    "x.tar": tarred,
    "x.tar.gz": tarred,
    "x.tgz": tarred,
    "x.tar.xz": tarred,
    "X.TAR.BZ2": tarred,
    "backslash.zip": lambda path, files: zipped(
        path, {name.replace("/", "\\"): data for name, data in files.items()}
    ),
}


@pytest.mark.parametrize("name", MAKERS)
def test_every_container_gives_the_same_files_without_hidden_ones(tmp_path, name):
    junk = {
        "__MACOSX/a/._1.txt": b"",
        ".DS_Store": b"",
        "a/.hidden": b"",
        "a/Thumbs.db": b"",
        "a/desktop.ini": b"",
        ".ipynb_checkpoints/1.txt": b"",
    }
    with _archives.opened(MAKERS[name](tmp_path / name, FILES | junk)) as archive:
        assert archive.names == sorted(FILES) == sorted(archive.sizes)
        assert dict(archive) == FILES
        assert {n: len(FILES[n]) for n in FILES} == archive.sizes
        # A walk doesn't enter hidden folders, so their files count as one.
        assert archive.passed_over == len(junk)
        assert archive.read("b/2.txt", 2) == b"tw"


OUTSIDE = ["../evil.png", "a/../../evil.png", "/evil.png", "//evil.png", "C:/evil"]


@pytest.mark.parametrize(
    ("name", "member"),
    [*itertools.product(["x.zip", "x.tar"], OUTSIDE), ("x.zip", "..\\evil.png")],
)
def test_members_that_lead_out_are_refused(tmp_path, name, member):
    path = MAKERS[name](tmp_path / name, {"a/1.png": b"", member: b""})
    with pytest.raises(UserError, match=r"the member .* leads out"), _archives.opened(path):
        pass


def test_a_link_in_an_archive_is_refused_by_name(tmp_path):
    link = zipfile.ZipInfo("a/link.png")
    link.create_system, link.external_attr = 3, 0o120777 << 16
    with zipfile.ZipFile(tmp_path / "x.zip", "w") as archive:
        archive.writestr(link, "/etc/passwd")
    (tmp_path / "link.png").symlink_to("/etc/passwd")
    with tarfile.open(tmp_path / "x.tar", "w") as archive:
        archive.add(tmp_path / "link.png", "a/link.png")
    for name in ("x.zip", "x.tar"):
        refused = pytest.raises(UserError, match=r"a/link\.png is a symbolic link; pack the files")
        with refused, _archives.opened(tmp_path / name):
            pass


def test_a_hard_link_to_nothing_is_refused_by_name(tmp_path):
    link = tarfile.TarInfo("a/link.png")
    link.type, link.linkname = tarfile.LNKTYPE, "a/gone.png"
    with tarfile.open(tmp_path / "x.tar", "w") as archive:
        archive.addfile(link)
    refused = pytest.raises(UserError, match=r"x\.tar: a/link\.png cannot be read .*gone")
    with _archives.opened(tmp_path / "x.tar") as archive, refused:
        archive.read("a/link.png")


@pytest.mark.filterwarnings("ignore:Duplicate name")
def test_a_name_that_stands_twice_is_refused(tmp_path):
    with zipfile.ZipFile(tmp_path / "x.zip", "w") as archive:
        archive.writestr("a/1.txt", "one")
        archive.writestr("a/./1.txt", "two")
    refused = pytest.raises(UserError, match=r"x\.zip holds a/1\.txt twice")
    with refused, _archives.opened(tmp_path / "x.zip"):
        pass


def names_in(folder):
    with _archives.opened(folder) as archive:
        assert all(archive.read(name) == b"1" for name in archive.names)
        return archive.names, archive.passed_over


@pytest.fixture
def folder(tmp_path):
    return unpacked(tmp_path / "x", {"a/1.png": b"1", "b/deep/1.png": b"1"})


def test_linked_folders_are_followed_once(folder, tmp_path):
    unpacked(tmp_path / "elsewhere", {"c/1.png": b"1"})
    (folder / "c").symlink_to(tmp_path / "elsewhere" / "c")
    (folder / "d").symlink_to(tmp_path / "elsewhere" / "c")
    (folder / "a0").symlink_to(folder / "b" / "deep")  # keeps its own name
    assert names_in(folder) == (["a/1.png", "b/deep/1.png", "c/1.png"], 2)


def test_links_that_lead_back_end(folder):
    (folder / "a" / "loop").symlink_to(folder)
    (folder / "b" / "out").symlink_to(folder.parent)
    (folder / "b" / "far").symlink_to("/")
    (folder / "b" / "file.png").symlink_to(folder / "a" / "1.png")
    assert names_in(folder) == (["a/1.png", "b/deep/1.png", "b/file.png"], 3)


@pytest.mark.parametrize("target", ["/nowhere", "self"])
def test_a_link_to_nothing_is_refused(folder, target):
    (folder / "a" / "self").symlink_to(target)
    with pytest.raises(UserError, match="a/self is a link to nothing; restore"):
        names_in(folder)


def test_pipes_are_passed_over_and_unreadable_names_refused(folder):
    os.mkfifo(folder / "a" / "pipe.png")
    assert names_in(folder)[1] == 1
    os.mkdir(os.fsencode(folder) + b"/c\xff")
    with pytest.raises(UserError, match=r"the name 'c.*' is not UTF-8; rename"):
        names_in(folder)


def test_what_is_too_large_is_not_read(tmp_path, monkeypatch):
    monkeypatch.setattr(_archives, "LARGEST", 1 << 20)
    with zipfile.ZipFile(tmp_path / "x.zip", "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("a/bomb.png", bytes(2 << 20))
    refused = pytest.raises(UserError, match=r"a/bomb\.png is larger than 1 MiB")
    with _archives.opened(tmp_path / "x.zip") as archive, refused:
        archive.read("a/bomb.png")


@pytest.mark.parametrize("name", ["x.zip", "x.tar.gz"])
def test_a_web_page_is_called_by_its_name(tmp_path, name):
    (tmp_path / name).write_text("<!DOCTYPE html><html><title>Virus scan warning</title></html>")
    refused = pytest.raises(UserError, match=r"cannot be read as a (zip|tar) .*it is a web page")
    with refused, _archives.opened(tmp_path / name):
        pass


@pytest.mark.parametrize("name", ["x.zip", "deflated.zip", "lzma.zip", "x.tar", "x.tar.gz"])
def test_no_damage_makes_a_traceback(tmp_path, name):
    methods = {"deflated.zip": zipfile.ZIP_DEFLATED, "lzma.zip": zipfile.ZIP_LZMA}
    make = functools.partial(zipped, method=methods.get(name, 0)) if "zip" in name else tarred
    path = make(tmp_path / name, FILES)
    whole, rng, refused = path.read_bytes(), np.random.default_rng(0), 0
    for _ in range(60):
        data = bytearray(whole)
        for at in rng.integers(len(data), size=rng.integers(1, 9)):
            data[at] ^= 1 << rng.integers(8)
        path.write_bytes(data[: rng.integers(1, 2 * len(data))])
        try:
            with _archives.opened(path) as archive:
                list(archive)
        except UserError:
            refused += 1
    assert refused > 10


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
    tarred(tmp_path / "three.tar.gz", FILES)
    for name in ("three", "three.zip", "three.tar.gz", "three.tgz"):
        assert _archives.find(tmp_path, name) == tmp_path / "three.tar.gz"


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
    _downloads.fetch(f"{url}/x.zip", f"md5:{md5}", tmp_path / "new", "y.zip")
    assert (tmp_path / "new" / "y.zip").read_bytes() == path.read_bytes()


def test_fetch_refuses_a_wrong_checksum_and_leaves_nothing(tmp_path, served):
    folder, url = served
    zipped(folder / "x.zip", FILES)
    with pytest.raises(UserError, match=f"{url}/x.zip: the file that came does not have"):
        _downloads.fetch(f"{url}/x.zip", f"sha256:{'0' * 64}", tmp_path / "new", "x.zip")
    assert list((tmp_path / "new").iterdir()) == []


@pytest.mark.parametrize("address", ["{}/absent.zip", "http://127.0.0.1:9/x.zip", "nonsense"])
def test_fetch_without_an_answer_says_what_to_do(tmp_path, served, address):
    url = address.format(served[1])
    with pytest.raises(UserError) as caught:
        _downloads.fetch(url, "md5:0", tmp_path / "new", "x.zip")
    message = str(caught.value)
    assert message.startswith(f"{url} could not be downloaded") and "\n" not in message
    assert "put x.zip in the folder named by" in message and "METALANDSCAPE_ARCHIVES" in message


@pytest.mark.parametrize("name", ["wrong.zip", "absent.zip"])
def test_a_failed_download_is_tried_once_and_as_often_as_configured(
    tmp_path, served, monkeypatch, name
):
    zipped(served[0] / "wrong.zip", FILES)
    asked = []
    handler = http.server.SimpleHTTPRequestHandler
    do_get = handler.do_GET
    monkeypatch.setattr(handler, "do_GET", lambda self: asked.append(self.path) or do_get(self))
    monkeypatch.setattr("time.sleep", lambda _: None)
    monkeypatch.setattr(_downloads, "RETRIES", 2)
    with pytest.raises(UserError):
        _downloads.fetch(f"{served[1]}/{name}", f"sha256:{'0' * 64}", tmp_path, name)
    assert asked == [f"/{name}"] * 3


def test_write_images_is_lossless_and_repeatable(tmp_path):
    pixels = np.random.default_rng(0).integers(0, 256, (5, 5, 3), np.uint8)
    for name in ("one.zip", "two.zip"):
        _downloads.write_images(tmp_path / name, [("a/1.png", pixels)])
    assert (tmp_path / "one.zip").read_bytes() == (tmp_path / "two.zip").read_bytes()
    with _archives.opened(tmp_path / "one.zip") as archive:
        read = _pixels.decode(archive.read("a/1.png"), "", 5, 3)
    np.testing.assert_array_equal(read, pixels)
