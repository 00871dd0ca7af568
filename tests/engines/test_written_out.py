"""Convolution and batch norm that are written out, against torch's own."""

import pytest
import torch
import torch.nn.functional as F
from torch.autograd import gradgradcheck

from metalandscape.engines import _written_out
from metalandscape.engines._written_out import WrittenOut, batch_norm, convolution


def drawn(*shape, seed=0):
    generator = torch.Generator().manual_seed(seed)
    return torch.randn(shape, generator=generator, dtype=torch.float64)


@pytest.mark.parametrize(("size", "padding"), [(3, 1), (1, 0), (3, 0), (2, 1)])
@pytest.mark.parametrize("stride", [1, 2])
def test_a_convolution_is_torchs(size, padding, stride):
    x, weight = drawn(3, 2, 7, 6), drawn(4, 2, size, size, seed=1)
    found = convolution(x, weight, stride=stride, padding=padding)
    torch.testing.assert_close(found, F.conv2d(x, weight, stride=stride, padding=padding))


def test_a_batch_norm_is_torchs():
    x, weight, bias = 3 * drawn(5, 4, 3, 2) + 7, drawn(4, seed=1), drawn(4, seed=2)
    found = batch_norm(x, None, None, weight, bias, training=True, eps=1e-3)
    torch.testing.assert_close(
        found, F.batch_norm(x, None, None, weight, bias, training=True, eps=1e-3)
    )


def test_second_derivatives_are_those_of_finite_differences():
    def both(x, weight, scale, shift):
        return batch_norm(convolution(x, weight, padding=1), None, None, scale, shift, True)

    arguments = drawn(2, 2, 3, 3), drawn(2, 2, 3, 3, seed=1), drawn(2, seed=2), drawn(2, seed=3)
    assert gradgradcheck(both, [a.requires_grad_() for a in arguments])


@pytest.mark.parametrize("other", [{"groups": 2}, {"stride": (2, 1)}, {"padding": "same"}])
def test_what_is_not_written_out_is_torchs(other):
    x, weight = drawn(1, 2, 5, 5), drawn(2, 1 if "groups" in other else 2, 3, 3)
    assert torch.equal(convolution(x, weight, **other), F.conv2d(x, weight, **other))
    bias = drawn(2)
    expected = F.conv2d(x, weight, bias, **other)
    assert torch.equal(convolution(x, weight, bias, **other), expected)


def test_they_stand_for_torchs_inside_of_it_alone(monkeypatch):
    calls = []
    monkeypatch.setitem(_written_out.WRITTEN_OUT, F.conv2d, lambda *a: calls.append(1))
    x, weight = drawn(1, 1, 3, 3), drawn(1, 1, 3, 3)
    with WrittenOut():
        F.conv2d(x, weight)
    F.conv2d(x, weight)
    assert calls == [1]
