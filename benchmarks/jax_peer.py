"""JAX as a peer: the same networks and meta-gradients as functions of arrays, jitted.

Convolutions are patches and one product, its fastest form on a CPU, where tasks are taken one after
the other by `lax.map`; on a GPU they are mapped by `vmap`.
"""

import os
from collections.abc import Callable
from typing import Any

import numpy as np
import torch
from torch import Tensor
from work import Work

from metalandscape.networks import HEAD, unflatten

if torch.get_num_threads() == 1:
    # XLA has threads of its own, which don't heed OpenMP's setting.
    os.environ["XLA_FLAGS"] = "--xla_cpu_multi_thread_eigen=false intra_op_parallelism_threads=1"

import jax
import jax.numpy as jnp
from jax import lax

jax.config.update("jax_enable_x64", True)  # for the comparison in double precision

Parameters = dict[str, Any]


def convolution(x: Any, weight: Any, stride: int) -> Any:
    """Return the 3x3 convolution of x [n, height, width, channels], weight as in torch."""
    filters, channels, size, _ = weight.shape
    padded = jnp.pad(x, ((0, 0), (1, 1), (1, 1), (0, 0)))
    height, width = ((side - 1) // stride + 1 for side in x.shape[1:3])
    parts = [
        padded[:, i : i + height * stride : stride, j : j + width * stride : stride]
        for i in range(size)
        for j in range(size)
    ]
    return jnp.concatenate(parts, axis=-1) @ weight.transpose(2, 3, 1, 0).reshape(
        size * size * channels, filters
    )


def batch_norm(x: Any, scale: Any, shift: Any) -> Any:
    """Return x normalized over all but its last dimension."""
    centered = x - x.mean((0, 1, 2))
    return centered * lax.rsqrt((centered**2).mean((0, 1, 2)) + 1e-5) * scale + shift


def pooled(x: Any) -> Any:
    """Return 2x2 maxima.

    `max` and `maximum` of the corners, jitted by jaxlib 0.10 on a CPU, gave meta-gradients that
    were wrong by 20 to 70 %.
    """
    return lax.reduce_window(x, -jnp.inf, lax.max, (1, 2, 2, 1), (1, 2, 2, 1), "VALID")


def convnet(work: Work) -> Callable[[Parameters, Any], Any]:
    """Return the ConvNet as a function of parameters and images [n, height, width, channels]."""
    options = work.built().options
    stride = 2 if options.downsampling == "stride" else 1

    def outputs(p: Parameters, x: Any) -> Any:
        for module in range(1, options.modules + 1):
            x = convolution(x, p[f"conv{module}.weight"], stride)
            x = jax.nn.relu(batch_norm(x, p[f"norm{module}.weight"], p[f"norm{module}.bias"]))
            x = x if stride == 2 else pooled(x)
        mean = options.output == "mean"
        h = x.mean((1, 2)) if mean else x.transpose(0, 3, 1, 2).reshape(len(x), -1)
        return h @ p[HEAD[0]].T + p[HEAD[1]]

    return outputs


def mlp(work: Work) -> Callable[[Parameters, Any], Any]:
    """Return the fully connected network as a function of its parameters and inputs."""

    def outputs(p: Parameters, x: Any) -> Any:
        for layer in range(1, len(work.built().options.hidden) + 1):
            x = jax.nn.relu(x @ p[f"hidden{layer}.weight"].T + p[f"hidden{layer}.bias"])
        return x @ p[HEAD[0]].T + p[HEAD[1]]

    return outputs


def loss_of(work: Work) -> Callable[[Parameters, Any, Any], Any]:
    """Return the mean loss as a function of parameters, inputs and answers."""
    outputs = convnet(work) if work.image else mlp(work)

    def loss(p: Parameters, x: Any, y: Any) -> Any:
        if not work.image:
            return ((outputs(p, x) - y) ** 2).mean()
        likelihood = jax.nn.log_softmax(outputs(p, x))
        return -jnp.take_along_axis(likelihood, y[:, None], 1).mean()

    return loss


def array(tensor: Tensor) -> Any:
    """Return a tensor as JAX's array, channels last in images."""
    tensor = tensor.permute(0, 1, 3, 4, 2) if tensor.dim() == 5 else tensor
    return jnp.asarray(np.ascontiguousarray(tensor.numpy()))


def meta_gradient(work: Work) -> Callable[[], Tensor]:
    """Return the contender."""
    loss = loss_of(work)

    def of_task(p: Parameters, task: tuple[Any, ...]) -> Any:
        x, y, target_x, target_y = task
        for _ in range(work.steps):
            g = jax.grad(loss)(p, x, y)
            g = g if work.second_order else lax.stop_gradient(g)
            p = jax.tree.map(lambda a, b: a - work.rate * b, p, g)
        return loss(p, target_x, target_y)

    on_gpu = jax.default_backend() != "cpu"

    @jax.jit
    def gradient(p: Parameters, batch: tuple[Any, ...]) -> Any:
        def one(task: tuple[Any, ...]) -> Any:
            return jax.grad(of_task)(p, task)

        each = jax.vmap(one)(batch) if on_gpu else lax.map(one, batch)
        return jax.tree.map(lambda g: g.mean(0), each)

    network = work.built()
    p = {name: jnp.asarray(t.numpy()) for name, t in unflatten(network, work.theta()).items()}
    batch = tuple(array(torch.stack(each)) for each in zip(*work.batch(), strict=True))

    def iteration() -> Tensor:
        found = gradient(p, batch)
        parts = [np.asarray(found[parameter.name]).ravel() for parameter in network.parameters]
        return torch.from_numpy(np.concatenate(parts))

    return iteration
