import pytest
import torch

from helpers import image_run, meta_gradients, relative
from metalandscape.ground.errors import UserError

RHO = 0.125


@pytest.fixture
def sharp(case):
    return case({"name": "sharp_maml", "rho": RHO})


def test_the_meta_gradient_is_that_of_the_perturbed_theta(sharp):
    algorithm, theta, tasks = sharp
    found = algorithm.meta_gradient({"theta": theta}, tasks).gradient
    arguments = tasks, 3, torch.full_like(theta, 0.03125), True
    here, _ = meta_gradients(algorithm.network, theta, *arguments)
    there, _ = meta_gradients(algorithm.network, theta + RHO * here / here.norm(), *arguments)
    assert relative(found, there) <= 1e-12
    assert relative(here, there) > 1e-3


def test_loss_and_accuracy_are_those_of_theta_itself(sharp, case):
    algorithm, theta, tasks = sharp
    maml, _, _ = case("maml")
    found = algorithm.meta_gradient({"theta": theta}, tasks)
    expected = maml.meta_gradient({"theta": theta}, tasks)
    assert found.loss == expected.loss
    assert found.accuracy == pytest.approx(expected.accuracy, nan_ok=True)


def test_a_gradient_of_zero_perturbs_nothing(sharp, monkeypatch):
    algorithm, theta, tasks = sharp
    seen, real = [], algorithm.engine.meta_gradient

    def zero(theta, *arguments):
        seen.append(theta)
        found = real(theta, *arguments)
        return found._replace(gradient=torch.zeros_like(theta))

    monkeypatch.setattr(algorithm.engine, "meta_gradient", zero)
    algorithm.meta_gradient({"theta": theta}, tasks)
    assert len(seen) == 2 and torch.equal(seen[0], seen[1])


def test_adaptation_is_mamls(sharp, case):
    algorithm, theta, tasks = sharp
    maml, _, _ = case("maml")
    found, expected = (a.learner({"theta": theta}).adapt(tasks[0]) for a in (algorithm, maml))
    assert torch.equal(found, expected)


def test_a_perturbation_of_no_size_is_refused():
    with pytest.raises(UserError, match=r"algorithm\.rho: .*greater than 0"):
        image_run(algorithm={"name": "sharp_maml", "rho": 0})


def test_it_learns_letters(learned):
    before, after, _ = learned("sharp_maml", outer_rate=0.003, iterations=400)
    assert after > before + 0.1
