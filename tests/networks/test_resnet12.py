import pytest
import torch
import torch.nn.functional as F
from pydantic import ValidationError
from torch.autograd import gradcheck, gradgradcheck

from helpers import conv_tasks, meta_gradients, relative, start
from metalandscape import networks
from metalandscape.engines import Choice, reference
from metalandscape.networks import resnet12

NORMS = {"batch": {}, "group": {"norm": "group", "groups": 2}}


def resnet(shape=(1, 4, 4), way=3, tasks="classification", **options):
    options = resnet12.Options(**({"filters": [2, 4]} | options))
    return resnet12.Network(options, shape, way, tasks)


@pytest.fixture(params=NORMS)
def norm(request):
    return NORMS[request.param]


def images(n, shape=(1, 4, 4), seed=0):
    generator = torch.Generator().manual_seed(seed)
    return torch.rand((n, *shape), generator=generator, dtype=torch.float64)


def closed_form(filters, channels, way):
    """Weights of three 3x3 and one 1x1 convolution, four scales and shifts, for each block."""
    widths = [channels, *filters]
    blocks = zip(widths[:-1], filters, strict=True)
    return sum(9 * f * (c + 2 * f) + c * f + 8 * f for c, f in blocks) + way * (filters[-1] + 1)


@pytest.mark.parametrize("filters", [[64, 128, 256, 512], [3], [2, 4, 4, 6, 2]])
def test_the_number_of_parameters_is_its_closed_form(filters):
    size = 2 ** len(filters)
    network = resnet((3, size, size), 5, filters=filters)
    assert networks.size(network) == closed_form(filters, 3, 5)


def test_the_papers_networks_have_their_published_sizes():
    """8.0 million by Oreshkin et al., 12.4 million by Lee et al., without the last layer."""
    for filters, size in (([64, 128, 256, 512], 7_996_800), ([64, 160, 320, 640], 12_424_320)):
        network = resnet((3, 84, 84), 5, filters=filters)
        assert networks.size(network) - 5 * (filters[-1] + 1) == size
    assert resnet12.Options().filters == [64, 128, 256, 512]


def test_shapes(norm):
    network = resnet((3, 9, 11), 5, **norm)
    theta, x = start(network), images(6, (3, 9, 11))
    assert network.features(theta, x).shape == (6, 4)
    assert network.outputs(theta, x).shape == (6, 5)


def test_regression_has_the_squared_error(norm):
    network = resnet(way=2, tasks="regression", **norm)
    theta, x, y = start(network), images(5), images(5, (2,), seed=1)
    expected = ((network.outputs(theta, x) - y) ** 2).mean()
    torch.testing.assert_close(network.loss(theta, x, y), expected)


def test_images_that_vanish_are_refused():
    assert resnet12.Options().complaint((3, 16, 20)) is None
    assert "4 poolings leave nothing of images of 15x20" in resnet12.Options().complaint(
        (3, 15, 20)
    )
    with pytest.raises(ValueError, match="shorten the list filters"):
        resnet((1, 3, 4))


@pytest.mark.parametrize(
    ("options", "complaint"),
    [
        ({"norm": "group"}, "needs groups"),
        ({"norm": "group", "groups": 4}, "divides every one"),
        ({"groups": 2}, "groups are for norm: group"),
        ({"filters": []}, "at least 1"),
    ],
)
def test_options_that_do_not_fit_are_refused(options, complaint):
    with pytest.raises(ValidationError, match=complaint):
        resnet12.Options(**({"filters": [2, 4]} | options))


def torch_norm(norm, p, name, x):
    """A norm by torch's own functions."""
    scale, shift = p[f"{name}.norm.weight"], p[f"{name}.norm.bias"]
    if norm:
        return F.group_norm(x, norm["groups"], scale, shift, resnet12.NORM_EPSILON)
    return F.batch_norm(x, None, None, scale, shift, training=True, eps=resnet12.NORM_EPSILON)


def test_the_network_equals_one_of_torchs_functions(norm):
    network = resnet((2, 8, 8), **norm)
    theta, x = start(network), images(5, (2, 8, 8))
    p, h = networks.unflatten(network, theta), x
    for b in ("block1", "block2"):
        short = torch_norm(norm, p, f"{b}.shortcut", F.conv2d(h, p[f"{b}.shortcut.weight"]))
        for layer in ("conv1", "conv2", "conv3"):
            h = F.conv2d(h, p[f"{b}.{layer}.weight"], padding=1)
            h = torch_norm(norm, p, f"{b}.{layer}", h)
            h = h + short if layer == "conv3" else h
            h = torch.maximum(h, 0.1 * h)
        h = F.max_pool2d(h, 2)
    torch.testing.assert_close(network.features(theta, x), h.mean((2, 3)), rtol=1e-12, atol=1e-12)


def test_a_slope_of_zero_is_a_relu():
    theta, x = start(resnet()), images(5)
    assert (resnet(slope=0.0).features(theta, x) >= 0).all()
    assert (resnet().features(theta, x) < 0).any()


def test_first_and_second_derivatives_are_those_of_finite_differences(norm):
    network = resnet(filters=[2], **norm)
    x, y = images(3), torch.arange(3)
    theta = start(network).requires_grad_()
    assert gradcheck(lambda t: network.loss(t, x, y), theta)
    assert gradgradcheck(lambda t: network.loss(t, x, y), theta)


def test_derivatives_of_the_whole_network_are_those_of_finite_differences(norm):
    network = resnet(**norm)
    x, y = images(4), torch.tensor([0, 1, 2, 0])
    theta = start(network).requires_grad_()
    assert gradcheck(lambda t: network.loss(t, x, y), theta, fast_mode=True)
    assert gradgradcheck(lambda t: network.loss(t, x, y), theta, fast_mode=True)


def test_functional_transforms_give_the_same_second_derivatives(norm):
    network, y = resnet(**norm), torch.arange(3)
    theta, x = start(network), torch.stack([images(3), images(3, seed=1)])

    def product(x, v):
        gradient = torch.func.grad(lambda t: network.loss(t, x, y))
        return torch.func.vjp(gradient, theta)[1](v)[0]

    v = torch.stack([start(network, 1), start(network, 2)])
    found = torch.func.vmap(product)(x, v)
    for each, images_of, direction in zip(found, x, v, strict=True):
        plain = reference.Engine(network).hessian_product(theta, images_of, y)
        torch.testing.assert_close(each, plain(direction), rtol=1e-10, atol=1e-12)


def test_with_group_norm_an_image_is_independent_of_the_others():
    network = resnet(**NORMS["group"])
    theta, x = start(network), images(4)
    expected = network.outputs(theta, x)[:1]
    changed = torch.cat([x[:1], 3 * images(3, seed=1)])
    torch.testing.assert_close(network.outputs(theta, changed)[:1], expected, rtol=1e-12, atol=0)
    torch.testing.assert_close(network.outputs(theta, x[:1]), expected, rtol=1e-12, atol=0)


def test_with_batch_norm_an_image_depends_on_the_others():
    network = resnet()
    theta, x = start(network), images(4)
    changed = torch.cat([x[:1], 3 * images(3, seed=1)])
    difference = (network.outputs(theta, changed) - network.outputs(theta, x))[0]
    assert difference.abs().max() > 1e-3


def test_the_reference_engine_serves_it_with_exact_meta_gradients(norm):
    network, tasks = resnet(**norm), conv_tasks(2, shape=(1, 4, 4))
    theta = start(network)
    chosen = Choice("auto", kernel="of no use to it").of(network)
    assert type(chosen) is reference.Engine
    rates = torch.full_like(theta, 0.1)
    expected, of_rates = meta_gradients(network, theta, tasks, 2, rates, True)
    found = chosen.meta_gradient(theta, tasks, 2, rates, True, True)
    assert relative(found.gradient, expected) < 1e-12
    assert relative(found.rates, of_rates) < 1e-12
