"""The convolutional network by hand, in C++: kernel.cpp, which holds the derivation.

It serves `conv` of four modules, for classification.
"""

import ctypes
import functools
import os
import platform
import shutil
import subprocess
import sys
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from pathlib import Path
from queue import Empty, SimpleQueue

import torch
from torch import Tensor

from ..ground.files import whole
from ..networks import HEAD, Network, size, unflatten
from ..tasks.task import Task
from . import Choice, LossGradient, Rates, mean, pull_back_step, rates_like

NETWORK = "metalandscape.networks.conv"
SOURCES = ("kernel.cpp",)
SOURCE = Path(__file__).with_name("kernel.cpp")
COMPILERS = ("c++", "g++", "clang++")
# No -ffast-math, and nothing that only the machine that compiles may have.
FLAGS = ("-O3", "-std=c++17", "-shared", "-fPIC", "-fno-math-errno", "-fno-trapping-math")
MACHINE = {"x86_64": ("-march=x86-64-v3",), "AMD64": ("-march=x86-64-v3",)}
SUPPORT, TARGET = 0, 1  # slots for images
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


def serve(network: Network, choice: Choice) -> "Engine | None":
    """Return the engine, if the kernel knows the network and runs on this processor."""
    if choice.kernel is None or not knows(network) or not usable(choice.kernel):
        return None
    return Engine(network, choice.kernel, choice.threads)


def knows(network: Network) -> bool:
    """Return whether the kernel can compute the network."""
    if type(network).__module__ != NETWORK or network.tasks != "classification":
        return False
    widest = max(network.options.filters, network.output_size)
    return network.options.modules == 4 and widest <= MOST_FILTERS


def usable(kernel: str | Path) -> bool:
    """Return whether `build` made a kernel, and this processor runs it."""
    built = Path(kernel).exists() and Path(kernel).stat().st_size > 0
    modern = (
        platform.machine() not in MACHINE or torch.backends.cpu.get_cpu_capability() != "DEFAULT"
    )
    return built and modern


@functools.cache
def _library(kernel: str) -> ctypes.CDLL:
    """Load the kernel and hand it a BLAS."""
    library = ctypes.CDLL(kernel)
    library.use_blas(*_blas())
    for kind in ("float", "double"):
        getattr(library, f"create_{kind}").restype = ctypes.c_void_p
    return library


def _wide_amd() -> bool:
    """Return whether this is a processor by AMD with AVX-512, which MKL uses on Intel's only."""
    known = Path("/proc/cpuinfo")
    wide = torch.backends.cpu.get_cpu_capability().startswith("AVX512")
    return wide and known.exists() and "AuthenticAMD" in known.read_text()


def _blas() -> tuple[int | None, ...]:
    """Return the addresses of sgemm, dgemm, and of a setter of BLAS threads or None.

    torch's own BLAS where its library shows it and is made for this processor, otherwise SciPy's.
    """
    known = ctypes.CDLL(str(Path(torch.__file__).parent / "lib" / "libtorch_cpu.so"))
    if all(hasattr(known, name) for name in ("sgemm_", "dgemm_")) and not _wide_amd():
        names = ("sgemm_", "dgemm_", "MKL_Set_Num_Threads_Local")
        found = [getattr(known, name, None) for name in names]
        return tuple(f and ctypes.cast(f, ctypes.c_void_p) for f in found)
    # The kernel has threads of its own. Read when SciPy's BLAS is loaded.
    os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")
    from scipy.linalg import cython_blas

    pointer = ctypes.pythonapi.PyCapsule_GetPointer
    pointer.restype, pointer.argtypes = ctypes.c_void_p, (ctypes.py_object, ctypes.c_char_p)
    name = ctypes.pythonapi.PyCapsule_GetName
    name.restype, name.argtypes = ctypes.c_char_p, (ctypes.py_object,)
    capsules = [cython_blas.__pyx_capi__[function] for function in ("sgemm", "dgemm")]
    return (*[ctypes.c_void_p(pointer(c, name(c))) for c in capsules], None)


class Engine:
    """Implements `engines.Engine` for a ConvNet.

    The kernel wants the weights of convolutions as [3, 3, inputs, filters], and the bias as last
    column of the linear layer's weights; vectors in that order are called packed.
    """

    def __init__(self, network: Network, kernel: str | Path, threads: int = 1) -> None:
        """Compute with this network, on `threads` tasks at a time."""
        self._library = _library(str(Path(kernel).resolve()))
        options = network.options
        stride = 2 if options.downsampling == "stride" else 1
        averaged = options.output == "mean"
        self._settings = (
            network.output_size,
            *network.input_shape,
            options.filters,
            stride,
            averaged,
        )
        own = unflatten(network, torch.arange(size(network)))
        weight, bias = (own.pop(name) for name in HEAD)
        parts = [p.permute(2, 3, 1, 0) if p.dim() == 4 else p for p in own.values()]
        parts.append(torch.cat([weight, bias.unsqueeze(1)], 1))
        self._order = torch.cat([p.reshape(-1) for p in parts])
        self._back = self._order.argsort()
        self._free: dict[str, SimpleQueue] = {"float": SimpleQueue(), "double": SimpleQueue()}
        self._pool = ThreadPoolExecutor(threads) if threads > 1 else None

    def evaluate(self, theta: Tensor, x: Tensor, y: Tensor) -> tuple[float, float]:
        """Return the mean loss and the accuracy at theta [P]."""
        with self._workspace(theta) as kernel:
            kernel.images(SUPPORT, x)
            result = kernel.gradient(SUPPORT, None, self._pack(theta), y, wanted=False)
        return result.loss, result.accuracy

    def gradient(self, theta: Tensor, x: Tensor, y: Tensor) -> LossGradient:
        """Return the gradient of the mean loss at theta [P]."""
        with self._workspace(theta) as kernel:
            kernel.images(SUPPORT, x)
            return self._unpack(kernel.gradient(SUPPORT, None, self._pack(theta), y))

    def adapt(self, theta: Tensor, task: Task, steps: int, rates: Rates) -> Tensor:
        """Return theta~ [P] after `steps` gradient steps on the support loss, Eq. 1."""
        rates = self._pack_rates(rates, theta)
        with self._workspace(theta) as kernel:
            return self._own(kernel.descend(self._pack(theta), task, steps, rates, keep=False)[0])

    def pull_back(
        self, theta: Tensor, task: Task, steps: int, rates: Rates, cotangent: Tensor
    ) -> Tensor:
        """Return (d theta~ / d theta)^T cotangent [P]."""
        rates, v = self._pack_rates(rates, theta), self._pack(cotangent)
        with self._workspace(theta) as kernel:
            kernel.descend(self._pack(theta), task, steps, rates, keep=True)
            for step in reversed(range(steps)):
                v = kernel.pull_back(step, rates, v)
        return self._own(v)

    def meta_gradient(
        self,
        theta: Tensor,
        tasks: Sequence[Task],
        steps: int,
        rates: Rates,
        second_order: bool,
        learn_rates: bool = False,
    ) -> LossGradient:
        """Return the gradient of the mean target loss over tasks, Eq. 2."""
        packed, rates = self._pack(theta), self._pack_rates(rates, theta)

        def one(task: Task) -> LossGradient:
            with self._workspace(theta) as kernel:
                adapted, moves = kernel.descend(packed, task, steps, rates, keep=second_order)
                kernel.images(TARGET, task.target_x)
                result = kernel.gradient(TARGET, None, adapted, task.target_y)
                v, of_rates = result.gradient, torch.zeros_like(packed)
                for step in reversed(range(steps)):
                    if learn_rates:
                        of_rates -= moves[step] * v
                    if second_order:
                        v = kernel.pull_back(step, rates, v)
            return result._replace(gradient=v, rates=of_rates if learn_rates else None)

        results = self._pool.map(one, tasks) if self._pool else map(one, tasks)
        return self._unpack(mean(list(results)))

    def hessian_product(self, theta: Tensor, x: Tensor, y: Tensor) -> Callable[[Tensor], Tensor]:
        """Return v [P] -> H v [P]; forward and backward pass at theta are done once."""
        kernel = _Workspace(self._library, _kind(theta), self._settings)
        kernel.images(SUPPORT, x)
        kernel.gradient(SUPPORT, 0, self._pack(theta), y)
        return lambda v: self._own(kernel.product(SUPPORT, 0, self._pack(v)))

    def _pack(self, vector: Tensor) -> Tensor:
        # Four times faster than indexing.
        return vector.detach().index_select(0, self._order)

    def _own(self, packed: Tensor) -> Tensor:
        return packed.index_select(0, self._back)

    def _pack_rates(self, rates: Rates, theta: Tensor) -> Rates:
        rates = rates_like(rates, theta)
        return self._pack(rates) if isinstance(rates, Tensor) else rates

    def _unpack(self, result: LossGradient) -> LossGradient:
        rates = None if result.rates is None else self._own(result.rates)
        return result._replace(gradient=self._own(result.gradient), rates=rates)

    @contextmanager
    def _workspace(self, theta: Tensor) -> Iterator["_Workspace"]:
        """Lend a workspace that nobody uses."""
        kind = _kind(theta)
        try:
            workspace = self._free[kind].get_nowait()
        except Empty:
            workspace = _Workspace(self._library, kind, self._settings)
        yield workspace
        self._free[kind].put(workspace)


class _Workspace:
    """Memory of the kernel for one thread, kept from call to call; vectors are packed."""

    def __init__(self, library: ctypes.CDLL, kind: str, settings: tuple[int, ...]) -> None:
        self._release = getattr(library, f"release_{kind}")
        self._calls = {
            c: getattr(library, f"{c}_{kind}") for c in ("images", "gradient", "product")
        }
        self._address = ctypes.c_void_p(getattr(library, f"create_{kind}")(*settings))

    def images(self, slot: int, x: Tensor) -> None:
        """Fill a slot with images [n, channels, height, width]."""
        x = x.permute(0, 2, 3, 1).contiguous()
        self._calls["images"](self._address, slot, _pointer(x), len(x))

    def gradient(
        self, slot: int, step: int | None, theta: Tensor, y: Tensor, wanted: bool = True
    ) -> LossGradient:
        """Return loss, accuracy and, where wanted, the gradient; keep it all as a step's."""
        out, result = torch.empty_like(theta), (ctypes.c_double * 2)()
        self._calls["gradient"](
            self._address,
            slot,
            -1 if step is None else step,
            _pointer(theta),
            _pointer(y.contiguous()),
            _pointer(out) if wanted else None,
            result,
        )
        return LossGradient(out, *result)

    def product(self, slot: int, step: int, v: Tensor) -> Tensor:
        """Return the Hessian at a step times v."""
        out = torch.empty_like(v)
        self._calls["product"](self._address, slot, step, _pointer(v), _pointer(out))
        return out

    def descend(
        self, theta: Tensor, task: Task, steps: int, rates: Rates, keep: bool
    ) -> tuple[Tensor, list[Tensor]]:
        """Return theta~ and every step's gradient; keep what Hessian products at the steps need."""
        self.images(SUPPORT, task.support_x)
        gradients = []
        for step in range(steps):
            at = self.gradient(SUPPORT, step if keep else None, theta, task.support_y)
            theta = theta - rates * at.gradient
            gradients.append(at.gradient)
        return theta, gradients

    def pull_back(self, step: int, rates: Rates, v: Tensor) -> Tensor:
        """Return v at theta_t of v at theta_{t+1}, t the step: v - H(theta_t) (r v)."""
        return pull_back_step(v, rates, lambda v: self.product(SUPPORT, step, v))

    def __del__(self) -> None:
        self._release(self._address)


def _pointer(tensor: Tensor) -> ctypes.c_void_p:
    return ctypes.c_void_p(tensor.data_ptr())


def _kind(theta: Tensor) -> str:
    return {torch.float32: "float", torch.float64: "double"}[theta.dtype]
