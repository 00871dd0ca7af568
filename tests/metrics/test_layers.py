import pytest
import torch

from helpers import conv_network, conv_tasks, mlp_network, resnet_network, start
from metalandscape.ground.options import Options
from metalandscape.metrics._layers import activations, spans
from metalandscape.networks import Network, Parameter, unflatten


def test_a_layer_is_a_weight_and_the_vectors_behind_it():
    network = conv_network()
    numbered = torch.arange(len(start(network)))
    last = numbered[spans(network)[-1]]
    named = unflatten(network, numbered)
    torch.testing.assert_close(
        last, torch.cat([named["linear.weight"].flatten(), named["linear.bias"]])
    )
    first = [named[f"{name}1.{kind}"] for name, kind in (("conv", "weight"), ("norm", "weight"))]
    own = torch.cat([*(part.flatten() for part in first), named["norm1.bias"]])
    torch.testing.assert_close(numbered[spans(network)[0]], own)


@pytest.mark.parametrize("make", [conv_network, mlp_network, resnet_network])
def test_layers_are_all_of_theta_once(make):
    network = make()
    numbered = torch.arange(len(start(network)))
    together = torch.cat([numbered[span] for span in spans(network)])
    torch.testing.assert_close(together, numbered)


def test_those_of_a_fully_connected_network_are_its_hidden_layers_and_outputs():
    network = mlp_network()
    theta, x = start(network), torch.linspace(-3, 3, 7, dtype=torch.float64)[:, None]
    p, found = unflatten(network, theta), activations(network, theta, x)
    first = torch.relu(x @ p["hidden1.weight"].T + p["hidden1.bias"])
    second = torch.relu(first @ p["hidden2.weight"].T + p["hidden2.bias"])
    outputs = second @ p["linear.weight"].T + p["linear.bias"]
    assert list(found) == [0, 1, 2]
    for layer, expected in enumerate([first, second, outputs]):
        torch.testing.assert_close(found[layer], expected)


@pytest.mark.parametrize("downsampling, sizes", [("stride", [6, 3]), ("pool", [6, 3])])
def test_those_of_a_convolution_follow_norm_nonlinearity_and_pooling(downsampling, sizes):
    network = conv_network(modules=3, downsampling=downsampling)
    theta, x = start(network), conv_tasks(1)[0].target_x
    found = activations(network, theta, x)
    assert [tuple(found[layer].shape) for layer in (0, 1)] == [(9, 4, s, s) for s in sizes]
    assert all((found[layer] >= 0).all() for layer in (0, 1))
    # Fewer modules of the same weights end where the activations of a layer are.
    p = unflatten(network, theta)
    shorter = conv_network(modules=2, downsampling=downsampling, output="flatten")
    torch.testing.assert_close(shorter.body(p, x), found[1].flatten(1))
    torch.testing.assert_close(found[2], network.features(theta, x))
    torch.testing.assert_close(found[3], network.outputs(theta, x))


def test_of_a_residual_block_only_the_shortcut_has_none():
    network = resnet_network()
    theta, x = start(network), conv_tasks(1)[0].target_x
    found = activations(network, theta, x)
    weights = [p.name for p in network.parameters if len(p.shape) > 1]
    missing = [name for layer, name in enumerate(weights) if layer not in found]
    assert missing == ["block1.shortcut.weight", "block2.shortcut.weight"]
    shorter = network._block(unflatten(network, theta), "block1", x)
    torch.testing.assert_close(found[weights.index("block1.conv3.weight")], shorter)
    torch.testing.assert_close(
        found[weights.index("block2.conv3.weight")], network.features(theta, x)
    )


class Transposed(Network):
    """A network of one's own that multiplies by transposed weights."""

    def body_parameters(self):
        first = [Parameter("a", (4, 2), None), Parameter("b", (3, 4), None)]
        return first, 3

    def body(self, p, x):
        return torch.tanh(torch.tanh(x @ p["a"].T) @ torch.t(p["b"]))


def test_a_weight_may_be_transposed():
    network = Transposed(Options(), (2,), 1, "regression")
    theta, x = start(network), torch.randn(5, 2, dtype=torch.float64)
    found = activations(network, theta, x)
    assert list(found) == [0, 1, 2]
    torch.testing.assert_close(found[0], torch.tanh(x @ unflatten(network, theta)["a"].T))
    torch.testing.assert_close(found[1], network.features(theta, x))
