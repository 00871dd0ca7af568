import pytest
import torch

from metalandscape.optimizers import adam

OPTIONS = [{}, {"beta1": 0.0}, {"beta1": 0.5, "beta2": 0.9, "epsilon": 1e-3}]


@pytest.mark.parametrize("options", OPTIONS)
def test_adam_is_torchs_adam(compare, options):
    chosen = adam.Options(**options)
    betas = chosen.beta1, chosen.beta2
    slots, state = compare(
        adam, chosen, lambda p: torch.optim.Adam(p, betas=betas, eps=chosen.epsilon)
    )
    torch.testing.assert_close(slots["first_moment"], state["exp_avg"], rtol=0, atol=1e-14)
    torch.testing.assert_close(slots["second_moment"], state["exp_avg_sq"], rtol=0, atol=1e-14)


def test_the_defaults_are_torchs_and_the_papers():
    options = adam.Options()
    defaults = torch.optim.Adam([torch.zeros(1)]).defaults
    assert ((options.beta1, options.beta2), options.epsilon) == (defaults["betas"], defaults["eps"])
