from itertools import pairwise

import pytest
import torch

from helpers import mlp_network, start
from metalandscape import networks


def test_the_papers_sine_network_has_1761_parameters():
    assert networks.size(mlp_network((40, 40))) == 1_761


def test_the_network_is_linear_layers_with_relu_between():
    network = mlp_network((5, 4))
    theta, x = start(network), torch.linspace(-5, 5, 7, dtype=torch.float64)[:, None]
    p = networks.unflatten(network, theta)
    h = (x @ p["hidden1.weight"].T + p["hidden1.bias"]).relu()
    h = (h @ p["hidden2.weight"].T + p["hidden2.bias"]).relu()
    expected = h @ p["linear.weight"].T + p["linear.bias"]
    torch.testing.assert_close(network.outputs(theta, x), expected)
    torch.testing.assert_close(network.features(theta, x), h)


@pytest.mark.parametrize("hidden", [(3,), (4, 3), (2, 4, 3)])
def test_any_inputs_layers_and_outputs_fit(hidden):
    network = mlp_network(hidden, (2,), 3)
    widths = [2, *hidden, 3]
    expected = sum((a + 1) * b for a, b in pairwise(widths))
    assert networks.size(network) == expected
    x = torch.rand(6, 2, dtype=torch.float64)
    assert network.outputs(start(network), x).shape == (6, 3)


def test_images_are_flattened():
    network = mlp_network((4,), (1, 3, 2), 5, tasks="classification")
    theta, x = start(network), torch.rand(6, 1, 3, 2, dtype=torch.float64)
    flat = mlp_network((4,), (6,), 5, tasks="classification")
    assert torch.equal(network.outputs(theta, x), flat.outputs(theta, x.flatten(1)))
