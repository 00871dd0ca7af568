"""The trace of a symmetric operator by Hutch++, with its standard error."""

from math import sqrt
from typing import NamedTuple

import torch
from jaxtyping import Float, Float64
from torch import Tensor

from ..engines import Products


class Trace(NamedTuple):
    """An estimate of a trace.

    Attributes:
        value: the estimate.
        error: its standard error, from the spread over probes.
    """

    value: float
    error: float


def traces(product: Products, probes: Float[Tensor, "tasks _ P"]) -> list[Trace]:
    """Return the trace of every task's operator A by Hutch++ (Meyer et al. 2021).

    With S and G the first and the second half of the probes, as columns, k each, and Q an
    orthonormal basis of the range of A S, tr A = tr Q^T A Q + tr (I - Q Q^T) A (I - Q Q^T). The
    first part, which holds most of the large eigenvalues, is computed; the second is the mean over
    the columns g of G of g^T (I - Q Q^T) A (I - Q Q^T) g (Hutchinson 1990). Given S, its error is
    s / sqrt(k). That makes at most 3 k products.

    Args:
        product: V -> A V, a row for each task.
        probes: 2 k random vectors of a task, of independent entries -1 and 1.
    """
    sketch, rest = probes.chunk(2, dim=1)
    bases = torch.stack([_basis(images) for images in _each(product, sketch)])
    rest = rest.double()
    rest = rest - (rest @ bases.mT) @ bases
    known, unknown = (_forms(product, rows, probes.dtype) for rows in (bases, rest))
    return [
        Trace((first.sum() + second.mean()).item(), second.std().item() / sqrt(len(second)))
        for first, second in zip(known, unknown, strict=True)
    ]


def _basis(images: Float[Tensor, "vectors P"]) -> Float64[Tensor, "_ P"]:
    """Return orthonormal rows that span the given ones."""
    return torch.linalg.qr(images.double().T).Q.T


def _each(
    product: Products, rows: Float[Tensor, "tasks vectors P"]
) -> Float[Tensor, "tasks vectors P"]:
    """Return all rows of every task times its operator."""
    return torch.stack([product(each) for each in rows.unbind(1)], dim=1)


def _forms(
    product: Products, rows: Float64[Tensor, "tasks vectors P"], kind: torch.dtype
) -> Float64[Tensor, "tasks vectors"]:
    """Return v^T A v of all rows v of every task; products have the given type."""
    return (rows * _each(product, rows.to(kind)).double()).sum(2)
