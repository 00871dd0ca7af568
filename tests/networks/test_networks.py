"""What all networks share: the flat theta, its initialization, the last layer, the losses."""

import numpy as np
import pytest
import torch

from helpers import conv_network, conv_tasks, mlp_network, sine_tasks, start
from metalandscape import networks
from metalandscape.ground.errors import UserError
from metalandscape.ground.options import Part

NETWORKS = {"conv": conv_network, "mlp": mlp_network}


@pytest.fixture(params=NETWORKS)
def network(request):
    return NETWORKS[request.param]()


def rng():
    return np.random.default_rng(0)


def test_flatten_is_the_inverse_of_unflatten(network):
    theta = start(network)
    assert len(theta) == networks.size(network)
    assert torch.equal(networks.flatten(network, networks.unflatten(network, theta)), theta)


def test_unflatten_gives_views_in_the_order_of_the_parameters():
    network = mlp_network((2, 3))
    tensors = networks.unflatten(network, torch.arange(float(networks.size(network))))
    assert list(tensors) == [p.name for p in network.parameters]
    assert tensors["hidden1.weight"].tolist() == [[0], [1]]
    assert tensors["hidden2.weight"].tolist() == [[4, 5], [6, 7], [8, 9]]
    theta = torch.zeros(networks.size(network))
    networks.unflatten(network, theta)["linear.bias"].fill_(1)
    assert theta.tolist() == [0.0] * (len(theta) - 1) + [1.0]


def test_xavier_bounds_and_constants():
    network = conv_network(filters=32)
    tensors = networks.unflatten(network, networks.initialize(network, rng()))
    bound = np.sqrt(6 / (9 * (32 + 32)))
    weight = tensors["conv2.weight"]
    assert weight.abs().max() <= bound
    assert weight.std() == pytest.approx(bound / np.sqrt(3), rel=0.02)
    assert (tensors["norm1.weight"] == 1).all() and (tensors["norm1.bias"] == 0).all()


def test_initialization_is_that_of_its_generator(network):
    theta = networks.initialize(network, rng())
    assert theta.dtype == torch.float32
    assert torch.equal(theta, networks.initialize(network, rng()))
    assert not torch.equal(theta, networks.initialize(network, np.random.default_rng(1)))


def test_the_mask_of_the_head_is_one_at_the_last_layer_only(network):
    mask = networks.unflatten(network, networks.head_mask(network))
    for name, tensor in mask.items():
        assert (tensor == (1.0 if name.startswith("linear.") else 0.0)).all()


def test_a_drawn_head_has_the_last_layers_shape_bounds_and_zero_bias(network):
    head = networks.draw_head(network, rng())
    outputs, features = network.parameters[-2].shape
    assert len(head) == networks.head_mask(network).sum() == outputs * (features + 1)
    weight, bias = head[:-outputs], head[-outputs:]
    assert 0 < weight.abs().max() <= np.sqrt(6 / (outputs + features))
    assert (bias == 0).all()
    assert not torch.equal(head, networks.draw_head(network, np.random.default_rng(1)))


def test_outputs_are_the_last_layer_of_the_features():
    network = conv_network()
    theta, (task,) = start(network), conv_tasks(1)
    p = networks.unflatten(network, theta)
    expected = network.features(theta, task.target_x) @ p["linear.weight"].T + p["linear.bias"]
    torch.testing.assert_close(network.outputs(theta, task.target_x), expected)


def test_the_loss_of_classification_is_cross_entropy():
    network = conv_network()
    theta, (task,) = start(network), conv_tasks(1)
    outputs = network.outputs(theta, task.target_x)
    chosen = outputs.softmax(1)[torch.arange(len(outputs)), task.target_y]
    loss = network.loss(theta, task.target_x, task.target_y)
    torch.testing.assert_close(loss, -chosen.log().mean())
    logits = torch.tensor([[2.0, 1.0], [0.0, 1.0], [3.0, 1.0], [0.0, 9.0]])
    assert network.accuracy(logits, torch.tensor([0, 1, 1, 1])) == 0.75


def test_the_loss_of_regression_is_the_squared_error_and_has_no_accuracy():
    network = mlp_network()
    theta, (task,) = start(network), sine_tasks(1)
    outputs = network.outputs(theta, task.target_x)
    loss = network.loss(theta, task.target_x, task.target_y)
    torch.testing.assert_close(loss, ((outputs - task.target_y) ** 2).mean())
    assert np.isnan(network.accuracy(outputs, task.target_y))


def test_build_makes_what_a_configuration_chose():
    part = Part(name="conv", options={"filters": 3, "modules": 2})
    network = networks.build(part, (1, 8, 8), 4, "classification")
    assert type(network).__module__ == "metalandscape.networks.conv"
    assert (network.options.filters, network.options.modules) == (3, 2)
    assert (network.input_shape, network.output_size, network.tasks) == (
        (1, 8, 8),
        4,
        "classification",
    )


def test_build_refuses_a_network_that_is_not_there():
    with pytest.raises(UserError, match="there is no part vit among the networks"):
        networks.build(Part(name="vit"), (1, 8, 8), 4, "classification")
