"""The four-module convolutional network by hand, in C++: kernel.cpp, which holds the derivation."""

import ctypes
import functools
import os
import platform
import shutil
import subprocess
import sys
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from queue import SimpleQueue

import torch
from torch import Tensor

from ..files import whole
from ..models import ConvNet, Model, size
from ..tasks import Task
from . import LossGradient, mean

SOURCE = Path(__file__).with_name("kernel.cpp")
COMPILERS = ("c++", "g++", "clang++")
# No -ffast-math, and nothing that only the machine that compiles may have.
FLAGS = ("-O3", "-std=c++17", "-shared", "-fPIC", "-fno-math-errno", "-fno-trapping-math")
MACHINE = {"x86_64": ("-march=x86-64-v3",), "AMD64": ("-march=x86-64-v3",)}
MOST_FILTERS = 4096  # of the kernel's fixed buffers


def build(output: str | Path) -> None:
    """Compile the kernel; where that is impossible, write an empty file and say so in one line."""
    compiler = os.environ.get("CXX") or next(filter(shutil.which, COMPILERS), None)
    with whole(output) as temporary:
        command = [compiler, *FLAGS, *MACHINE.get(platform.machine(), ()), SOURCE, "-o", temporary]
        try:
            done = subprocess.run(command, capture_output=True, text=True) if compiler else None
        except OSError as error:
            done = subprocess.CompletedProcess(command, 1, stderr=str(error))
        if done is None or done.returncode:
            why = f"{compiler} failed: {done.stderr.strip():.200}" if done else "no C++ compiler"
            why = " ".join(why.split())
            print(f"metalandscape: the slower reference engine is used; {why}.", file=sys.stderr)
            temporary.write_bytes(b"")


def usable(model: Model, kernel: str | Path | None) -> bool:
    """Return whether `build` made a kernel that this processor runs and that knows the network."""
    built = kernel is not None and Path(kernel).exists() and Path(kernel).stat().st_size > 0
    if not built or not isinstance(model, ConvNet):
        return False
    modern = (
        platform.machine() not in MACHINE or torch.backends.cpu.get_cpu_capability() != "DEFAULT"
    )
    return modern and max(model.network.filters, model.classes) <= MOST_FILTERS


class Settings(ctypes.Structure):
    """What the kernel needs to know of a network; the same order as in kernel.cpp."""

    _fields_ = [
        (name, ctypes.c_int)
        for name in ("way", "channels", "height", "width", "filters", "stride_two", "mean")
    ]


@functools.cache
def _library(kernel: str) -> ctypes.CDLL:
    """Load the kernel and hand it a BLAS."""
    library = ctypes.CDLL(kernel)
    library.use_blas(*_blas())
    for kind in ("float", "double"):
        getattr(library, f"workspace_{kind}").restype = ctypes.c_void_p
    return library


def _blas() -> tuple[int | None, ...]:
    """Return the addresses of sgemm, dgemm, and of a setter of BLAS threads or None.

    torch's own BLAS where its library shows it, otherwise SciPy's.
    """
    known = ctypes.CDLL(str(Path(torch.__file__).parent / "lib" / "libtorch_cpu.so"))
    if all(hasattr(known, name) for name in ("sgemm_", "dgemm_")):
        names = ("sgemm_", "dgemm_", "MKL_Set_Num_Threads_Local")
        found = [getattr(known, name, None) for name in names]
        return tuple(f and ctypes.cast(f, ctypes.c_void_p) for f in found)
    from scipy.linalg import cython_blas

    pointer = ctypes.pythonapi.PyCapsule_GetPointer
    pointer.restype, pointer.argtypes = ctypes.c_void_p, (ctypes.py_object, ctypes.c_char_p)
    name = ctypes.pythonapi.PyCapsule_GetName
    name.restype, name.argtypes = ctypes.c_char_p, (ctypes.py_object,)
    capsules = [cython_blas.__pyx_capi__[function] for function in ("sgemm", "dgemm")]
    return (*[ctypes.c_void_p(pointer(c, name(c))) for c in capsules], None)


class Engine:
    """Implements `engines.Engine` for a ConvNet."""

    def __init__(self, model: ConvNet, kernel: str | Path, threads: int = 1) -> None:
        """Compute with this network, on `threads` tasks at a time."""
        self.parameters = size(model)
        self._library = _library(str(Path(kernel).resolve()))
        height, width, channels = model.image_shape
        self._settings = Settings(
            model.classes,
            channels,
            height,
            width,
            model.network.filters,
            model.network.downsampling == "stride",
            model.network.output == "mean",
        )
        self._free: dict[str, SimpleQueue] = {"float": SimpleQueue(), "double": SimpleQueue()}
        self._pool = ThreadPoolExecutor(threads) if threads > 1 else None

    def evaluate(self, theta: Tensor, x: Tensor, y: Tensor) -> tuple[float, float]:
        """Return the mean loss and the accuracy at theta [P]."""
        result = (ctypes.c_double * 2)()
        self._call("gradient", theta, theta, x, y, len(x), None, result)
        return result[0], result[1]

    def gradient(self, theta: Tensor, x: Tensor, y: Tensor) -> LossGradient:
        """Return the gradient of the mean loss at theta [P]."""
        out, result = torch.empty_like(theta), (ctypes.c_double * 2)()
        self._call("gradient", theta, theta, x, y, len(x), out, result)
        return LossGradient(out, *result)

    def adapt(self, theta: Tensor, task: Task, steps: int, rate: float) -> Tensor:
        """Return theta~ [P] after `steps` gradient steps on the support loss, Eq. 1."""
        out = torch.empty_like(theta)
        self._call("adapt", theta, theta, *_support(task), steps, rate, out)
        return out

    def pull_back(
        self, theta: Tensor, task: Task, steps: int, rate: float, cotangent: Tensor
    ) -> Tensor:
        """Return (d theta~ / d theta)^T cotangent [P]."""
        out = torch.empty_like(theta)
        self._call("pull_back", theta, theta, *_support(task), steps, rate, cotangent, out)
        return out

    def meta_gradient(
        self, theta: Tensor, tasks: Sequence[Task], steps: int, rate: float, second_order: bool
    ) -> LossGradient:
        """Return the gradient of the mean target loss over tasks, Eq. 2."""

        def one(task: Task) -> LossGradient:
            out, result = torch.empty_like(theta), (ctypes.c_double * 2)()
            target = (task.target_x, task.target_y, len(task.target_x))
            self._call(
                "meta_gradient",
                theta,
                theta,
                *_support(task),
                *target,
                steps,
                rate,
                int(second_order),
                out,
                result,
            )
            return LossGradient(out, *result)

        return mean(list(self._pool.map(one, tasks) if self._pool else map(one, tasks)))

    def hessian_product(self, theta: Tensor, x: Tensor, y: Tensor) -> Callable[[Tensor], Tensor]:
        """Return v [P] -> H v [P]; forward and backward pass at theta are done once."""
        workspace = self._workspace(_kind(theta))
        self._invoke("prepare_product", workspace, theta, x, y, len(x))

        def product(v: Tensor) -> Tensor:
            out = torch.empty_like(v)
            self._invoke("hessian_product", workspace, v, out)
            return out

        return product

    def _workspace(self, kind: str) -> "_Workspace":
        return _Workspace(self._library, kind, self._settings)

    def _call(self, function: str, theta: Tensor, *arguments: object) -> None:
        """Call a function of the kernel in a workspace that is free."""
        free = self._free[_kind(theta)]
        workspace = self._workspace(_kind(theta)) if free.empty() else free.get()
        self._invoke(function, workspace, *arguments)
        free.put(workspace)

    def _invoke(self, function: str, workspace: "_Workspace", *arguments: object) -> None:
        values, alive = [], []
        for argument in arguments:
            if isinstance(argument, Tensor):
                argument = argument.detach().contiguous()
                alive.append(argument)
                argument = ctypes.c_void_p(argument.data_ptr())
            elif isinstance(argument, float):
                argument = ctypes.c_double(argument)
            values.append(argument)
        getattr(self._library, f"{function}_{workspace.kind}")(workspace.address, *values)


class _Workspace:
    """Memory of the kernel for one thread; kept from call to call."""

    def __init__(self, library: ctypes.CDLL, kind: str, settings: Settings) -> None:
        self.kind, self._library = kind, library
        create = getattr(library, f"workspace_{kind}")
        self.address = ctypes.c_void_p(create(ctypes.byref(settings)))

    def __del__(self) -> None:
        getattr(self._library, f"release_{self.kind}")(self.address)


def _kind(theta: Tensor) -> str:
    return {torch.float32: "float", torch.float64: "double"}[theta.dtype]


def _support(task: Task) -> tuple[Tensor, Tensor, int]:
    return task.support_x, task.support_y, len(task.support_x)
