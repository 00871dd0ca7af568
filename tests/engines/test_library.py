"""The compiled kernel as a file: how it is made, refused and loaded."""

import ctypes
import os
import subprocess
import sys
from pathlib import Path

import pytest
import torch

from helpers import conv_network, conv_tasks, engine, kernel, relative, start
from metalandscape.engines import Choice, _library, native, reference


def test_the_sources_are_all_files_of_the_kernel_and_each_is_short():
    folder = Path(_library.__file__).parent
    listed = {folder / name for name in _library.SOURCES}
    assert listed == set((folder / "kernel").iterdir())
    assert all(len(path.read_text().splitlines()) <= 300 for path in listed)


def build_without(monkeypatch, tmp_path, capfd, **environment):
    for name, value in environment.items():
        monkeypatch.setenv(name, value)
    _library.build(tmp_path / "kernel")
    said = capfd.readouterr().err
    assert said.count("\n") == 1 and "slower reference engine" in said
    assert (tmp_path / "kernel").read_bytes() == b""
    assert os.listdir(tmp_path) == ["kernel"]
    chosen = Choice("auto", tmp_path / "kernel").of(conv_network())
    assert isinstance(chosen, reference.Engine)
    return said


def test_without_a_compiler_one_line_says_what_is_used(monkeypatch, tmp_path, capfd):
    monkeypatch.delenv("CXX", raising=False)
    said = build_without(monkeypatch, tmp_path, capfd, PATH=str(tmp_path / "nothing"))
    assert "no C++ compiler" in said


@pytest.mark.parametrize("compiler", ["false", "/no/such/compiler"])
def test_a_compiler_that_fails_is_named(monkeypatch, tmp_path, capfd, compiler):
    assert compiler in build_without(monkeypatch, tmp_path, capfd, CXX=compiler)


def test_a_processor_that_is_too_old_gets_the_reference(monkeypatch):
    monkeypatch.setattr(_library.platform, "machine", lambda: "x86_64")
    monkeypatch.setattr(torch.backends.cpu, "get_cpu_capability", lambda: "DEFAULT")
    assert isinstance(engine(conv_network(), "auto"), reference.Engine)


# --- platforms and set-ups that are not this one, simulated

COMPILER = """#!/bin/sh
echo "$0 $@" >> {calls}
for last; do :; done
echo binary > "$last"
"""
CCACHE = """#!/bin/sh
echo "$0 $@" >> {calls}
exec "$@"
"""


@pytest.fixture
def compilers(monkeypatch, tmp_path):
    """A compiler and a `ccache`, which write down how they were called."""
    calls, folder = tmp_path / "calls", tmp_path / "bin"
    folder.mkdir()
    for name, text in {"c++": COMPILER, "ccache": CCACHE}.items():
        (folder / name).write_text(text.format(calls=calls))
        (folder / name).chmod(0o755)
    monkeypatch.setenv("PATH", f"{folder}{os.pathsep}/usr/bin{os.pathsep}/bin")
    monkeypatch.delenv("CXX", raising=False)
    return calls


@pytest.mark.parametrize("words", ["ccache c++", " ccache   c++ -DNAME='two words'"])
def test_a_compiler_may_be_several_words(monkeypatch, tmp_path, compilers, capfd, words):
    monkeypatch.setenv("CXX", words)
    _library.build(tmp_path / "kernel.so")
    assert (tmp_path / "kernel.so").read_bytes().startswith(b"binary\nmetalandscape kernel ")
    wrapper, compiler = compilers.read_text().splitlines()
    assert wrapper.split()[1] == "c++" and "-shared" in compiler
    assert capfd.readouterr().err == ""


def test_a_compiler_with_an_open_quote_is_named(monkeypatch, tmp_path, capfd):
    assert "c++ '" in build_without(monkeypatch, tmp_path, capfd, CXX="c++ '")


@pytest.mark.parametrize(
    ("machine", "asked"), [("x86_64", True), ("AMD64", True), ("arm64", False), ("aarch64", False)]
)
def test_only_a_processor_that_has_them_is_asked_for_its_instructions(
    monkeypatch, tmp_path, compilers, machine, asked
):
    monkeypatch.setattr(_library.platform, "machine", lambda: machine)
    _library.build(tmp_path / "kernel.so")
    assert ("-march=x86-64-v3" in compilers.read_text()) == asked


class Without:
    """A library that exports nothing, as torch's where its BLAS is hidden."""


def absent(path):
    """As on macOS, where torch's library has another name."""
    raise OSError(f"{path}: no such file")


@pytest.fixture(params=[lambda path: Without(), absent], ids=["hidden", "absent"])
def no_blas_of_torchs(request, monkeypatch):
    load = ctypes.CDLL
    other = lambda path: request.param(path) if "libtorch" in str(path) else load(path)  # noqa: E731
    monkeypatch.setattr(_library.ctypes, "CDLL", other)


def test_scipys_blas_serves_where_torchs_is_missing(no_blas_of_torchs, tmp_path):
    network, tasks = conv_network(), conv_tasks(2)
    expected = reference.Engine(network).meta_gradient(start(network), tasks, 2, 0.1, True)
    (tmp_path / "other.so").write_bytes(kernel().read_bytes())
    fast = Choice("auto", tmp_path / "other.so").of(network)
    assert isinstance(fast, native.Engine)
    assert _library._blas()[2] is None
    found = fast.meta_gradient(start(network), tasks, 2, 0.1, True)
    assert relative(found.gradient, expected.gradient) < 1e-12


def test_without_any_blas_one_line_says_what_is_used(
    no_blas_of_torchs, monkeypatch, tmp_path, capfd
):
    monkeypatch.setitem(sys.modules, "scipy.linalg", None)
    path = tmp_path / "other.so"
    path.write_bytes(kernel().read_bytes())
    for _ in range(2):
        assert type(Choice("auto", path).of(conv_network())) is reference.Engine
    said = capfd.readouterr().err
    assert said.count("\n") == 1 and str(path) in said
    assert "no BLAS" in said and "slower reference engine" in said


# --- a file that is damaged


def cut(whole):
    return whole[: len(whole) // 2]


def without_seal(whole):
    return whole[: -len(_library._seal(b""))]


def flipped(whole):
    return whole[:5000] + bytes([whole[5000] ^ 1]) + whole[5001:]


def foreign(whole):
    return b"no library" + _library._seal(b"no library")


DAMAGES = {cut: "is damaged", without_seal: "is damaged", flipped: "is damaged", foreign: "loaded"}


@pytest.mark.parametrize("damage", DAMAGES)
def test_a_kernel_that_is_damaged_is_said_once_and_done_without(tmp_path, capfd, damage):
    path = tmp_path / "kernel.so"
    path.write_bytes(damage(kernel().read_bytes()))
    for _ in range(2):
        assert type(Choice("auto", path).of(conv_network())) is reference.Engine
    said = capfd.readouterr().err
    assert said.count("\n") == 1
    assert str(path) in said and DAMAGES[damage] in said and "slower reference engine" in said


def test_a_truncated_kernel_does_not_end_the_process(tmp_path):
    path = tmp_path / "kernel.so"
    path.write_bytes(cut(kernel().read_bytes()))
    program = (
        "import sys; from helpers import conv_network; from metalandscape.engines import Choice;"
        "print(type(Choice('auto', sys.argv[1]).of(conv_network())).__module__)"
    )
    done = subprocess.run(
        [sys.executable, "-c", program, path],
        capture_output=True,
        text=True,
        env=os.environ | {"PYTHONPATH": os.pathsep.join(sys.path)},
    )
    assert done.returncode == 0, done.stderr
    assert done.stdout.strip() == "metalandscape.engines.reference"


def test_a_whole_kernel_is_loaded_in_silence(tmp_path, capfd):
    path = tmp_path / "kernel.so"
    path.write_bytes(kernel().read_bytes())
    assert isinstance(Choice("auto", path).of(conv_network()), native.Engine)
    assert capfd.readouterr().err == ""


def test_no_kernel_is_no_fault(tmp_path, capfd):
    for path in (None, tmp_path / "missing.so"):
        assert type(Choice("auto", path).of(conv_network())) is reference.Engine
    assert capfd.readouterr().err == ""
