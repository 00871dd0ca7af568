import pytest
import torch

from metalandscape.optimizers import adam, adamw

OPTIONS = [{}, {"weight_decay": 0.0}, {"weight_decay": 0.5, "beta1": 0.5, "beta2": 0.9}]


@pytest.mark.parametrize("options", OPTIONS)
def test_adamw_is_torchs_adamw(compare, options):
    chosen = adamw.Options(**options)
    settings = {
        "betas": (chosen.beta1, chosen.beta2),
        "eps": chosen.epsilon,
        "weight_decay": chosen.weight_decay,
    }
    compare(adamw, chosen, lambda p: torch.optim.AdamW(p, **settings))


def test_the_default_decay_is_torchs():
    defaults = torch.optim.AdamW([torch.zeros(1)]).defaults
    assert adamw.Options().weight_decay == defaults["weight_decay"]


def test_decay_leaves_the_moments_alone():
    parameter, gradient = torch.ones(3), torch.tensor([1.0, -2.0, 0.0])
    kept = []
    for module in (adam, adamw):
        slots = {name: torch.zeros(3) for name in module.SLOTS}
        module.step(parameter.clone(), slots, gradient, 1, 0.1, module.Options())
        kept.append(slots)
    assert all(torch.equal(kept[0][name], kept[1][name]) for name in adam.SLOTS)
