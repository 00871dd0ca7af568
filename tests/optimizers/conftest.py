import pytest
import torch


@pytest.fixture
def compare():
    """Returns a function that holds an optimizer to one of torch over 20 steps in float64."""

    def check(module, options, torchs, seed=0):
        generator = torch.Generator().manual_seed(seed)
        found = torch.randn(50, generator=generator, dtype=torch.float64)
        expected = found.clone().requires_grad_()
        slots = {name: torch.zeros_like(found) for name in module.SLOTS}
        reference = torchs([expected])
        for step in range(1, 21):
            expected.grad = torch.randn(50, generator=generator, dtype=torch.float64)
            gradient = expected.grad.clone()
            # The rate may change from step to step.
            reference.param_groups[0]["lr"] = rate = 0.1 / step
            reference.step()
            module.step(found, slots, gradient, step, rate, options)
            assert torch.equal(gradient, expected.grad)  # left as it was
            torch.testing.assert_close(found, expected.detach(), rtol=0, atol=1e-14)
        return slots, reference.state[expected]

    return check
