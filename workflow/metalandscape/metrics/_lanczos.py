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
        residual: |A v - lambda v| at the end that is the norm: an eigenvalue lies that close.
        other_residual: the same at the other end.
        products: operator-vector products spent.
    """

    largest: float
    smallest: float
    norm: float
    residual: float
    other_residual: float
    products: int


def extremes(
    product: Callable[[Tensor], Tensor], start: Tensor, tolerance: float, limit: int
) -> Extremes:
    """Return both ends of the spectrum by Lanczos with periodic reorthogonalisation.

    Each product extends an orthonormal basis V of the Krylov space; T = V^T A V is tridiagonal, its
    extreme eigenpairs (theta, s) approximate A's, and |A V s - theta V s| = beta |s_last| (Parlett,
    The Symmetric Eigenvalue Problem, chapter 13). Reorthogonalising keeps the basis orthogonal in
    rounding; far less than full orthogonality is enough for T (Simon 1984).

    Args:
        product: v [P] -> A v [P].
        start: [P], any vector that is not orthogonal to the wanted eigenvectors; products and basis
            have its type.
        tolerance: stop when the residual of the norm is at most this share of it, and that of the
            other end ten times this share. The error of an eigenvalue is of the order of its
            residual's square. Where the other end might be the norm as well, both residuals must be
            within the tolerance.
        limit: the most products to spend; the residuals tell whether they sufficed.
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
        w = w - diagonal[-1] * v
        if k:
            w -= off_diagonal[-1] * basis[k - 1]
        # In exact arithmetic w is orthogonal to all of the basis now. Rounding takes a few digits
        # of that in a step at most, so that every second step restores it for both.
        if k % 2:
            known = basis[: k + 1]
            w -= known.T @ (known @ w)
        beta = w.norm().item()
        tridiagonal = np.diag(diagonal) + np.diag(off_diagonal, 1) + np.diag(off_diagonal, -1)
        values, vectors = np.linalg.eigh(tridiagonal)
        ends = [(abs(values[i]), beta * abs(vectors[-1, i])) for i in (0, -1)]
        (other, other_residual), (norm, residual) = sorted(ends)
        allowed = tolerance * norm
        apart = other + other_residual < norm
        # The first product sees one value only; a vanishing beta means the Krylov space is whole.
        converged = residual <= allowed and other_residual <= (10 if apart else 1) * allowed
        if (k > 0 and converged) or beta <= 1e-12 * norm:
            break
        off_diagonal.append(beta)
        v = w / beta
    found = (values[-1], values[0], norm, residual, other_residual)
    return Extremes(*map(float, found), k + 1)
