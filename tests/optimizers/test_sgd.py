import pytest
import torch
from pydantic import ValidationError

from metalandscape.optimizers import sgd

OPTIONS = [
    {},
    {"momentum": 0.0},
    {"momentum": 0.5, "weight_decay": 0.1},
    {"nesterov": True},
    {"momentum": 0.7, "nesterov": True, "weight_decay": 0.01},
]


@pytest.mark.parametrize("options", OPTIONS)
def test_sgd_is_torchs_sgd(compare, options):
    chosen = sgd.Options(**options)
    slots, state = compare(sgd, chosen, lambda p: torch.optim.SGD(p, lr=1.0, **chosen.model_dump()))
    if chosen.momentum:
        torch.testing.assert_close(slots["velocity"], state["momentum_buffer"], rtol=0, atol=1e-14)


def test_nesterov_without_momentum_is_refused_as_torch_does():
    with pytest.raises(ValidationError, match="nesterov needs a momentum"):
        sgd.Options(momentum=0.0, nesterov=True)
    with pytest.raises(ValueError, match="momentum"):
        torch.optim.SGD([torch.zeros(1)], momentum=0.0, nesterov=True)
