from dataclasses import astuple

import pytest
import torch

from helpers import image_dataset, image_run, kernel
from metalandscape.adam import adam_step
from metalandscape.algorithms import maml
from metalandscape.engines import Choice
from metalandscape.ground import plugins
from metalandscape.ground.errors import UserError
from metalandscape.training import State, load_checkpoint, train


def epochs(folder, numbers):
    return {epoch: folder / f"epoch{epoch}.safetensors" for epoch in numbers}


@pytest.mark.parametrize("algorithm", ["maml", "first_order_maml", "finetuning"])
def test_blocks_give_the_bytes_of_one_uninterrupted_training(tmp_path, algorithm):
    run, dataset = image_run(algorithm=algorithm), image_dataset()
    whole, blocks = tmp_path / "whole", tmp_path / "blocks"
    end, _ = train(run, 0, dataset, None, epochs(whole, range(4)))
    state, _ = train(run, 0, dataset, None, epochs(blocks, range(2)))
    state.save(tmp_path / "state1")
    again, _ = train(run, 0, dataset, State.load(tmp_path / "state1"), epochs(blocks, (2, 3)))
    for path in epochs(whole, range(4)).values():
        assert path.read_bytes() == (blocks / path.name).read_bytes()
    assert all(torch.equal(a, b) for a, b in zip(astuple(end)[1:], astuple(again)[1:], strict=True))


def test_a_short_training_agrees_between_engines(tmp_path):
    """Within float32: rounding grows from one meta-iteration to the next.

    Most where Adam makes full steps of gradients that are next to nothing but rounding, as
    Finetuning has them.
    """
    dataset = image_dataset()
    for algorithm, tolerance in (("maml", 1e-4), ("first_order_maml", 1e-4), ("finetuning", 2e-2)):
        run = image_run(algorithm=algorithm)
        ends = {
            name: train(run, 0, dataset, None, epochs(tmp_path / name, range(3)), choice)[0].theta
            for name in ("reference", "auto")
            for choice in [Choice(name, kernel())]
        }
        start = State.initial(
            plugins.load("algorithms", run.algorithm).build(run, dataset), 0
        ).theta
        moved = (ends["reference"] - start).norm()
        assert (ends["auto"] - ends["reference"]).norm() < tolerance * moved


@pytest.mark.parametrize("engine", ["reference", "auto"])
def test_each_engine_gives_the_same_bytes_again(tmp_path, engine):
    folders = [tmp_path / str(n) for n in range(2)]
    for threads, folder in enumerate(folders, 1):
        choice = Choice(engine, kernel(), threads)
        train(image_run(), 0, image_dataset(), None, epochs(folder, range(3)), choice)
    first, second = ((folder / "epoch2.safetensors").read_bytes() for folder in folders)
    assert first == second


def test_epoch_0_is_the_initialisation_and_later_epochs_differ(tmp_path):
    run, dataset = image_run(), image_dataset()
    model, files = maml.build(run, dataset), epochs(tmp_path, range(2))
    train(run, 0, dataset, None, files)
    initial = State.initial(model, 0).theta
    assert torch.equal(load_checkpoint(files[0], model), initial)
    assert not torch.equal(load_checkpoint(files[1], model), initial)


def test_seeds_reach_the_weights_and_the_tasks(tmp_path):
    run, dataset = image_run(), image_dataset()
    model = maml.build(run, dataset)
    assert not torch.equal(State.initial(model, 0).theta, State.initial(model, 1).theta)
    same_start = State.initial(model, 0)
    ends = [
        train(run, seed, dataset, same_start, epochs(tmp_path / str(seed), [1]))[0].theta
        for seed in (0, 1)
    ]
    assert not torch.equal(*ends)


def test_the_log_has_a_row_per_epoch(tmp_path):
    _, rows = train(image_run(), 0, image_dataset(), None, epochs(tmp_path, range(3)))
    assert [row["epoch"] for row in rows] == [1, 2]
    assert all(row["loss"] > 0 and 0 <= row["accuracy"] <= 1 for row in rows)


def test_divergence_ends_in_one_sentence(tmp_path):
    run = image_run(inner_rate=1e30)
    with pytest.raises(UserError, match=r"diverged in epoch 1 .* lower the run's inner_rate"):
        train(run, 0, image_dataset(), None, epochs(tmp_path, range(2)))


@pytest.mark.parametrize("dtype", [torch.float32, torch.float64])
def test_adam_is_torchs_adam(dtype):
    generator = torch.Generator().manual_seed(0)
    theta = torch.randn(50, generator=generator, dtype=dtype)
    leaf = theta.clone().requires_grad_()
    reference = torch.optim.Adam([leaf], lr=0.003)
    first, second = torch.zeros_like(theta), torch.zeros_like(theta)
    for step in range(1, 21):
        leaf.grad = torch.randn(50, generator=generator, dtype=dtype)
        reference.step()
        adam_step(theta, first, second, leaf.grad, step, 0.003)
    torch.testing.assert_close(theta, leaf.detach(), rtol=1e-6, atol=1e-9)
