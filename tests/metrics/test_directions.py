import numpy as np
import pytest
import torch

from helpers import conv_network, start
from metalandscape.metrics import _directions
from metalandscape.metrics._directions import filter_normalized, plane
from metalandscape.networks import unflatten


def paths(tasks=4, points=3, size=50, seed=0, dtype=torch.float64):
    drawn = np.random.default_rng(seed).standard_normal((tasks, points, size))
    return torch.from_numpy(drawn * np.linspace(3, 0.1, size)).to(dtype)


def test_filters_have_the_norms_of_thetas_and_vectors_do_not_move():
    network = conv_network()
    theta, direction = start(network), start(network, 1)
    found = filter_normalized(network, direction, theta)
    p, own, drawn = (unflatten(network, each) for each in (theta, found, direction))
    for name in p:
        if p[name].dim() < 2:
            assert not own[name].any()
            continue
        for filter_own, filter_p, filter_drawn in zip(own[name], p[name], drawn[name], strict=True):
            torch.testing.assert_close(filter_own.norm(), filter_p.norm())
            cosine = torch.cosine_similarity(filter_own.flatten(), filter_drawn.flatten(), 0)
            assert cosine.item() == pytest.approx(1, abs=1e-12)


def test_scaling_a_filter_before_batch_norm_scales_the_direction_with_it():
    """So a slice along it shows the same losses, where the norm of the Hessian would change."""
    network, scale = conv_network(), 7.0
    theta, direction = start(network), start(network, 1)
    scaled = theta.clone()
    unflatten(network, scaled)["conv2.weight"].mul_(scale)
    one, other = (filter_normalized(network, direction, each) for each in (theta, scaled))
    x = torch.rand(6, 1, 12, 12, dtype=torch.float64)
    before, after = (network.outputs(*at, x) for at in ((theta + one,), (scaled + other,)))
    # Batch norm's epsilon is all that differs.
    torch.testing.assert_close(before, after, rtol=1e-2, atol=1e-3)


def test_a_plane_is_that_of_the_singular_vectors():
    displacements = paths()
    found, rows = plane(displacements), displacements.flatten(0, 1)
    _, values, vectors = torch.linalg.svd(rows, full_matrices=False)
    for own, right in zip(found.directions, vectors, strict=False):
        assert abs(own @ right).item() == pytest.approx(1, abs=1e-12)
        assert own.norm().item() == pytest.approx(1, abs=1e-12)
    torch.testing.assert_close(found.coordinates, displacements @ found.directions.T)
    share = values.square()[:2].sum() / values.square().sum()
    torch.testing.assert_close(found.held.sum() / found.total.sum(), share)
    assert (found.coordinates.flatten(0, 1).max(0).values > 0).all()
    torch.testing.assert_close(found.total, displacements.square().sum((1, 2)))


def test_it_does_not_depend_on_how_much_is_held_in_float64(monkeypatch):
    found = plane(paths())
    monkeypatch.setattr(_directions, "COLUMNS", 7)
    torch.testing.assert_close(plane(paths()), found)


def test_a_path_that_is_not_finite_is_left_out():
    displacements = paths()
    displacements[1, 2, 3] = torch.inf
    found, rest = plane(displacements), plane(displacements[[0, 2, 3]])
    torch.testing.assert_close(found.directions, rest.directions)
    assert found.coordinates[1].isnan().all() and found.held[1].isnan()
    torch.testing.assert_close(found.coordinates[[0, 2, 3]], rest.coordinates)


@pytest.mark.parametrize("dtype", [torch.float32, torch.float64])
def test_paths_on_a_line_have_one_direction_and_no_paths_none(dtype):
    line = torch.randn(1, 1, 50, dtype=dtype) * torch.linspace(1, 2, 12, dtype=dtype).view(4, 3, 1)
    found = plane(line)
    assert not found.directions[1].any() and not found.coordinates[..., 1].any()
    torch.testing.assert_close(found.held, found.total, rtol=1e-6, atol=0)
    assert not plane(0 * line).directions.any()
    gone = plane(line / 0)
    assert not gone.directions.any() and gone.coordinates.isnan().all()
