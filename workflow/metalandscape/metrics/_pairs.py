"""Averages over pairs i != j of inner products, without ever forming the pairs.

sum_{i != j} u_i . u_j = |sum_i u_i|^2 - sum_i |u_i|^2, in O(N P) time and O(P) memory.
"""

from collections.abc import Callable, Iterable, Sequence

import numpy as np
import torch
from jaxtyping import Float, Float64
from torch import Tensor

from . import Measurement


def pair_average(
    name: str, split: str, vectors: Callable[[], Iterable[Float[Tensor, "P"]]]
) -> Measurement:
    """Return E_{i != j}[u_i . u_j] of one vector per task; see `pair_averages`."""
    (found,) = pair_averages([name], split, lambda: ((vector,) for vector in vectors()))
    return found


def pair_averages(
    names: Sequence[str], split: str, vectors: Callable[[], Iterable[Sequence[Float[Tensor, "P"]]]]
) -> list[Measurement]:
    """Return E_{i != j}[u_i . u_j] of several vectors u per task, with jackknife standard errors.

    The vectors are gone through twice, first for their sums and then for every task's own share
    a_i = u_i . (sum_j u_j - u_i) / (N - 1), whose mean is the average over pairs: recomputing them
    takes time where keeping them would take N x P memory. Sums are float64. A task whose vectors
    are not finite has the share NaN, which makes the average NaN, and is left out of the others'.

    Args:
        names: of the quantities.
        split: the split of their tasks.
        vectors: returns for each of the N tasks a vector per name, anew and in the same order
            at each call.

    Raises:
        ValueError: there are fewer than three tasks.
    """
    totals = [torch.zeros((), dtype=torch.float64)] * len(names)
    for own in vectors():
        if all(map(_finite, own)):
            totals = [total + u.double() for total, u in zip(totals, own, strict=True)]
    shares = np.array([_shares(own, totals) for own in vectors()])
    if len(shares) < 3:
        raise ValueError(f"an average over pairs needs at least three vectors, got {len(shares)}")
    return [_average(n, split, s) for n, s in zip(names, shares.T, strict=True)]


def _finite(u: Float[Tensor, "P"]) -> bool:
    return bool(torch.isfinite(u).all())


def _shares(
    own: Sequence[Float[Tensor, "P"]], totals: Sequence[Float64[Tensor, "..."]]
) -> list[float]:
    """Return u . (total - u) of each vector, NaN if one isn't finite."""
    if not all(map(_finite, own)):
        return [float("nan")] * len(own)
    pairs = zip(own, totals, strict=True)
    return [
        (torch.dot(u.double(), total) - torch.dot(u.double(), u.double())).item()
        for u, total in pairs
    ]


def _average(name: str, split: str, shares: Float[np.ndarray, "n"]) -> Measurement:
    n = len(shares)
    # Leaving task i out takes its share out of the sum over pairs twice (as i and as j).
    left_out = (np.sum(shares) - 2 * shares) / ((n - 1) * (n - 2))
    value = float(np.sum(shares) / (n * (n - 1)))
    return Measurement(name, split, value, jackknife_error(left_out), shares / (n - 1))


def jackknife_error(left_out: Float[np.ndarray, "n"]) -> float:
    """Return the jackknife standard error from the n leave-one-out estimates (Tukey 1958)."""
    n = len(left_out)
    return float(np.sqrt((n - 1) / n * np.sum((left_out - left_out.mean()) ** 2)))


def direction(displacement: Float[Tensor, "P"]) -> Float64[Tensor, "P"]:
    """Return the unit vector in float64; no displacement has no direction: the zero vector."""
    displacement = displacement.double()
    norm = displacement.norm()
    return displacement / norm if norm > 0 else displacement
