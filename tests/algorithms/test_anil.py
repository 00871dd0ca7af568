import torch

from helpers import meta_gradients, relative
from metalandscape import networks


def test_the_last_layer_alone_adapts(case):
    anil, theta, tasks = case("anil")
    moved = anil.learner({"theta": theta}).adapt(tasks[0]) - theta
    head = networks.head_mask(anil.network).bool()
    assert not moved[~head].any() and moved[head].any()


def test_the_meta_gradient_is_that_of_one_graph(case):
    anil, theta, tasks = case("anil")
    found = anil.meta_gradient({"theta": theta}, tasks).gradient
    rates = 0.03125 * networks.head_mask(anil.network).double()
    expected, _ = meta_gradients(anil.network, theta, tasks, 3, rates, second_order=True)
    assert relative(found, expected) <= 1e-12


def test_all_of_theta_is_meta_trained(case):
    anil, theta, tasks = case("anil")
    gradient = anil.meta_gradient({"theta": theta}, tasks).gradient
    for name, part in networks.unflatten(anil.network, gradient).items():
        assert part.any(), name


def test_meta_test_has_its_own_rate(case):
    anil, theta, _ = case("anil", test={"inner_rate": 0.5})
    rates = anil.learner({"theta": theta}).rates
    assert torch.equal(rates, 0.5 * networks.head_mask(anil.network).double())


def test_it_learns_letters(learned):
    before, after, _ = learned("anil")
    assert after > before + 0.1
