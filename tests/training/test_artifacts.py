import json
from dataclasses import replace

import numpy as np
import pytest
import torch
from safetensors.torch import save_file

from helpers import image_dataset, image_run, origin
from metalandscape.algorithms import Outer, Setup, maml
from metalandscape.ground.errors import UserError
from metalandscape.ground.files import read_arrays
from metalandscape.ground.options import Options
from metalandscape.networks import flatten, initialize, unflatten
from metalandscape.tasks import episodes
from metalandscape.tasks.task import Spec
from metalandscape.training import artifacts, blocks
from metalandscape.training.artifacts import State
from metalandscape.training.progress import Progress


class Learned(maml.Algorithm):
    """MAML that learns the logarithms of its rates, too: a second meta-parameter."""

    def initial(self):
        meta = super().initial()
        return meta | {"log_rates": torch.full_like(meta["theta"], -2.0)}

    def rates(self, meta, run):
        return meta["log_rates"].exp()

    def step(self, meta, dataset, iteration):
        run = self.setup.run
        batch = episodes.sample(dataset, run, self.setup.seed, iteration)
        inner = (run.inner_steps, self.rates(meta, run), True, True)
        found = self.engine.meta_gradient(meta["theta"], batch, *inner)
        gradients = {"theta": found.gradient, "log_rates": found.rates * inner[1]}
        return Outer(gradients, found.loss, found.accuracy)


def algorithm(kind=maml.Algorithm, **changes):
    return kind(Setup(image_run(**changes), Spec.of(image_dataset()), 0), Options())


def learned(**changes):
    return algorithm(Learned, **changes)


def drawn(network, seed=3):
    return initialize(network, np.random.default_rng(seed))


def plain(network, theta, dtype=torch.float32):
    """A state dict such as users have."""
    return {name: t.to(dtype).clone() for name, t in unflatten(network, theta).items()}


# --- states


@pytest.mark.parametrize("optimizer", ["adam", "adamw", "sgd"])
def test_a_state_keeps_every_meta_parameter_and_what_the_optimizer_keeps_for_it(
    tmp_path, train, same, optimizer
):
    state, _ = train(learned(optimizer=optimizer), tmp_path, range(2))
    assert set(state.meta) == set(state.slots) == {"theta", "log_rates"}
    assert all(slot.any() for own in state.slots.values() for slot in own.values())
    state.save(tmp_path / "state", origin())
    assert same(State.load(tmp_path / "state", origin()), state)


def test_training_of_several_meta_parameters_resumes_to_the_byte(tmp_path, train, same):
    trained = learned()
    end, _ = train(trained, tmp_path / "whole", range(3))
    state, _ = train(trained, tmp_path / "blocks", range(2))
    state.save(tmp_path / "state", origin())
    again, _ = train(trained, tmp_path / "blocks", [2], State.load(tmp_path / "state", origin()))
    assert same(end, again)
    last = "epoch2.safetensors"
    assert (tmp_path / "whole" / last).read_bytes() == (tmp_path / "blocks" / last).read_bytes()


@pytest.mark.parametrize("best", [float("nan"), 0.75])
def test_a_state_keeps_the_best_epoch_and_whether_the_last_one_collapsed(tmp_path, same, best):
    initial = blocks.start(algorithm())
    state = replace(initial, progress=Progress(best, 0.01), collapsed=best == 0.75)
    state.save(tmp_path / "state", origin())
    assert same(State.load(tmp_path / "state", origin()), state)


def test_a_copy_of_a_state_shares_no_memory_with_it(same):
    state = blocks.start(learned())
    copied = state.copy()
    assert same(state, copied)
    copied.meta["log_rates"].add_(1)
    copied.slots["theta"]["first_moment"].add_(1)
    assert same(state, blocks.start(learned()))


def test_a_state_may_be_written_over_while_it_is_open(tmp_path, same):
    """What is loaded does not depend on the file any more."""
    path, state = tmp_path / "state", blocks.start(algorithm())
    state.save(path, origin())
    loaded = State.load(path, origin())
    with open(path, "r+b") as file:
        file.write(b"\xff" * path.stat().st_size)
    assert same(loaded, state)


# --- checkpoints


def test_a_checkpoint_has_the_networks_tensors_by_name_and_other_meta_parameters_beside_them(
    tmp_path,
):
    path, trained = tmp_path / "epoch4.safetensors", learned()
    meta = trained.initial()
    artifacts.save_checkpoint(path, trained, State(4, meta, {}, collapsed=True), origin())
    arrays, _ = read_arrays(path)
    assert set(arrays) == {p.name for p in trained.network.parameters} | {"meta.log_rates"}
    found = artifacts.load_checkpoint(path, trained, origin())
    assert (found.epoch, found.collapsed) == (4, True) and set(found.meta) == set(meta)
    assert all(torch.equal(found.meta[name], meta[name]) for name in meta)


def test_files_say_what_they_belong_to(tmp_path):
    trained, belongs = algorithm(), origin(preprocessing={"size": 12})
    state = State(2, trained.initial(), {})
    artifacts.save_checkpoint(tmp_path / "checkpoint", trained, state, belongs)
    blocks.start(trained).save(tmp_path / "state", belongs)
    for name, kind, epoch in (("checkpoint", "checkpoint", 2), ("state", "training state", 0)):
        _, metadata = read_arrays(tmp_path / name)
        settings = json.loads(metadata["settings"])
        assert (metadata["kind"], metadata["epoch"]) == (kind, epoch)
        assert (metadata["run"], metadata["seed"], metadata["code"]) == ("images", 0, "c0de")
        assert metadata["dataset"] == image_dataset().digest
        assert metadata["preprocessing"] == {"size": 12} and metadata["version"] == "0"
        assert (settings["algorithm"], settings["network"]["name"]) == ("maml", "conv")
        assert Spec(**metadata["spec"]).train_classes == trained.setup.spec.train_classes


@pytest.fixture(params=["checkpoint", "training state"])
def file(request, tmp_path):
    """A file of seed 0 of the run `images`, and a function that reads it for an origin."""
    path, trained = tmp_path / "some_file", algorithm()
    if request.param == "checkpoint":
        artifacts.save_checkpoint(path, trained, blocks.start(trained), origin())
        return path, lambda belongs: artifacts.load_checkpoint(path, trained, belongs)
    blocks.start(trained).save(path, origin())
    return path, lambda belongs: State.load(path, belongs)


@pytest.mark.parametrize(
    ("key", "other"), [("run", "letters"), ("seed", 1), ("dataset", "0123abc")]
)
def test_a_file_of_another_run_seed_or_dataset_is_refused_by_name(file, key, other):
    path, read = file
    read(origin())
    with pytest.raises(UserError) as refused:
        read(replace(origin(), **{key: other}))
    sentence, mine = str(refused.value), getattr(origin(), key)
    assert sentence.startswith(f"{path} belongs to {key} {mine}, but is used for {key} {other};")
    assert sentence.count(". ") == 0 and "\n" not in sentence and sentence.endswith(".")


def test_a_file_of_another_kind_is_refused_by_name(tmp_path):
    path, trained = tmp_path / "file", algorithm()
    blocks.start(trained).save(path, origin())
    with pytest.raises(UserError, match=r"file is no checkpoint of this project"):
        artifacts.load_checkpoint(path, trained, origin())
    artifacts.save_checkpoint(path, trained, blocks.start(trained), origin())
    with pytest.raises(UserError, match=r"file is no training state of this project"):
        State.load(path, origin())
    save_file(plain(trained.network, trained.initial()["theta"]), path)
    with pytest.raises(UserError, match=r"file is no checkpoint of this project"):
        artifacts.load_checkpoint(path, trained, origin())


# --- initial weights


@pytest.mark.parametrize("dtype", [torch.float32, torch.float64, torch.float16, torch.bfloat16])
def test_initial_weights_may_be_a_plain_state_dict(tmp_path, dtype):
    path, trained = tmp_path / "mine.safetensors", learned()
    theta = drawn(trained.network)
    save_file(plain(trained.network, theta, dtype), path, {"format": "pt"})
    found = artifacts.initial_weights(path, trained)
    assert found["theta"].dtype == torch.float32
    assert torch.equal(found["theta"], theta.to(dtype).float())
    assert torch.equal(found["log_rates"], trained.initial()["log_rates"])


def test_initial_weights_may_be_a_checkpoint_of_any_run(tmp_path):
    path, trained = tmp_path / "epoch7.safetensors", learned()
    meta = {"theta": drawn(trained.network)}
    meta["log_rates"] = meta["theta"] / 2
    belongs = replace(origin(), run="another", seed=5)
    artifacts.save_checkpoint(path, trained, State(7, meta, {}), belongs)
    found = artifacts.initial_weights(path, trained)
    assert set(found) == set(meta)
    assert all(torch.equal(found[name], meta[name]) for name in meta)
    # MAML has no use for the rates.
    without = artifacts.initial_weights(path, algorithm())
    assert set(without) == {"theta"} and torch.equal(without["theta"], meta["theta"])


def test_tensors_may_stand_in_any_order(tmp_path):
    path, trained = tmp_path / "mine.safetensors", algorithm()
    tensors = plain(trained.network, drawn(trained.network))
    save_file(dict(reversed(tensors.items())), path)
    found = artifacts.initial_weights(path, trained)
    assert torch.equal(found["theta"], flatten(trained.network, tensors))


@pytest.mark.parametrize(
    ("change", "complaint"),
    [
        ({"linear.weight": torch.zeros(5, 4)}, r"linear.weight has the shape \(5, 4\), the run's"),
        ({"conv2.weight": None}, "lacks the tensor conv2.weight, which the run's network has"),
        ({"conv9.bias": torch.zeros(2)}, "tensor conv9.bias is unknown to the run's network"),
        ({"meta.log_rates": torch.zeros(2)}, r"meta.log_rates has the shape \(2,\), the run's"),
    ],
    ids=lambda case: next(iter(case)) if isinstance(case, dict) else "",
)
def test_weights_of_another_network_are_refused_by_name(tmp_path, change, complaint):
    path, trained = tmp_path / "mine.safetensors", learned()
    tensors = plain(trained.network, drawn(trained.network)) | change
    save_file({name: t for name, t in tensors.items() if t is not None}, path)
    with pytest.raises(UserError, match=complaint) as refused:
        artifacts.initial_weights(path, trained)
    assert str(refused.value).startswith(str(path))


def test_what_is_no_safetensors_file_is_refused_by_name(tmp_path):
    path = tmp_path / "mine.pt"
    with pytest.raises(UserError, match=r"mine.pt cannot be read as safetensors"):
        artifacts.initial_weights(path, algorithm())
    path.write_bytes(b"PK\x03\x04 what torch.save writes")
    with pytest.raises(UserError, match=r"mine.pt cannot be read as safetensors"):
        artifacts.initial_weights(path, algorithm())


def test_a_checkpoint_of_another_network_is_refused_by_name(tmp_path):
    path, trained = tmp_path / "epoch1.safetensors", algorithm()
    artifacts.save_checkpoint(path, trained, blocks.start(trained), origin())
    other = algorithm(network={"kind": "conv", "filters": 5})
    with pytest.raises(UserError, match=r"epoch1.safetensors: its tensor conv1.weight"):
        artifacts.load_checkpoint(path, other, origin())


# --- numbers that are not finite


def spoilt(file):
    """Write NaN over the last number of a file."""
    content = file.read_bytes()
    file.write_bytes(content[:-4] + np.float32(np.nan).tobytes())


def test_a_file_whose_numbers_are_not_finite_is_refused_by_name(file):
    path, read = file
    spoilt(path)
    with pytest.raises(UserError, match=r"some_file is damaged: its tensor .* not finite; remove"):
        read(origin())


@pytest.mark.parametrize(
    ("dtype", "number"), [(torch.float32, float("inf")), (torch.float64, 1e300)]
)
def test_initial_weights_that_are_not_finite_are_refused_by_name(tmp_path, dtype, number):
    """So are numbers that float32 can't hold."""
    path, trained = tmp_path / "mine.safetensors", algorithm()
    tensors = plain(trained.network, drawn(trained.network), dtype)
    tensors["linear.bias"][0] = number
    save_file(tensors, path)
    with pytest.raises(UserError, match=r"mine.safetensors: its tensor linear.bias has numbers"):
        artifacts.initial_weights(path, trained)


def test_a_checkpoint_without_weights_is_no_start_and_no_learner(tmp_path):
    path, trained = tmp_path / "epoch2.safetensors", algorithm()
    artifacts.save_checkpoint(path, trained, blocks.start(trained).lost(2), origin())
    with pytest.raises(UserError, match=r"epoch2.safetensors has no weights, for training"):
        artifacts.open_checkpoint(path)
    with pytest.raises(UserError, match="not finite; give other weights"):
        artifacts.initial_weights(path, trained)
    assert artifacts.load_checkpoint(path, trained, origin()).diverged == 2
