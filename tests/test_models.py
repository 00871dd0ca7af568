import numpy as np
import pytest
import torch

from helpers import conv_model, conv_tasks, mlp_model, start
from metalandscape import models
from metalandscape.networks import ConvNetwork


def test_the_papers_omniglot_network_has_112005_parameters():
    model = models.build(ConvNetwork(kind="conv", filters=64), (28, 28, 1), 5)
    assert models.size(model) == 112_005


def test_the_papers_miniimagenet_network_flattens_5x5_maps():
    network = ConvNetwork(kind="conv", filters=48, downsampling="pool", output="flatten")
    model = models.build(network, (84, 84, 3), 5)
    assert model.parameters[-2].shape == (5, 48 * 5 * 5)


@pytest.mark.parametrize("downsampling", ["stride", "pool"])
@pytest.mark.parametrize("output", ["mean", "flatten"])
@pytest.mark.parametrize("size", [16, 17, 28, 31])
def test_any_image_size_fits(downsampling, output, size):
    model = conv_model(downsampling=downsampling, output=output, shape=(size, size, 1))
    x = torch.rand(4, 1, size, size, dtype=torch.float64)
    assert model.outputs(start(model), x).shape == (4, 3)


def test_images_that_vanish_are_refused():
    with pytest.raises(ValueError, match="vanish"):
        conv_model(downsampling="pool", shape=(12, 12, 1))


def test_flatten_is_the_inverse_of_unflatten():
    model = conv_model()
    theta = start(model)
    assert torch.equal(models.flatten(model, models.unflatten(model, theta)), theta)


def test_xavier_bounds_and_constants():
    model = conv_model(filters=32)
    tensors = models.unflatten(model, models.initialise(model, np.random.default_rng(0)))
    bound = np.sqrt(6 / (9 * (32 + 32)))
    weight = tensors["conv2.weight"]
    assert weight.abs().max() <= bound
    assert weight.std() == pytest.approx(bound / np.sqrt(3), rel=0.02)
    assert (tensors["norm1.weight"] == 1).all() and (tensors["norm1.bias"] == 0).all()


def test_the_network_equals_one_of_torch_modules_in_training_mode():
    model = conv_model(downsampling="pool", output="flatten", shape=(16, 16, 1))
    theta, x = start(model), conv_tasks(1, shape=(1, 16, 16))[0].target_x
    tensors = models.unflatten(model, theta)
    h = x
    for k in range(1, 5):
        conv = torch.nn.functional.conv2d(h, tensors[f"conv{k}.weight"], padding=1)
        norm = torch.nn.BatchNorm2d(4, track_running_stats=False, dtype=torch.float64)
        norm.weight.data, norm.bias.data = tensors[f"norm{k}.weight"], tensors[f"norm{k}.bias"]
        h = torch.nn.functional.max_pool2d(norm(conv).relu(), 2)
    expected = h.flatten(1) @ tensors["linear.weight"].T + tensors["linear.bias"]
    torch.testing.assert_close(model.outputs(theta, x), expected, rtol=1e-12, atol=1e-12)


def test_batch_norm_uses_the_statistics_of_the_batch_at_meta_test():
    model = conv_model()
    theta, x = start(model), conv_tasks(1)[0].target_x
    alone, among = model.outputs(theta, x[:2]), model.outputs(theta, x)[:2]
    assert not torch.allclose(alone, among, rtol=1e-3)
    # The first module's output has zero mean and unit variance over this very batch.
    weight = models.unflatten(model, theta)["conv1.weight"]
    conv = torch.nn.functional.conv2d(x, weight, stride=2, padding=1)
    normal = (conv - conv.mean((0, 2, 3), keepdim=True)) / (
        conv.var((0, 2, 3), keepdim=True, unbiased=False) + models.BATCH_NORM_EPSILON
    ).sqrt()
    native = torch.nn.functional.batch_norm(conv, None, None, training=True)
    torch.testing.assert_close(native, normal)


def test_mlp_is_what_it_says():
    model = mlp_model((5, 4))
    theta, x = start(model), torch.linspace(-5, 5, 7, dtype=torch.float64)[:, None]
    p = models.unflatten(model, theta)
    h = (x @ p["linear1.weight"].T + p["linear1.bias"]).relu()
    h = (h @ p["linear2.weight"].T + p["linear2.bias"]).relu()
    expected = h @ p["linear3.weight"].T + p["linear3.bias"]
    torch.testing.assert_close(model.outputs(theta, x), expected)
    torch.testing.assert_close(model.features(theta, x), h)
