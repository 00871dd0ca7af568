"""Directions in the space of parameters along which a landscape is looked at."""

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


def filter_normalized(
    network: Network, direction: Float[Tensor, "P"], theta: Float[Tensor, "P"]
) -> Float[Tensor, "P"]:
    """Return a direction each of whose filters has the norm of theta's (Li et al. 2018).

    A filter is what yields one output of a layer: a row of its weight. Biases, and scales and
    shifts of norms, don't move, as in Li et al.'s experiments.
    """
    own, along = unflatten(network, theta), unflatten(network, direction)
    scaled = {name: _scaled(along[name], own[name]) for name in own}
    return flatten(network, scaled)


def _scaled(along: Float[Tensor, "*shape"], like: Float[Tensor, "*shape"]) -> Tensor:
    if along.dim() < 2:
        return torch.zeros_like(along)
    rows, wanted = (torch.linalg.vector_norm(w.flatten(1), dim=1) for w in (along, like))
    return along * (wanted / rows).view(-1, *[1] * (along.dim() - 1))


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
