"""Both ends of the spectrum of a symmetric operator by Lanczos, with their residuals.

A residual proves that an eigenvalue lies that close to the value found, not that it is the extreme
one: a start that hardly contains the extreme eigenvector may stop early. Hence a minimum number of
products, whatever the residuals are. docs/reading.md has the measured rate of such failures.
"""

from collections.abc import Callable, Generator, Sequence
from typing import NamedTuple

import numpy as np
import torch
from jaxtyping import Float
from torch import Tensor


class Extremes(NamedTuple):
    """The extreme eigenvalues of a symmetric operator.

    Attributes:
        largest, smallest: the ends of the spectrum, with their sign.
        norm: the spectral norm, max(abs(largest), abs(smallest)).
        residual: |A v - lambda v| at the end that is the norm: an eigenvalue lies that close.
        other_residual: the same at the other end.
        products: operator-vector products spent.
        converged: whether both residuals are within their tolerances.
    """

    largest: float
    smallest: float
    norm: float
    residual: float
    other_residual: float
    products: int
    converged: bool


class Limits(NamedTuple):
    """When to stop.

    Attributes:
        tolerance: of the residual at the end that is the norm, as a share of the norm. The error
            of an eigenvalue is of the order of its residual's square.
        other_tolerance: of the residual at the other end, as a share of the norm, too.
        least: the fewest products to spend, unless the Krylov space is complete before.
        most: the most products to spend.
    """

    tolerance: float = 1e-3
    other_tolerance: float = 1e-2
    least: int = 8
    most: int = 200


Search = Generator[Float[Tensor, "P"], Float[Tensor, "P"], Extremes]
"""Yields v, is sent A v, and so on; returns what it found."""


def extremes(
    product: Callable[[Float[Tensor, "P"]], Float[Tensor, "P"]],
    start: Float[Tensor, "P"],
    limits: Limits,
) -> Extremes:
    """Return both ends of the spectrum of v -> A v, see `search`."""
    return together(lambda v: product(v[0]).unsqueeze(0), [search(start, limits)])[0]


def together(
    product: Callable[[Float[Tensor, "n P"]], Float[Tensor, "n P"]], searches: Sequence[Search]
) -> list[Extremes]:
    """Return what several searches find, each of an operator of its own.

    Args:
        product: V -> the rows of V, each times the operator of one of the searches.
        searches: those that have not begun.
    """
    vectors = [next(each) for each in searches]
    found: dict[int, Extremes] = {}
    while len(found) < len(searches):
        # A search that has ended keeps its last vector, so that the product keeps its shape.
        answers = product(torch.stack(vectors))
        for index in set(range(len(searches))) - set(found):
            try:
                vectors[index] = searches[index].send(answers[index])
            except StopIteration as end:
                found[index] = end.value
    return [found[index] for index in range(len(searches))]


def search(start: Float[Tensor, "P"], limits: Limits) -> Search:
    """Search both ends of the spectrum by Lanczos with periodic reorthogonalization.

    Each product extends an orthonormal basis V of the Krylov space; T = V^T A V is tridiagonal, its
    extreme eigenpairs (theta, s) approximate A's, and |A V s - theta V s| = beta |s_last| (Parlett,
    The Symmetric Eigenvalue Problem, chapter 13). Reorthogonalizing keeps the basis orthogonal in
    rounding; far less than full orthogonality is enough for T (Simon 1984).

    Args:
        start: any vector that is not orthogonal to the wanted eigenvectors; products and basis
            have its type.
        limits: when to stop. Where the other end might be the norm as well, its residual must be
            within the tolerance of the norm, too.
    """
    most = min(limits.most, len(start))
    basis = torch.empty(most, len(start), dtype=start.dtype)
    diagonal: list[float] = []
    off_diagonal: list[float] = []
    v = start / start.norm()
    for k in range(most):
        basis[k] = v
        w = yield v
        diagonal.append(torch.dot(v, w).item())
        w = w - diagonal[-1] * v
        if k:
            w -= off_diagonal[-1] * basis[k - 1]
        # In exact arithmetic w is orthogonal to all of the basis now. Each step loses at most a few
        # digits, so reorthogonalizing every second step suffices.
        if k % 2:
            known = basis[: k + 1]
            w -= known.T @ (known @ w)
        beta = w.norm().item()
        tridiagonal = np.diag(diagonal) + np.diag(off_diagonal, 1) + np.diag(off_diagonal, -1)
        values, vectors = np.linalg.eigh(tridiagonal)
        ends = [(abs(values[i]), beta * abs(vectors[-1, i])) for i in (0, -1)]
        (other, other_residual), (norm, residual) = sorted(ends)
        apart = other + other_residual < norm
        allowed = limits.other_tolerance if apart else limits.tolerance
        converged = residual <= limits.tolerance * norm and other_residual <= allowed * norm
        # A vanishing beta means that the Krylov space is complete.
        whole = beta <= 1e-12 * norm
        if (converged and k + 1 >= limits.least) or whole:
            break
        off_diagonal.append(beta)
        v = w / beta
    largest, smallest = float(values[-1]), float(values[0])
    errors = (float(residual), float(other_residual))
    return Extremes(largest, smallest, float(norm), *errors, k + 1, bool(converged or whole))
