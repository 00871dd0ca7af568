"""Ours and the peers, each called the way its documentation shows.

A contender is a function of a `Work` that returns a function without arguments: what is timed.
"""

import os
import sys
import types
import warnings
from collections.abc import Callable
from itertools import pairwise
from pathlib import Path

import numpy as np
import torch
import torch.nn.functional as F
from torch import Tensor, nn
from work import Work

from metalandscape.engines import Choice
from metalandscape.metrics._lanczos import Limits
from metalandscape.metrics.hessian import spectra
from metalandscape.networks import HEAD, size, unflatten
from metalandscape.tasks.task import Task

DEVICE = os.environ.get("BENCHMARK_DEVICE", "cpu")
PEERS = Path(__file__).parent / ".peers"
KERNEL = PEERS / "kernel"
sys.path.append(str(PEERS))

# Those of the metric: residuals of 1e-3 at the norm and 1e-2 at the other end, 8 products or more.
LIMITS = Limits(tolerance=1e-3, other_tolerance=1e-2, least=8, most=200)


class Block(nn.Module):
    """Convolution, batch norm, ReLU, and max-pooling where the network has it."""

    def __init__(self, channels: int, filters: int, stride: int) -> None:
        super().__init__()
        self.conv = nn.Conv2d(channels, filters, 3, stride, padding=1, bias=False)
        self.norm = nn.BatchNorm2d(filters, track_running_stats=False)
        self.pool = stride == 1

    def forward(self, x: Tensor) -> Tensor:
        """Compute."""
        x = F.relu(self.norm(self.conv(x)))
        return F.max_pool2d(x, 2) if self.pool else x


class ConvModule(nn.Module):
    """The project's ConvNet as the nn.Module that peers want; parameters in the same order."""

    def __init__(self, work: Work) -> None:
        super().__init__()
        network = work.built()
        options = network.options
        stride = 2 if options.downsampling == "stride" else 1
        widths = [network.input_shape[0], *[options.filters] * options.modules]
        self.blocks = nn.Sequential(*[Block(a, b, stride) for a, b in pairwise(widths)])
        self.mean = options.output == "mean"
        classes, features = unflatten(network, work.theta())[HEAD[0]].shape
        self.linear = nn.Linear(features, classes)

    def forward(self, x: Tensor) -> Tensor:
        """Compute."""
        x = self.blocks(x)
        return self.linear(x.mean((2, 3)) if self.mean else x.flatten(1))


def module(work: Work, theta: Tensor) -> nn.Module:
    """Return the peers' network with the weights theta [P]."""
    if work.image:
        net = ConvModule(work)
    else:
        widths = [1, *work.network.options["hidden"], 1]
        layers = [nn.Linear(a, b) for a, b in pairwise(widths)]
        net = nn.Sequential(*[part for layer in layers for part in (layer, nn.ReLU())][:-1])
    net = net.to(work.dtype)
    nn.utils.vector_to_parameters(theta, net.parameters())
    return net.to(DEVICE)


def batch_of(work: Work) -> list[Task]:
    """Return the tasks where the peers compute; what they return is copied back, as ours is."""
    return [Task(*(tensor.to(DEVICE) for tensor in task)) for task in work.batch()]


def criterion(work: Work) -> Callable[[Tensor, Tensor], Tensor]:
    """Return the loss of a batch."""
    return F.cross_entropy if work.image else F.mse_loss


def engine_of(name: str) -> Callable[[Work], Callable[[], Tensor]]:
    """Return a contender: one of the project's engines, on as many threads as torch uses.

    The plain loop takes one task after the other, as peers do, and each on all threads.
    """

    def contender(work: Work) -> Callable[[], Tensor]:
        threads = 1 if name == "reference" else torch.get_num_threads()
        engine = Choice(name, KERNEL, threads, DEVICE).of(work.built())
        theta, batch = work.theta(), work.batch()
        inner = (work.steps, work.rate, work.second_order)
        return lambda: engine.meta_gradient(theta, batch, *inner).gradient

    return contender


def learn2learn(work: Work) -> Callable[[], Tensor]:
    """learn2learn's MAML (Arnold et al. 2020): clone, adapt, backward."""
    if "learn2learn" not in sys.modules:
        # Its __init__ imports the compiled data module; MAML itself needs none of that.
        package = types.ModuleType("learn2learn")
        package.__path__ = [str(PEERS / "learn2learn")]
        sys.modules["learn2learn"] = package
    from learn2learn.algorithms.maml import MAML

    net, batch, loss = module(work, work.theta()), batch_of(work), criterion(work)
    maml = MAML(net, lr=work.rate, first_order=not work.second_order)

    def iteration() -> Tensor:
        net.zero_grad(set_to_none=True)
        for task in batch:
            learner = maml.clone()
            for _ in range(work.steps):
                learner.adapt(loss(learner(task.support_x), task.support_y))
            (loss(learner(task.target_x), task.target_y) / len(batch)).backward()
        return torch.cat([p.grad.reshape(-1) for p in net.parameters()]).cpu()

    return iteration


def higher(work: Work) -> Callable[[], Tensor]:
    """Higher (Grefenstette et al. 2019): a differentiable SGD per task."""
    import higher

    net, batch, loss = module(work, work.theta()), batch_of(work), criterion(work)
    optimizer = torch.optim.SGD(net.parameters(), lr=work.rate)
    options = {"copy_initial_weights": False, "track_higher_grads": work.second_order}

    def iteration() -> Tensor:
        net.zero_grad(set_to_none=True)
        total = torch.zeros(size(work.built()), dtype=work.dtype, device=DEVICE)
        for task in batch:
            with higher.innerloop_ctx(net, optimizer, **options) as (functional, differentiable):
                for _ in range(work.steps):
                    differentiable.step(loss(functional(task.support_x), task.support_y))
                target = loss(functional(task.target_x), task.target_y) / len(batch)
                wanted = net.parameters() if work.second_order else functional.parameters()
                parts = torch.autograd.grad(target, list(wanted))
                total += torch.cat([part.reshape(-1) for part in parts])
        return total.cpu()

    return iteration


def torchopt(work: Work) -> Callable[[], Tensor]:
    """TorchOpt's MetaSGD (Ren et al. 2023), which has no first-order form."""
    import torchopt

    net, batch, loss = module(work, work.theta()), batch_of(work), criterion(work)
    inner = torchopt.MetaSGD(net, lr=work.rate)

    def iteration() -> Tensor:
        net.zero_grad(set_to_none=True)
        start = torchopt.extract_state_dict(net, by="reference")
        start_of_inner = torchopt.extract_state_dict(inner)
        for task in batch:
            for _ in range(work.steps):
                inner.step(loss(net(task.support_x), task.support_y))
            (loss(net(task.target_x), task.target_y) / len(batch)).backward()
            torchopt.recover_state_dict(net, start)
            torchopt.recover_state_dict(inner, start_of_inner)
        return torch.cat([p.grad.reshape(-1) for p in net.parameters()]).cpu()

    return iteration


def jax(work: Work) -> Callable[[], Tensor]:
    """JAX (Bradbury et al. 2018), jitted."""
    from jax_peer import meta_gradient

    return meta_gradient(work)


def _adapted(work: Work) -> tuple[Tensor, Tensor, Tensor]:
    """Return theta~ of a task, and its support set."""
    task = work.batch()[0]
    engine = Choice("reference").of(work.built())
    return engine.adapt(work.theta(), task, work.steps, work.rate), task.support_x, task.support_y


def our_norm(name: str) -> Callable[[Work], Callable[[], float]]:
    """Return a contender: the project's Lanczos on an engine's Hessian products."""

    def contender(work: Work) -> Callable[[], float]:
        engine = Choice(name, KERNEL, device=DEVICE).of(work.built())
        theta, x, y = _adapted(work)
        drawn = np.random.default_rng(0).standard_normal(len(theta))
        noise = torch.from_numpy(drawn).to(work.dtype)

        def norm() -> float:
            return spectra(engine, theta[None], [x], [y], noise, LIMITS)[0].norm

        return norm

    return contender


def pyhessian(work: Work) -> Callable[[], float]:
    """PyHessian's top eigenvalue (Yao et al. 2020): power iteration, its own stopping rule."""
    from pyhessian import hessian

    theta, x, y = (tensor.to(DEVICE) for tensor in _adapted(work))
    net = module(work, theta)

    def norm() -> float:
        net.zero_grad(set_to_none=True)
        torch.manual_seed(0)
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            values, _ = hessian(
                net, F.cross_entropy, data=(x, y), cuda=DEVICE == "cuda"
            ).eigenvalues()
        return abs(values[0])

    return norm


def eigenthings(work: Work) -> Callable[[], float]:
    """Return hessian-eigenthings' eigenvalue of largest magnitude by Lanczos, to 1e-3."""
    import hessian_eigenthings as things

    theta, x, y = (tensor.to(DEVICE) for tensor in _adapted(work))
    net = module(work, theta)
    loss = things.supervised_loss(F.cross_entropy)

    def norm() -> float:
        operator = things.HessianOperator(net, [(x, y)], loss)
        found = things.lanczos(operator, k=1, max_iter=50, tol=1e-3, seed=0)
        return abs(float(found.eigenvalues[0]))

    return norm


def sgemm(work: Work | None) -> Callable[[], None]:
    """A product of two 1024 x 1024 matrices: what the machine can do in the same minute."""
    a, b, out = (torch.rand(1024, 1024, device=DEVICE) for _ in range(3))
    return lambda: torch.mm(a, b, out=out)


def scipy_sgemm(work: Work | None) -> Callable[[], None]:
    """The same with SciPy's BLAS, on one thread."""
    os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")
    from scipy.linalg.blas import sgemm as product

    a, b = (np.asfortranarray(torch.rand(1024, 1024).numpy()) for _ in range(2))
    out = np.zeros((1024, 1024), np.float32, order="F")
    return lambda: product(1.0, a, b, c=out, overwrite_c=True)


OURS, REFERENCE = "metalandscape", "plain autograd loop"
PEAKS = {"sgemm, torch": sgemm}
if DEVICE == "cpu":
    PEAKS["sgemm, SciPy on one thread"] = scipy_sgemm
META_GRADIENTS = {
    OURS: engine_of("auto"),
    REFERENCE: engine_of("reference"),
    "learn2learn": learn2learn,
    "higher": higher,
    "TorchOpt": torchopt,
    "JAX": jax,
}
SECOND_ORDER_ONLY = ("TorchOpt",)
NORMS = {
    OURS: our_norm("auto"),
    REFERENCE: our_norm("reference"),
    "PyHessian": pyhessian,
    "hessian-eigenthings": eigenthings,
}
