"""Gauss quadrature of the spectral measure of symmetric operators, by Lanczos.

For a unit vector v and the eigenpairs (lambda_i, u_i) of A, the spectral measure of v has the mass
(v . u_i)^2 at lambda_i. With T the tridiagonal matrix of m Lanczos steps from v and (t_j, s_j) its
eigenpairs, the masses (s_j)_1^2 at t_j integrate polynomials of degree up to 2 m - 1 exactly (Golub
& Meurant 2010): v^T A^k v = sum_j (s_j)_1^2 t_j^k.
"""

from typing import NamedTuple

import numpy as np
import torch
from jaxtyping import Float, Float64
from torch import Tensor

from ..engines import Products
from ._lanczos import Limits, search, together


class Quadrature(NamedTuple):
    """A quadrature of a spectral measure.

    Attributes:
        nodes: t_j, from the smallest.
        weights: their masses, whose sum is 1.
        residuals: |A y_j - t_j y_j| for the Ritz vector y_j: an eigenvalue lies that close.
    """

    nodes: Float64[np.ndarray, "nodes"]
    weights: Float64[np.ndarray, "nodes"]
    residuals: Float64[np.ndarray, "nodes"]


def quadratures(
    product: Products, starts: Float[Tensor, "tasks P"], steps: int
) -> list[Quadrature]:
    """Return the quadrature of every task's operator from its own start.

    Args:
        product: V -> A V, a row for each task.
        starts: v, up to their length.
        steps: of Lanczos; fewer where the Krylov space is whole before.
    """
    chains = [_Chain() for _ in starts]

    def recorded(vectors: Float[Tensor, "tasks P"]) -> Float[Tensor, "tasks P"]:
        answers = product(vectors)
        for chain, v, w in zip(chains, vectors, answers, strict=True):
            chain.add(v.double(), w.double())
        return answers

    endless = Limits(tolerance=0, other_tolerance=0, least=steps, most=steps)
    found = together(recorded, [search(start, endless) for start in starts])
    # Those that have ended are multiplied on with the others, which doesn't count.
    return [c.quadrature(end.products) for c, end in zip(chains, found, strict=True)]


class _Chain:
    """The coefficients a, b of A v_k = b_{k-1} v_{k-1} + a_k v_k + b_k v_{k+1}."""

    def __init__(self) -> None:
        self._diagonal: list[float] = []
        self._off_diagonal: list[float] = []
        self._last: Tensor | None = None

    def add(self, v: Float64[Tensor, "P"], w: Float64[Tensor, "P"]) -> None:
        """Take v_k and A v_k."""
        self._diagonal.append(torch.dot(v, w).item())
        rest = w - self._diagonal[-1] * v
        if self._last is not None:
            rest -= self._off_diagonal[-1] * self._last
        self._off_diagonal.append(rest.norm().item())
        self._last = v

    def quadrature(self, steps: int) -> Quadrature:
        """Return the quadrature of the first steps."""
        *off, beyond = self._off_diagonal[:steps]
        tridiagonal = np.diag(self._diagonal[:steps]) + np.diag(off, 1) + np.diag(off, -1)
        nodes, vectors = np.linalg.eigh(tridiagonal)
        return Quadrature(nodes, vectors[0] ** 2, beyond * np.abs(vectors[-1]))
