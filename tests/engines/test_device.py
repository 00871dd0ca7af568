"""What a GPU is told, and how many tasks its memory holds; simulated where there is none."""

import os

import pytest
import torch

from helpers import conv_network, conv_tasks, engine, relative, start
from metalandscape.engines import _device, reference, vectorized

GIB = 1 << 30


@pytest.mark.parametrize(("precision", "rounded"), [("float32", False), ("tf32", True)])
def test_a_gpu_computes_in_a_fixed_order_and_the_precision_asked_for(
    settings, monkeypatch, precision, rounded
):
    monkeypatch.delenv("CUBLAS_WORKSPACE_CONFIG", raising=False)
    _device.prepare("cuda", precision)
    assert settings() == (rounded, rounded)
    assert torch.are_deterministic_algorithms_enabled()
    assert os.environ["CUBLAS_WORKSPACE_CONFIG"] == ":4096:8"


def test_a_cpu_is_told_nothing(settings):
    before = settings()
    _device.prepare("cpu", "tf32")
    assert settings() == before and not torch.are_deterministic_algorithms_enabled()


@pytest.mark.parametrize(
    ("taken", "free", "held_back", "fit"),
    [(1, 10, 0, 8), (1, 2, 9, 8), (1, 20, 0, 16), (3, 10, 0, 2), (9, 10, 0, 1), (30, 10, 0, 1)],
)
def test_what_fits_fills_most_of_the_free_memory(monkeypatch, taken, free, held_back, fit):
    calls = []
    numbers = {
        "reset_peak_memory_stats": None,
        "memory_allocated": GIB,
        "max_memory_allocated": (1 + taken) * GIB,
        "memory_reserved": (1 + held_back) * GIB,
        "mem_get_info": (free * GIB, 80 * GIB),
    }
    for name, value in numbers.items():
        monkeypatch.setattr(torch.cuda, name, lambda value=value: value)
    assert _device.fitting(lambda: calls.append(1)) == fit
    assert calls == [1]


@pytest.mark.skipif(not torch.cuda.is_available(), reason="torch sees no GPU")
@pytest.mark.parametrize("kind", [reference.Engine, vectorized.Engine])
def test_a_gpu_computes_what_a_cpu_does_in_groups_that_its_memory_holds(settings, kind):
    network, tasks = conv_network(), conv_tasks(5)
    theta = start(network)
    found, expected = (
        each.meta_gradient(theta, tasks, 2, 0.1, True)
        for each in (kind(network, "cuda"), engine(network))
    )
    assert relative(found.gradient, expected.gradient) < 1e-11
    assert found[1:3] == pytest.approx(expected[1:3], rel=1e-11)
