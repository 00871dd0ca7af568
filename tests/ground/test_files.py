import errno
import os
import re
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

from metalandscape.ground import files
from metalandscape.ground.errors import UserError


def test_a_failed_write_leaves_nothing(tmp_path):
    def fail():
        with files.whole(tmp_path / "a.csv") as temporary:
            temporary.write_text("half")
            raise RuntimeError

    with pytest.raises(RuntimeError):
        fail()
    assert not list(tmp_path.iterdir())


def test_arrays_and_metadata_come_back_memory_mapped(tmp_path):
    arrays = {"a": np.arange(6, dtype=np.uint8).reshape(2, 3), "b": np.array([1.5, 2.5])}
    files.write_arrays(tmp_path / "f", arrays, names=["x", "é"])
    back, metadata = files.read_arrays(tmp_path / "f")
    assert metadata == {"names": ["x", "é"]}
    assert isinstance(back["a"], np.memmap) and back["a"].dtype == np.uint8
    np.testing.assert_array_equal(back["a"], arrays["a"])
    np.testing.assert_array_equal(back["b"], arrays["b"])


def headed(header, data=b""):
    """A safetensors file with any header."""
    return len(header).to_bytes(8, "little") + header + data


DAMAGE = "is damaged, or is no safetensors file; make or copy it anew."
HEADER = b'{"a": {"dtype": "%s", "shape": [2], "data_offsets": [0, %d]}}'
DAMAGED = {
    "empty": (b"", DAMAGE),
    "a picture": (b"\x89PNG\r\n\x1a\n" + bytes(100), DAMAGE),
    "a list": (headed(b"[]"), DAMAGE),
    "half": (headed(HEADER % (b"F32", 8), bytes(4)), DAMAGE),
    "deep": (headed(b"[" * 10**5 + b"]" * 10**5), DAMAGE),
    "before its start": (headed(HEADER.replace(b"[0, %d]", b"[-8, 0]") % b"F32", bytes(8)), DAMAGE),
    "of another size": (headed(HEADER % (b"F64", 8), bytes(8)), DAMAGE),
    "huge": (headed(HEADER.replace(b"[2]", b"[9%s]" % (b"0" * 40)) % (b"U8", 2), bytes(2)), DAMAGE),
    "half precision": (
        headed(HEADER % (b"BF16", 4), bytes(4)),
        "its tensor a has the type BF16; convert it to one of U8, I64, F32, F64.",
    ),
}


@pytest.mark.parametrize("name", DAMAGED)
def test_what_is_damaged_or_of_another_format_is_refused_by_name(tmp_path, name):
    content, words = DAMAGED[name]
    (tmp_path / "f").write_bytes(content)
    with pytest.raises(UserError, match="^" + re.escape(str(tmp_path / "f"))) as caught:
        files.read_arrays(tmp_path / "f")
    assert words in str(caught.value)


# --- faults of disks and folders


def failing(number):
    def fail(*arguments, **options):
        raise OSError(number, os.strerror(number))

    return fail


REFUSALS = {
    errno.ENOSPC: r"f.csv cannot be written \(No space left on device\); free some space and",
    errno.EDQUOT: r"f.csv cannot be written \(Disk quota exceeded\); free some space and start",
    errno.EROFS: r"f.csv cannot be written \(Read-only file system\); make its folder one that",
    errno.EACCES: r"f.csv cannot be written \(Permission denied\); make its folder one that you",
}


@pytest.mark.parametrize("number", REFUSALS)
@pytest.mark.parametrize("step", ["mkdir", "write", "replace"])
def test_what_cannot_be_written_is_one_sentence(tmp_path, monkeypatch, number, step):
    if step == "mkdir":
        monkeypatch.setattr(files.Path, "mkdir", failing(number))
    if step == "replace":
        monkeypatch.setattr(files.os, "replace", failing(number))
    with (
        pytest.raises(UserError, match=REFUSALS[number]),
        files.whole(tmp_path / "f.csv") as temporary,
    ):
        temporary.write_text("half")
        if step == "write":
            failing(number)()
    assert not list(tmp_path.iterdir())


def test_other_errors_are_not_taken_for_faults_of_writing(tmp_path):
    """A download's errors are OSErrors, too."""
    with pytest.raises(ConnectionResetError), files.whole(tmp_path / "f"):
        failing(errno.ECONNRESET)()


def in_a_process(code, *arguments):
    """Run code that may kill its process, or limit what it may do."""
    environment = {**os.environ, "PYTHONPATH": str(Path(files.__file__).parents[2])}
    command = [sys.executable, "-c", code, *map(str, arguments)]
    return subprocess.run(command, env=environment, capture_output=True, text=True)


def test_arrays_that_do_not_fit_are_one_sentence(tmp_path):
    """By the system's limit of a file's size, for want of a full disk."""
    code = """
import resource, sys
import numpy as np
from metalandscape.ground import errors, files
resource.setrlimit(resource.RLIMIT_FSIZE, (10**5, 10**5))
try:
    files.write_arrays(sys.argv[1], {"a": np.zeros(10**6)})
except errors.UserError as error:
    print(error)
"""
    done = in_a_process(code, tmp_path / "f")
    words = r"f cannot be written \(File too large\); free some space and start again\.\n"
    assert re.fullmatch(f"{tmp_path}/{words}", done.stdout), done
    assert not list(tmp_path.iterdir())


def test_a_name_that_a_file_has_is_no_folder(tmp_path):
    (tmp_path / "file").touch()
    with (
        pytest.raises(UserError, match=r"file/f cannot be written .* make its folder"),
        files.whole(tmp_path / "file" / "f"),
    ):
        pass


def test_the_next_writer_removes_temporary_files_of_processes_that_are_no_more(tmp_path):
    dead = subprocess.Popen(["true"])
    dead.wait()
    here, elsewhere = f".a.{files.HOST}", ".a.another_host"
    gone = [f"{here}.{dead.pid}.csv", f"{here}.{dead.pid}"]
    kept = [f"{here}.{os.getppid()}.csv", f"{elsewhere}.{dead.pid}.csv", f"a.{dead.pid}", ".a.csv"]
    for name in [*gone, *kept]:
        (tmp_path / name).touch()
    with files.whole(tmp_path / "b.csv") as temporary:
        temporary.touch()
    assert {path.name for path in tmp_path.iterdir()} == {"b.csv", *kept}


def test_a_killed_writer_leaves_what_the_next_one_removes(tmp_path):
    """So the names are the same."""
    code = (
        "import os, sys; from metalandscape.ground import files\n"
        "with files.whole(sys.argv[1]) as t: t.touch(); os.kill(os.getpid(), 9)"
    )
    assert in_a_process(code, tmp_path / "a.csv").returncode == -9
    (left,) = tmp_path.iterdir()
    assert left.name.startswith(".a.")
    with files.whole(tmp_path / "b.csv") as temporary:
        temporary.touch()
    assert [path.name for path in tmp_path.iterdir()] == ["b.csv"]
