import numpy as np
import pytest
import torch
from safetensors.torch import save_file

from helpers import image_dataset, image_run, kernel, origin
from metalandscape import algorithms
from metalandscape.engines import Choice
from metalandscape.ground import plugins
from metalandscape.networks import head_mask, unflatten
from metalandscape.tasks.task import Spec
from metalandscape.training import blocks
from metalandscape.training.artifacts import State, load_checkpoint

CLASSIFYING = [
    name
    for name in plugins.names("algorithms")
    if "classification" in plugins.declared("algorithms", name, "TASKS")
]


LEAPING = {"name": "sgd", "nesterov": True}
LAST_STEP = {"outer_rate": 3e38, "iterations": 1, "optimizer": LEAPING}


def built(run=None, seed=0, engine="reference", threads=1):
    """The algorithm of a run, with an engine that may have threads."""
    choice = Choice(engine, kernel() if engine == "auto" else None, threads)
    spec = Spec.of(image_dataset())
    return algorithms.create(algorithms.Setup(run or image_run(), spec, seed, choice))


@pytest.mark.parametrize(
    "changes",
    [
        *({"algorithm": name} for name in CLASSIFYING),
        {"optimizer": "sgd", "schedule": {"name": "cosine", "epochs": 3}},
        {"optimizer": "adamw", "clip_gradient": {"norm": 0.1}},
    ],
    ids=lambda changes: next(iter(changes.values())),
)
def test_blocks_give_the_bytes_of_one_uninterrupted_training(tmp_path, train, same, changes):
    trained = built(image_run(**changes))
    whole, parts, middle = tmp_path / "whole", tmp_path / "blocks", tmp_path / "state1"
    end, _ = train(trained, whole, range(4))
    state, _ = train(trained, parts, range(2))
    belongs = origin(trained.setup.run)
    state.save(middle, belongs)
    again, _ = train(trained, parts, (2, 3), State.load(middle, belongs))
    assert sorted(f.name for f in whole.iterdir()) == [f"epoch{e}.safetensors" for e in range(4)]
    for path in whole.iterdir():
        assert path.read_bytes() == (parts / path.name).read_bytes()
    assert same(end, again)


def test_a_short_training_agrees_between_engines(tmp_path, train):
    """Within float32: rounding grows from one meta-iteration to the next.

    Most where Adam makes full steps of gradients that are next to nothing but rounding, as
    Finetuning has them.
    """
    for name, tolerance in (("maml", 1e-4), ("first_order_maml", 1e-4), ("finetuning", 2e-2)):
        run = image_run(algorithm=name)
        ends = {
            engine: train(built(run, engine=engine), tmp_path / engine, range(3))[0].meta["theta"]
            for engine in ("reference", "auto")
        }
        moved = (ends["reference"] - blocks.start(built(run)).meta["theta"]).norm()
        assert (ends["auto"] - ends["reference"]).norm() < tolerance * moved


@pytest.mark.parametrize("engine", ["reference", "auto"])
def test_each_engine_gives_the_same_bytes_again(tmp_path, train, engine):
    folders = [tmp_path / str(n) for n in range(2)]
    for threads, folder in enumerate(folders, 1):
        train(built(engine=engine, threads=threads), folder, range(3))
    first, second = ((folder / "epoch2.safetensors").read_bytes() for folder in folders)
    assert first == second


@pytest.mark.parametrize("modules", [1, 3])
def test_the_native_engine_trains_networks_of_other_than_four_modules(tmp_path, train, modules):
    run = image_run(network={"kind": "conv", "filters": 4, "modules": modules})
    fast, plain = (built(run, engine=engine) for engine in ("auto", "reference"))
    assert type(fast.engine).__module__ == "metalandscape.engines.native"
    found, expected = (train(each, tmp_path, [0, 1])[0].meta["theta"] for each in (fast, plain))
    moved = (expected - blocks.start(plain).meta["theta"]).norm()
    assert (found - expected).norm() < 1e-4 * moved


def test_resnet12_trains_with_the_reference_engine(tmp_path, train):
    network = {"kind": "resnet12", "filters": [2, 4], "norm": "group", "groups": 2}
    trained = built(image_run(network=network), engine="auto")
    assert type(trained.engine).__module__ == "metalandscape.engines.reference"
    end, _ = train(trained, tmp_path, range(2))
    before, after = (
        unflatten(trained.network, state.meta["theta"]) for state in (blocks.start(trained), end)
    )
    assert all(not torch.equal(before[name], after[name]) for name in before)


def test_epoch_0_is_the_initialization_and_later_epochs_differ(tmp_path, train):
    trained = built()
    train(trained, tmp_path, range(2))
    initial = blocks.start(trained).meta["theta"]
    found = [load_checkpoint(tmp_path / f"epoch{e}.safetensors", trained, origin()) for e in (0, 1)]
    assert [checkpoint.epoch for checkpoint in found] == [0, 1]
    assert torch.equal(found[0].meta["theta"], initial)
    assert not torch.equal(found[1].meta["theta"], initial)


def test_the_initial_state_is_that_of_the_algorithm(same):
    trained = built()
    state = blocks.start(trained)
    assert state.epoch == 0
    assert torch.equal(state.meta["theta"], trained.initial()["theta"])
    assert all(not slot.any() for slot in state.slots["theta"].values())


def test_a_block_of_epoch_0_alone_trains_nothing(tmp_path, train, same):
    trained = built(image_run(epochs=0))
    ((first, last),) = trained.setup.run.blocks()
    state, rows = train(trained, tmp_path, range(first, last + 1))
    assert [path.name for path in tmp_path.iterdir()] == ["epoch0.safetensors"]
    assert rows == [] and same(state, blocks.start(trained))


def test_training_leaves_the_state_that_it_starts_from_as_it_was(tmp_path, train, same):
    trained = built()
    given = blocks.start(trained)
    train(trained, tmp_path, range(2), given)
    assert same(given, blocks.start(trained))


def test_seeds_reach_the_weights_and_the_tasks(tmp_path, train):
    first, second = built(seed=0), built(seed=1)
    start = blocks.start(first)
    assert not torch.equal(start.meta["theta"], blocks.start(second).meta["theta"])
    ends = [
        train(each, tmp_path / str(each.setup.seed), [1], start.copy())[0].meta["theta"]
        for each in (first, second)
    ]
    assert not torch.equal(*ends)


def test_the_log_has_a_row_per_epoch(tmp_path, train):
    _, rows = train(built(), tmp_path, range(3))
    assert [row["epoch"] for row in rows] == [1, 2]
    assert all(list(row) == blocks.COLUMNS for row in rows)
    assert all(row["loss"] > 0 and 0 <= row["accuracy"] <= 1 for row in rows)


DIVERGING = [
    ({"inner_rate": 1e30}, 1),  # the loss
    (LAST_STEP, 1),  # the weights
    (LAST_STEP | {"algorithm": "finetuning"}, 1),
    ({"outer_rate": 1e38}, 1),  # the length of a step
    ({"outer_rate": 1e36, "iterations": 1}, 2),
]


@pytest.mark.parametrize(("changes", "epoch"), DIVERGING)
def test_after_divergence_there_are_no_weights_and_files_say_so(tmp_path, train, changes, epoch):
    trained = built(image_run(**changes))
    end, rows = train(trained, tmp_path, range(epoch + 2))
    assert end.diverged == epoch and end.epoch == epoch + 1
    assert [np.isnan(row["loss"]) for row in rows] == [e >= epoch for e in range(1, epoch + 2)]
    for e in range(epoch + 2):
        found = load_checkpoint(tmp_path / f"epoch{e}.safetensors", trained, origin())
        assert found.diverged == (epoch if e >= epoch else None)
        assert found.meta["theta"].isnan().all() == (e >= epoch)
        assert found.meta["theta"].isfinite().all() == (e < epoch)


def test_a_diverged_training_is_the_same_in_blocks(tmp_path, train, same):
    trained = built(image_run(inner_rate=1e30))
    end, _ = train(trained, tmp_path / "whole", range(4))
    state, _ = train(trained, tmp_path / "blocks", range(2))
    state.save(tmp_path / "state", origin(trained.setup.run))
    again = State.load(tmp_path / "state", origin(trained.setup.run))
    assert again.diverged == 1
    again, _ = train(trained, tmp_path / "blocks", (2, 3), again)
    assert same(end, again)
    for path in (tmp_path / "whole").iterdir():
        assert path.read_bytes() == (tmp_path / "blocks" / path.name).read_bytes()


def test_the_sentence_names_run_seed_epoch_and_remedy():
    sentence = blocks.diverged("images", 3, 7)
    assert sentence.startswith("training of run images, seed 3, diverged in epoch 7, ")
    assert "lower its inner_rate or outer_rate" in sentence and sentence.endswith(".")


def test_training_goes_on_from_given_weights(tmp_path, train):
    trained = built()
    rng = np.random.default_rng(9)
    drawn = torch.from_numpy(rng.standard_normal(len(head_mask(trained.network)))).float()
    weights = tmp_path / "weights.safetensors"
    save_file({n: t.clone() for n, t in unflatten(trained.network, drawn).items()}, weights)
    state = blocks.start(trained, weights)
    assert torch.equal(state.meta["theta"], drawn) and state.epoch == 0
    end, _ = train(trained, tmp_path / "given", range(2), state)
    found = load_checkpoint(tmp_path / "given" / "epoch0.safetensors", trained, origin())
    assert torch.equal(found.meta["theta"], drawn)
    unweighted, _ = train(trained, tmp_path / "own", range(2))
    assert not torch.equal(end.meta["theta"], unweighted.meta["theta"])


def test_a_schedule_reaches_training(tmp_path, train):
    """A rate that falls to nothing after the first epoch leaves the weights as they are."""
    run = image_run(schedule={"name": "cosine", "epochs": 1})
    first, _ = train(built(run), tmp_path, range(2))
    second, _ = train(built(run), tmp_path, (2,), first)
    assert torch.equal(first.meta["theta"], second.meta["theta"])
    assert not torch.equal(first.meta["theta"], blocks.start(built(run)).meta["theta"])
