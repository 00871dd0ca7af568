"""Averages over pairs i != j of inner products, without ever forming the pairs.

sum_{i != j} u_i . u_j = |sum_i u_i|^2 - sum_i |u_i|^2, in O(N P) time and O(P) memory.
"""

from collections.abc import Callable, Iterable

import numpy as np
import torch
from torch import Tensor

from . import Measurement


def pair_average(name: str, split: str, vectors: Callable[[], Iterable[Tensor]]) -> Measurement:
    """Return E_{i != j}[u_i . u_j] with its jackknife standard error over tasks.

    The vectors are gone through twice, first for their sum and then for every task's own share
    a_i = u_i . (sum_j u_j - u_i) / (N - 1), whose mean is the average over pairs: recomputing them
    takes time where keeping them would take N x P memory. Sums are float64.

    Args:
        name: the quantity's name.
        split: the split of its tasks.
        vectors: returns the N vectors [P] anew, in the same order, at each call.

    Raises:
        ValueError: there are fewer than three vectors.
    """
    total = None
    for vector in vectors():
        total = torch.zeros_like(vector, dtype=torch.float64) if total is None else total
        total += vector
    shares = []
    for vector in vectors():
        u = vector.double()
        shares.append((torch.dot(u, total) - torch.dot(u, u)).item())
    n = len(shares)
    if n < 3:
        raise ValueError(f"an average over pairs needs at least three vectors, got {n}")
    # Leaving task i out takes its share out of the sum over pairs twice (as i and as j).
    left_out = (np.sum(shares) - 2 * np.array(shares)) / ((n - 1) * (n - 2))
    return Measurement(
        name,
        split,
        float(np.sum(shares) / (n * (n - 1))),
        jackknife_error(left_out),
        np.array(shares) / (n - 1),
    )


def jackknife_error(left_out: np.ndarray) -> float:
    """Return the jackknife standard error from the n leave-one-out estimates (Tukey 1958)."""
    n = len(left_out)
    return float(np.sqrt((n - 1) / n * np.sum((left_out - left_out.mean()) ** 2)))
