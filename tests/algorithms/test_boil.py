from helpers import meta_gradients, relative
from metalandscape import networks


def test_all_but_the_last_layer_adapts(case):
    boil, theta, tasks = case("boil")
    moved = boil.learner({"theta": theta}).adapt(tasks[0]) - theta
    head = networks.head_mask(boil.network).bool()
    assert moved[~head].any() and not moved[head].any()


def test_the_meta_gradient_is_that_of_one_graph(case):
    boil, theta, tasks = case("boil")
    found = boil.meta_gradient({"theta": theta}, tasks).gradient
    rates = 0.03125 * (1 - networks.head_mask(boil.network).double())
    expected, _ = meta_gradients(boil.network, theta, tasks, 3, rates, second_order=True)
    assert relative(found, expected) <= 1e-12


def test_all_of_theta_is_meta_trained(case):
    boil, theta, tasks = case("boil")
    gradient = boil.meta_gradient({"theta": theta}, tasks).gradient
    for name, part in networks.unflatten(boil.network, gradient).items():
        assert part.any(), name


def test_it_learns_letters(learned):
    before, after, _ = learned("boil", iterations=200)
    assert after > before + 0.1
