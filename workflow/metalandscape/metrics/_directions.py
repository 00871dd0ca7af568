"""Directions in the space of parameters along which a landscape is looked at."""

from collections.abc import Sequence
from math import prod
from typing import NamedTuple

import torch
from jaxtyping import Float, Float64
from torch import Tensor

from ..networks import Network, flatten, unflatten

COLUMNS = 1 << 18  # of parameters that are in float64 at a time


class Plane(NamedTuple):
    """The plane that fits the paths of several tasks best.

    Attributes:
        directions: two orthonormal vectors; a zero vector if the paths span less.
        coordinates: of every point of the paths along them; NaN for a path that is not finite.
        held: the squared length of the path's points within the plane, summed over its points.
        total: the same of the points themselves.
    """

    directions: Float[Tensor, "2 P"]
    coordinates: Float64[Tensor, "tasks points 2"]
    held: Float64[Tensor, "tasks"]
    total: Float64[Tensor, "tasks"]


def filter_norms(network: Network, thetas: Float[Tensor, "tasks P"]) -> Float[Tensor, "tasks P"]:
    """Return for every weight of several thetas the l2 norm of the filter that it belongs to.

    A filter is what yields one output of a layer: a row of its weight. What belongs to none (a
    bias, a norm's scale or shift) has its own size.
    """
    shapes = [parameter.shape for parameter in network.parameters]
    parts = thetas.split([prod(shape) for shape in shapes], dim=1)
    return torch.cat([_norms(part, shape) for part, shape in zip(parts, shapes, strict=True)], 1)


def _norms(part: Float[Tensor, "tasks _"], shape: Sequence[int]) -> Float[Tensor, "tasks _"]:
    if len(shape) < 2:
        return part.abs()
    filters = part.unflatten(1, (shape[0], -1))
    return filters.norm(dim=2, keepdim=True).expand_as(filters).flatten(1)


def filter_normalized(
    network: Network, direction: Float[Tensor, "P"], theta: Float[Tensor, "P"]
) -> Float[Tensor, "P"]:
    """Return a direction each of whose filters has the norm of theta's (Li et al. 2018).

    What belongs to no filter doesn't move, as in Li et al.'s experiments.
    """
    wanted, own = filter_norms(network, torch.stack([theta, direction]))
    scaled = unflatten(network, direction * (wanted / own))
    fixed = {name: torch.zeros_like(w) for name, w in scaled.items() if w.dim() < 2}
    return flatten(network, scaled | fixed)


def plane(displacements: Float[Tensor, "tasks points P"]) -> Plane:
    """Return the first two principal directions of theta^(t) - theta^s, about theta^s.

    They are the plane through theta^s with the smallest sum of squared distances from all points of
    all paths, found by way of the products of all pairs of points. Paths that are not finite are
    left out. The coordinate that is largest by amount is positive in each direction.
    """
    tasks, points, size = displacements.shape
    finite = displacements.isfinite().flatten(1).all(1)
    rows = (displacements if finite.all() else displacements[finite]).flatten(0, 1)
    gram = torch.zeros(len(rows), len(rows), dtype=torch.float64)
    for part in rows.split(COLUMNS, 1):
        gram += part.double() @ part.double().T
    values, vectors = torch.linalg.eigh(gram)
    # Below this an eigenvalue is rounding, and the paths span fewer than two directions.
    rounding = len(rows) * max(torch.finfo(rows.dtype).eps ** 2, torch.finfo(gram.dtype).eps)
    directions, at = rows.new_zeros(2, size), gram.new_zeros(len(rows), 2)
    for axis, index in enumerate(range(len(rows))[:-3:-1]):
        if values[index] > rounding * values[-1]:
            vector = vectors[:, index] * vectors[vectors[:, index].abs().argmax(), index].sign()
            at[:, axis] = vector * values[index].sqrt()
            weights = vector / values[index].sqrt()
            parts = [weights @ part.double() for part in rows.split(COLUMNS, 1)]
            directions[axis] = torch.cat(parts)
    coordinates = gram.new_full((tasks, points, 2), torch.nan)
    coordinates[finite] = at.view(-1, points, 2)
    total = gram.new_full((tasks,), torch.nan)
    total[finite] = gram.diag().view(-1, points).sum(1)
    return Plane(directions, coordinates, coordinates.square().sum((1, 2)), total)
