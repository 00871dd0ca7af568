"""Every engine against the reference, and the reference against closed forms and differences."""

import os

import numpy as np
import pytest
import torch

from helpers import adapt, conv_model, conv_tasks, engine, kernel, mlp_model, sine_tasks, start
from metalandscape.engines import Choice, native, reference
from metalandscape.ground.errors import UserError
from metalandscape.models import build, initialise, loss
from metalandscape.networks import ConvNetwork
from metalandscape.tasks.episodes import Task

# downsampling, output, (height, width, channels), way, shot, filters
NETWORKS = {
    "stride-mean": ("stride", "mean", (14, 14, 1), 5, 1, 6),
    "stride-flatten, odd": ("stride", "flatten", (13, 17, 3), 2, 3, 5),
    "pool-flatten": ("pool", "flatten", (16, 16, 3), 5, 1, 8),
    "pool-mean, odd": ("pool", "mean", (19, 22, 1), 3, 2, 7),
    "pool-flatten, oblong": ("pool", "flatten", (33, 18, 3), 20, 1, 4),
    "many images": ("stride", "mean", (28, 28, 1), 20, 5, 16),
    "one filter": ("stride", "flatten", (8, 8, 2), 2, 2, 1),
}


@pytest.fixture(params=NETWORKS)
def case(request):
    """A network, theta and tasks that the native engine knows."""
    downsampling, output, (height, width, channels), way, shot, filters = NETWORKS[request.param]
    network = ConvNetwork(kind="conv", filters=filters, downsampling=downsampling, output=output)
    model = build(network, (height, width, channels), way)
    generator = torch.Generator().manual_seed(3)

    def images(each):
        shape = (way * each, channels, height, width)
        x = torch.randn(shape, generator=generator, dtype=torch.float64)
        return x, torch.arange(way).repeat_interleave(each)

    return model, start(model), [Task(*images(shot), *images(3)) for _ in range(3)]


def relative(found, expected):
    return ((found - expected).norm() / expected.norm()).item()


def test_the_native_engine_is_there(case):
    assert isinstance(engine(case[0], "auto"), native.Engine)


def test_gradients_losses_and_accuracies_are_the_references(case):
    model, theta, (task, *_) = case
    fast, plain = engine(model, "auto"), engine(model)
    found = fast.gradient(theta, task.target_x, task.target_y)
    expected = plain.gradient(theta, task.target_x, task.target_y)
    assert relative(found.gradient, expected.gradient) < 1e-12
    assert found[1:] == pytest.approx(expected[1:], rel=1e-12)
    evaluated = fast.evaluate(theta, task.target_x, task.target_y)
    assert evaluated == pytest.approx(expected[1:], rel=1e-12)


def test_adapted_weights_are_the_references(case):
    model, theta, (task, *_) = case
    found, expected = (engine(model, e).adapt(theta, task, 4, 0.1) for e in ("auto", "reference"))
    assert relative(found - theta, expected - theta) < 1e-12


@pytest.mark.parametrize("second_order", [True, False])
@pytest.mark.parametrize("steps", [1, 3])
def test_meta_gradients_are_the_references(case, steps, second_order):
    model, theta, tasks = case
    arguments = (theta, tasks, steps, 0.1, second_order)
    found = engine(model, "auto").meta_gradient(*arguments)
    expected = engine(model).meta_gradient(*arguments)
    assert relative(found.gradient, expected.gradient) < 1e-12
    assert found[1:] == pytest.approx(expected[1:], rel=1e-12)


def test_pulling_back_is_the_references(case):
    model, theta, (_, task, _) = case
    v = torch.randn(len(theta), generator=torch.Generator().manual_seed(0), dtype=torch.float64)
    found, expected = (
        engine(model, e).pull_back(theta, task, 2, 0.2, v) for e in ("auto", "reference")
    )
    assert relative(found - v, expected - v) < 1e-11


def test_hessian_products_are_the_references(case):
    model, theta, (task, *_) = case
    products = [
        engine(model, e).hessian_product(theta, task.target_x, task.target_y)
        for e in ("auto", "reference")
    ]
    generator = torch.Generator().manual_seed(0)
    for _ in range(3):
        v = torch.randn(len(theta), generator=generator, dtype=torch.float64)
        assert relative(*(product(v) for product in products)) < 1e-12


def test_a_hessian_product_survives_other_calls():
    model, task = conv_model(), conv_tasks(1)[0]
    theta = start(model)
    fast = engine(model, "auto")
    product = fast.hessian_product(theta, task.support_x, task.support_y)
    v = torch.ones_like(theta)
    before = product(v)
    fast.meta_gradient(theta + 1, conv_tasks(2), 2, 0.1, True)
    assert torch.equal(product(v), before)


@pytest.mark.parametrize("hidden", [(40, 40), (7,), (3, 4, 5)])
@pytest.mark.parametrize("second_order", [True, False])
def test_batched_tasks_are_the_references(hidden, second_order):
    model = mlp_model(hidden)
    arguments = (start(model), sine_tasks(5), 4, 0.01, second_order)
    found = engine(model, "auto").meta_gradient(*arguments)
    expected = engine(model).meta_gradient(*arguments)
    assert relative(found.gradient, expected.gradient) < 1e-12
    assert found.loss == pytest.approx(expected.loss, rel=1e-12) and np.isnan(found.accuracy)


@pytest.mark.parametrize("dtype", [torch.float32, torch.float64])
def test_results_are_the_same_bytes_on_any_number_of_threads(case, dtype):
    model, theta, tasks = case
    theta = theta.to(dtype)
    tasks = [Task(a.to(dtype), b, c.to(dtype), d) for a, b, c, d in tasks]
    gradients = [
        engine(model, "auto", threads).meta_gradient(theta, tasks, 2, 0.1, True).gradient
        for threads in (1, 2, 3, 1)
    ]
    assert all(torch.equal(gradients[0], g) for g in gradients[1:])


def test_single_precision_is_close(case):
    model, _, tasks = case
    theta = initialise(model, np.random.default_rng(0))
    tasks = [Task(a.float(), b, c.float(), d) for a, b, c, d in tasks]
    found, expected = (
        engine(model, e).meta_gradient(theta, tasks, 1, 0.1, True).gradient
        for e in ("auto", "reference")
    )
    assert relative(found, expected) < 1e-4


class Quadratic:
    """Loss |theta - y|^2 / 2, whose adaptation has a closed form."""

    def outputs(self, theta, x):
        return theta

    def criterion(self, outputs, y):
        return ((outputs - y) ** 2).sum() / 2


def test_adaptation_has_its_closed_form_on_a_quadratic():
    centre, theta = torch.tensor([1.0, -2.0]), torch.tensor([3.0, 4.0])
    adapted = reference.Engine(Quadratic()).adapt(theta, Task(None, centre, None, None), 7, 0.1)
    torch.testing.assert_close(adapted, centre + 0.9**7 * (theta - centre))
    assert not adapted.requires_grad


@pytest.mark.parametrize("name", ["reference", "auto"])
def test_gradients_agree_with_finite_differences(name):
    for model, task in ((conv_model(), conv_tasks(1)[0]), (mlp_model(), sine_tasks(1)[0])):
        theta = start(model)
        exact = engine(model, name).gradient(theta, task.support_x, task.support_y).gradient
        for index in range(0, len(theta), 37):
            step = torch.zeros_like(theta)
            step[index] = 1e-6
            ends = [loss(model, theta + s * step, task.support_x, task.support_y) for s in (1, -1)]
            difference = (ends[0] - ends[1]).item() / 2e-6
            assert abs(exact[index].item() - difference) < 1e-7


def test_pulling_back_is_that_of_one_graph():
    model, task = mlp_model(), sine_tasks(1)[0]
    theta = start(model).requires_grad_()
    v = torch.ones_like(theta)
    (expected,) = torch.autograd.grad(adapt(model, theta, task, 3, 0.01, True), theta, v)
    for name in ("reference", "auto"):
        found = engine(model, name).pull_back(theta.detach(), task, 3, 0.01, v)
        torch.testing.assert_close(found, expected)


def build_without(monkeypatch, tmp_path, capfd, **environment):
    for name, value in environment.items():
        monkeypatch.setenv(name, value)
    native.build(tmp_path / "kernel")
    said = capfd.readouterr().err
    assert said.count("\n") == 1 and "slower reference engine" in said
    assert (tmp_path / "kernel").read_bytes() == b""
    assert os.listdir(tmp_path) == ["kernel"]
    chosen = Choice("auto", tmp_path / "kernel").of(conv_model())
    assert isinstance(chosen, reference.Engine)
    return said


def test_without_a_compiler_one_line_says_what_is_used(monkeypatch, tmp_path, capfd):
    monkeypatch.delenv("CXX", raising=False)
    said = build_without(monkeypatch, tmp_path, capfd, PATH=str(tmp_path / "nothing"))
    assert "no C++ compiler" in said


@pytest.mark.parametrize("compiler", ["false", "/no/such/compiler"])
def test_a_compiler_that_fails_is_named(monkeypatch, tmp_path, capfd, compiler):
    assert compiler in build_without(monkeypatch, tmp_path, capfd, CXX=compiler)


def test_a_processor_that_is_too_old_gets_the_reference(monkeypatch):
    monkeypatch.setattr(native.platform, "machine", lambda: "x86_64")
    monkeypatch.setattr(torch.backends.cpu, "get_cpu_capability", lambda: "DEFAULT")
    assert isinstance(engine(conv_model(), "auto"), reference.Engine)


def test_a_gpu_that_is_not_there_is_refused_or_done_without(monkeypatch):
    monkeypatch.setattr(torch.cuda, "is_available", lambda: False)
    with pytest.raises(UserError, match=r"config key device: cuda .* set auto or cpu"):
        Choice(device="cuda").of(conv_model())
    assert isinstance(Choice("auto", kernel(), device="auto").of(conv_model()), native.Engine)


def test_a_gpu_that_is_there_is_used(monkeypatch):
    monkeypatch.setattr(torch.cuda, "is_available", lambda: True)
    monkeypatch.setattr(torch, "use_deterministic_algorithms", lambda on: None)
    for device in ("auto", "cuda"):
        chosen = Choice("auto", kernel(), device=device).of(conv_model())
        assert isinstance(chosen, reference.Engine) and chosen.device == "cuda"


def test_the_device_of_the_engine_is_where_it_computes(monkeypatch):
    monkeypatch.setattr(torch, "use_deterministic_algorithms", lambda on: None)
    model, task = conv_model(), conv_tasks(1)[0]
    seen = reference.Engine(model, "meta")._there(start(model), *task)
    assert {tensor.device.type for tensor in seen} == {"meta"}


def test_scipys_blas_serves_where_torchs_is_hidden(monkeypatch, tmp_path):
    class Hidden:
        pass

    model, tasks = conv_model(), conv_tasks(2)
    expected = engine(model, "auto").meta_gradient(start(model), tasks, 2, 0.1, True).gradient
    load = native.ctypes.CDLL
    hide = lambda path: Hidden() if "torch" in str(path) else load(path)  # noqa: E731
    monkeypatch.setattr(native.ctypes, "CDLL", hide)
    addresses = native._blas()
    monkeypatch.undo()
    assert addresses[2] is None
    native.build(tmp_path / "other.so")
    fast = Choice("auto", tmp_path / "other.so").of(model)
    fast._library.use_blas(*addresses)
    found = fast.meta_gradient(start(model), tasks, 2, 0.1, True).gradient
    assert relative(found, expected) < 1e-12
