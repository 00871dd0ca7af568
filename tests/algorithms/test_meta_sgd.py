import pytest
import torch

from configurations import changed
from helpers import meta_gradients, origin, rates, relative
from metalandscape.ground.errors import UserError
from metalandscape.settings import config
from metalandscape.training.artifacts import State, load_checkpoint, save_checkpoint


def negative_and_positive(network):
    """Rates of both signs, some of them zero."""
    drawn = rates(network)
    return torch.where(torch.arange(len(drawn)) % 5 == 0, -drawn, drawn)


def test_every_rate_starts_as_the_inner_rate(case):
    meta = case("meta_sgd")[0].initial()
    assert torch.equal(meta["rates"], torch.full_like(meta["theta"], 0.03125))


def test_it_adapts_with_its_rates(case):
    sgd, theta, tasks = case("meta_sgd")
    own = negative_and_positive(sgd.network)
    learner = sgd.learner({"theta": theta, "rates": own})
    assert torch.equal(learner.rates, own)
    assert not (learner.adapt(tasks[0]) - theta)[own == 0].any()


def test_both_gradients_are_those_of_one_graph(case):
    sgd, theta, tasks = case("meta_sgd")
    own = negative_and_positive(sgd.network)
    found = sgd.meta_gradient({"theta": theta, "rates": own}, tasks)
    of_theta, of_rates = meta_gradients(sgd.network, theta, tasks, 3, own, second_order=True)
    assert relative(found.gradient, of_theta) <= 1e-12
    assert relative(found.rates, of_rates) <= 1e-12


def test_its_rates_are_in_checkpoints(case, tmp_path):
    sgd, theta, _ = case("meta_sgd")
    meta = {"theta": theta.float(), "rates": negative_and_positive(sgd.network).float()}
    path, mine = tmp_path / "epoch1.safetensors", origin(sgd.setup.run)
    save_checkpoint(path, sgd, State(1, meta, {}), mine)
    loaded = load_checkpoint(path, sgd, mine).meta
    assert loaded.keys() == meta.keys()
    assert all(torch.equal(loaded[name], meta[name]) for name in meta)


def test_another_rate_at_meta_test_is_refused():
    raw = changed("runs/letters_maml_T1/algorithm", "meta_sgd")
    raw["runs"]["letters_maml_T1"]["test"] = {"inner_rate": 0.5}
    with pytest.raises(UserError, match=r"test\.inner_rate: meta_sgd learns its inner rates"):
        config.load(raw)


def test_it_learns_letters_and_its_rates(learned):
    before, after, meta = learned("meta_sgd")
    assert after > before + 0.1
    assert meta["rates"].std() > 0.01
