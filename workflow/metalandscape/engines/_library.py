"""The kernel as a library: compiled once, verified whenever it is loaded, given a BLAS."""

import ctypes
import functools
import hashlib
import os
import platform
import shlex
import shutil
import subprocess
import sys
from pathlib import Path

import torch

from ..ground.files import whole

# Relative to this module; the first is what the compiler is given, and includes the others.
SOURCES = (
    "kernel/kernel.cpp",
    "kernel/arithmetic.hpp",
    "kernel/backward.hpp",
    "kernel/columns.hpp",
    "kernel/forward.hpp",
    "kernel/network.hpp",
    "kernel/pooling.hpp",
    "kernel/tangent.hpp",
    "kernel/workspace.hpp",
)
COMPILERS = ("c++", "g++", "clang++")
# No -ffast-math, and no instructions that only the compiling machine may have.
FLAGS = ("-O3", "-std=c++17", "-shared", "-fPIC", "-fno-math-errno", "-fno-trapping-math")
MACHINE = {"x86_64": ("-march=x86-64-v3",), "AMD64": ("-march=x86-64-v3",)}
SEAL = b"metalandscape kernel "  # and the SHA-256 of the bytes before: how a whole file ends
SLOWER = "metalandscape: the slower reference engine is used"


def build(output: str | Path) -> None:
    """Compile the kernel; if that is impossible, write an empty file and say so in one line."""
    compiler = os.environ.get("CXX") or next(filter(shutil.which, COMPILERS), None)
    with whole(output) as temporary:
        why = _compile(compiler, temporary) if compiler else "no C++ compiler"
        if why:
            print(f"{SLOWER}; {why}.", file=sys.stderr)
            temporary.write_bytes(b"")
        else:
            # A loader maps only the parts that a library's header names, so bytes may follow them.
            with open(temporary, "ab") as file:
                file.write(_seal(temporary.read_bytes()))


def _compile(compiler: str, output: Path) -> str | None:
    """Compile the kernel, and return why that failed, if it did."""
    source = Path(__file__).parent / SOURCES[0]
    flags = [*FLAGS, *MACHINE.get(platform.machine(), ()), source, "-o", output]
    try:
        # CXX may be several words, as make has it: "ccache g++".
        done = subprocess.run([*shlex.split(compiler), *flags], capture_output=True, text=True)
    except (OSError, ValueError) as error:
        return f"{compiler} failed: {_line(error)}"
    return f"{compiler} failed: {_line(done.stderr)}" if done.returncode else None


def _line(said: object) -> str:
    """Return the beginning of what a program or an exception says, as one line."""
    return " ".join(f"{str(said).strip():.200}".split())


def _seal(binary: bytes) -> bytes:
    return SEAL + hashlib.sha256(binary).digest()


def load(kernel: str | Path) -> ctypes.CDLL | None:
    """Return the library that `build` made, or None if it made none that this machine runs.

    A file that is damaged or can't be loaded is reported once, in one line on stderr.
    """
    path = Path(kernel)
    modern = (
        platform.machine() not in MACHINE or torch.backends.cpu.get_cpu_capability() != "DEFAULT"
    )
    if not modern or not path.exists() or path.stat().st_size == 0:
        return None
    return _load(str(path.resolve()))


@functools.cache
def _load(kernel: str) -> ctypes.CDLL | None:
    # Loading a truncated library is a bus error, which no program survives: check it first.
    content, length = Path(kernel).read_bytes(), len(_seal(b""))
    if content[-length:] != _seal(content[:-length]):
        _refuse(kernel, "is damaged")
        return None
    try:
        library = ctypes.CDLL(kernel)
    except OSError as error:
        _refuse(kernel, f"can't be loaded ({_line(error)})")
        return None
    try:
        library.use_blas(*_blas())
    # Platforms and builds of SciPy fail in their own ways; the reference engine needs no BLAS here.
    except Exception as error:
        print(f"{SLOWER}; no BLAS was found for {kernel}: {_line(error)}.", file=sys.stderr)
        return None
    for kind in ("float", "double"):
        getattr(library, f"create_{kind}").restype = ctypes.c_void_p
    return library


def _refuse(kernel: str, why: str) -> None:
    remedy = "delete it, and the workflow compiles it again"
    print(f"{SLOWER}; {kernel} {why}: {remedy}.", file=sys.stderr)


def _wide_amd() -> bool:
    """Return whether this is an AMD processor with AVX-512, which MKL uses only on Intel."""
    known = Path("/proc/cpuinfo")
    wide = torch.backends.cpu.get_cpu_capability().startswith("AVX512")
    return wide and known.exists() and "AuthenticAMD" in known.read_text()


Addresses = tuple[ctypes.c_void_p | None, ...]
"""Of sgemm, of dgemm, and of a setter of BLAS's threads or None."""


def _blas() -> Addresses:
    """Return the addresses in torch's own BLAS, or else in SciPy's, which is everywhere."""
    return (None if _wide_amd() else _torchs_blas()) or _scipys_blas()


def _torchs_blas() -> Addresses | None:
    """Return the addresses in torch's BLAS, or None where its library exports none."""
    names = ("sgemm_", "dgemm_", "MKL_Set_Num_Threads_Local")
    try:
        known = ctypes.CDLL(str(Path(torch.__file__).parent / "lib" / "libtorch_cpu.so"))
    except OSError:  # macOS has no file of that name; its torch computes with Accelerate
        return None
    found = [getattr(known, name, None) for name in names]
    return tuple(f and ctypes.cast(f, ctypes.c_void_p) for f in found) if all(found[:2]) else None


def _scipys_blas() -> Addresses:
    """Return the addresses in SciPy's BLAS: OpenBLAS, or Accelerate on a Mac."""
    # They read this when they are loaded. The engine runs tasks in threads of its own.
    for name in ("OPENBLAS_NUM_THREADS", "VECLIB_MAXIMUM_THREADS"):
        os.environ.setdefault(name, "1")
    from scipy.linalg import cython_blas

    capsules = [cython_blas.__pyx_capi__[function] for function in ("sgemm", "dgemm")]
    return (*map(_address, capsules), None)


def _address(capsule: object) -> ctypes.c_void_p:
    """Return the function that a capsule of Cython's holds."""
    name, pointer = ctypes.pythonapi.PyCapsule_GetName, ctypes.pythonapi.PyCapsule_GetPointer
    name.restype, name.argtypes = ctypes.c_char_p, (ctypes.py_object,)
    pointer.restype, pointer.argtypes = ctypes.c_void_p, (ctypes.py_object, ctypes.c_char_p)
    return ctypes.c_void_p(pointer(capsule, name(capsule)))
