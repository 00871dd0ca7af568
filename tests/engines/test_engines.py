"""The choice of an engine, and the mean over tasks."""

import pytest
import torch

from helpers import conv_network, engine, kernel, mlp_network, resnet_network
from metalandscape.engines import Choice, LossGradient, mean, native, reference, vectorized
from metalandscape.ground.errors import UserError


def test_a_gpu_that_is_not_there_is_refused_or_done_without(monkeypatch):
    monkeypatch.setattr(torch.cuda, "is_available", lambda: False)
    with pytest.raises(UserError, match=r"config key device: cuda .* set auto or cpu"):
        Choice(device="cuda").of(conv_network())
    assert isinstance(Choice("auto", kernel(), device="auto").of(conv_network()), native.Engine)


def test_a_gpu_that_is_there_is_used(monkeypatch):
    monkeypatch.setattr(torch.cuda, "is_available", lambda: True)
    told = []
    for module in (reference, vectorized):
        monkeypatch.setattr(module, "prepare", lambda *of: told.append(of))
    kinds = {"auto": vectorized, "vectorized": vectorized, "reference": reference}
    for device in ("auto", "cuda"):
        for name, module in kinds.items():
            for network in (conv_network(), mlp_network(), resnet_network()):
                chosen = Choice(name, kernel(), 2, device, "tf32").of(network)
                assert type(chosen) is module.Engine and chosen.device == "cuda"
    assert set(told) == {("cuda", "tf32")}


def test_the_reference_serves_whatever_is_asked_of_it_and_what_no_other_knows():
    for network in (conv_network(), mlp_network()):
        assert type(engine(network, "reference")) is reference.Engine
        assert type(engine(network, "vectorized")) is vectorized.Engine
    assert type(engine(conv_network(tasks="regression"), "auto")) is reference.Engine


def test_the_mean_over_tasks_is_that_of_each_field():
    vectors = [torch.tensor([1.0, 2.0]), torch.tensor([3.0, 8.0])]
    results = [LossGradient(v, float(v[0]), float(v[1]), 2 * v) for v in vectors]
    gradient, loss, accuracy, of_rates = mean(results)
    assert gradient.tolist() == [2, 5] and (loss, accuracy) == (2, 5)
    assert of_rates.tolist() == [4, 10]
    assert mean([r._replace(rates=None) for r in results]).rates is None
