import pytest
import torch

from helpers import conv_network, conv_tasks, start
from metalandscape import networks
from metalandscape.networks import conv


def test_the_papers_omniglot_network_has_112005_parameters():
    network = conv_network((1, 28, 28), 5, filters=64)
    assert networks.size(network) == 112_005


def test_the_papers_miniimagenet_network_flattens_5x5_maps():
    network = conv_network((3, 84, 84), 5, filters=48, downsampling="pool", output="flatten")
    assert network.parameters[-2].shape == (5, 48 * 5 * 5)


@pytest.mark.parametrize("modules", [1, 3, 4])
@pytest.mark.parametrize("downsampling", ["stride", "pool"])
@pytest.mark.parametrize("output", ["mean", "flatten"])
@pytest.mark.parametrize("size", [16, 17, 28, 31])
def test_any_image_size_fits(modules, downsampling, output, size):
    options = {"modules": modules, "downsampling": downsampling, "output": output}
    network = conv_network((1, size, size), **options)
    x = torch.rand(4, 1, size, size, dtype=torch.float64)
    assert network.outputs(start(network), x).shape == (4, 3)


def test_five_modules_take_images_of_any_size_by_strides_and_of_32_pixels_by_pools():
    assert conv.Options(modules=5).complaint((1, 2, 3)) is None
    pools = conv.Options(modules=5, downsampling="pool")
    assert pools.complaint((1, 32, 40)) is None
    assert "5 poolings leave nothing of images of 31x40" in pools.complaint((1, 31, 40))


def test_images_that_vanish_are_refused():
    with pytest.raises(ValueError, match="4 poolings leave nothing of images of 12x12 pixels"):
        conv_network(downsampling="pool", shape=(1, 12, 12))


@pytest.mark.parametrize("modules", [1, 3, 4])
def test_the_network_equals_one_of_torch_modules_in_training_mode(modules):
    options = {"modules": modules, "downsampling": "pool", "output": "flatten"}
    network = conv_network((1, 16, 16), **options)
    theta, x = start(network), conv_tasks(1, shape=(1, 16, 16))[0].target_x
    tensors = networks.unflatten(network, theta)
    h = x
    for k in range(1, modules + 1):
        h = torch.nn.functional.conv2d(h, tensors[f"conv{k}.weight"], padding=1)
        norm = torch.nn.BatchNorm2d(4, track_running_stats=False, dtype=torch.float64)
        norm.weight.data, norm.bias.data = tensors[f"norm{k}.weight"], tensors[f"norm{k}.bias"]
        h = torch.nn.functional.max_pool2d(norm(h).relu(), 2)
    expected = h.flatten(1) @ tensors["linear.weight"].T + tensors["linear.bias"]
    torch.testing.assert_close(network.outputs(theta, x), expected, rtol=1e-12, atol=1e-12)


def test_batch_norm_uses_the_statistics_of_the_batch_at_meta_test():
    network = conv_network()
    theta, x = start(network), conv_tasks(1)[0].target_x
    alone, among = network.outputs(theta, x[:2]), network.outputs(theta, x)[:2]
    assert not torch.allclose(alone, among, rtol=1e-3)


def test_a_module_has_zero_mean_and_unit_variance_over_the_batch_before_scale_and_shift():
    network = conv_network(modules=1)
    theta, x = start(network), conv_tasks(1)[0].target_x
    p = networks.unflatten(network, theta)
    h = torch.nn.functional.conv2d(x, p["conv1.weight"], stride=2, padding=1)
    variance = h.var((0, 2, 3), keepdim=True, unbiased=False)
    h = (h - h.mean((0, 2, 3), keepdim=True)) / (variance + conv.BATCH_NORM_EPSILON).sqrt()
    h = h * p["norm1.weight"].view(-1, 1, 1) + p["norm1.bias"].view(-1, 1, 1)
    torch.testing.assert_close(network.features(theta, x), h.relu().mean((2, 3)))
