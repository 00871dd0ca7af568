"""Both ends of the spectrum of a symmetric operator, certified by residuals."""

from collections.abc import Callable
from typing import NamedTuple

import numpy as np
import torch
from torch import Tensor


class Extremes(NamedTuple):
    """The extreme eigenvalues of a symmetric operator.

    Attributes:
        largest, smallest: the ends of the spectrum, with their sign.
        norm: the spectral norm, max(abs(largest), abs(smallest)).
        residual: the larger |A v - lambda v| of the two ends: an eigenvalue lies that close.
        products: operator-vector products spent.
    """

    largest: float
    smallest: float
    norm: float
    residual: float
    products: int


def extremes(
    product: Callable[[Tensor], Tensor], start: Tensor, tolerance: float, limit: int
) -> Extremes:
    """Return both ends of the spectrum by Lanczos with full reorthogonalisation.

    Each product extends an orthonormal basis V of the Krylov space; T = V^T A V is tridiagonal, its
    extreme eigenpairs (theta, s) approximate A's, and |A V s - theta V s| = beta |s_last| (Parlett,
    The Symmetric Eigenvalue Problem, chapter 13). Reorthogonalising keeps the basis orthogonal in
    rounding; it costs far less than a product.

    Args:
        product: v [P] -> A v [P].
        start: [P], any vector that is not orthogonal to the wanted eigenvectors; products and basis
            have its type.
        tolerance: stop when both residuals are at most this share of the norm.
        limit: the most products to spend; the residual tells whether they sufficed.
    """
    limit = min(limit, len(start))
    basis = torch.empty(limit, len(start), dtype=start.dtype)
    diagonal: list[float] = []
    off_diagonal: list[float] = []
    v = start / start.norm()
    for k in range(limit):
        basis[k] = v
        w = product(v)
        diagonal.append(torch.dot(v, w).item())
        known = basis[: k + 1]
        # Once is not enough, twice is (Kahan; Parlett, section 6.9).
        for _ in range(2):
            w = w - known.T @ (known @ w)
        beta = w.norm().item()
        tridiagonal = np.diag(diagonal) + np.diag(off_diagonal, 1) + np.diag(off_diagonal, -1)
        values, vectors = np.linalg.eigh(tridiagonal)
        norm = float(max(abs(values[0]), abs(values[-1])))
        residual = float(beta * max(abs(vectors[-1, 0]), abs(vectors[-1, -1])))
        # The first product sees one value only; a vanishing beta means the Krylov space is whole.
        if (k > 0 and residual <= tolerance * norm) or beta <= 1e-12 * norm:
            break
        off_diagonal.append(beta)
        v = w / beta
    return Extremes(float(values[-1]), float(values[0]), norm, residual, k + 1)
