"""The outer update against torch's optimizers, schedulers and clipping."""

import pytest
import torch
from torch.optim import lr_scheduler

from helpers import image_run
from metalandscape.training.outer import Optimizer, clipped, scheduled

TORCHS = {"adam": torch.optim.Adam, "sgd": torch.optim.SGD, "adamw": torch.optim.AdamW}
SCHEDULES = {
    "constant": ({"name": "constant"}, lambda o: lr_scheduler.ConstantLR(o, factor=1.0)),
    "cosine": ({"name": "cosine", "epochs": 6}, lambda o: lr_scheduler.CosineAnnealingLR(o, 6)),
    "cosine to a rest": (
        {"name": "cosine", "epochs": 6, "final": 0.1},
        lambda o: lr_scheduler.CosineAnnealingLR(o, 6, eta_min=0.1 * o.defaults["lr"]),
    ),
    "step": (
        {"name": "step", "every": 2, "factor": 0.5},
        lambda o: lr_scheduler.StepLR(o, step_size=2, gamma=0.5),
    ),
}
RATE = 0.05
CLIPS = [None, {"value": 0.3}, {"norm": 0.5}, {"norm": 1e6}]


def gradients(seed):
    """Of two meta-parameters."""
    generator = torch.Generator().manual_seed(seed)
    return {
        "theta": torch.randn(20, generator=generator, dtype=torch.float64),
        "log_rates": torch.randn(3, generator=generator, dtype=torch.float64),
    }


def clip_by_torch(leaves, clip):
    if clip and "value" in clip:
        torch.nn.utils.clip_grad_value_(leaves, clip["value"])
    elif clip:
        torch.nn.utils.clip_grad_norm_(leaves, clip["norm"])


def close(found, expected):
    torch.testing.assert_close(found, expected, rtol=1e-13, atol=1e-14)


@pytest.mark.parametrize("name", SCHEDULES)
def test_rates_are_those_of_torchs_schedulers_stepped_once_an_epoch(name):
    schedule, torchs = SCHEDULES[name]
    run = image_run(outer_rate=RATE, schedule=schedule)
    optimizer = torch.optim.SGD([torch.zeros(1, requires_grad=True)], lr=RATE)
    scheduler = torchs(optimizer)
    for epoch in range(7):
        assert scheduled(run, epoch) == pytest.approx(scheduler.get_last_lr()[0], rel=1e-12)
        optimizer.step()
        scheduler.step()


def test_the_cosine_stays_at_its_end():
    run = image_run(schedule={"name": "cosine", "epochs": 2, "final": 0.25})
    assert [scheduled(run, e) / run.outer_rate for e in (2, 3, 99)] == pytest.approx([0.25] * 3)


@pytest.mark.parametrize("clip", CLIPS)
def test_clipping_is_torchs(clip):
    given = gradients(0)
    leaves = [torch.zeros_like(g).requires_grad_() for g in given.values()]
    for leaf, gradient in zip(leaves, given.values(), strict=True):
        leaf.grad = gradient.clone()
    clip_by_torch(leaves, clip)
    found = clipped(given, image_run(clip_gradient=clip).clip_gradient)
    for leaf, gradient in zip(leaves, found.values(), strict=True):
        close(gradient, leaf.grad)
    assert all(torch.equal(given[name], g) for name, g in gradients(0).items())  # as they were


@pytest.mark.parametrize("clip", CLIPS[:3])
@pytest.mark.parametrize("schedule", ["constant", "cosine", "step"])
@pytest.mark.parametrize("optimizer", TORCHS)
def test_the_update_is_torchs_for_every_meta_parameter(optimizer, schedule, clip):
    settings, scheduler_of = SCHEDULES[schedule]
    run = image_run(
        outer_rate=RATE, optimizer=optimizer, schedule=settings, clip_gradient=clip, iterations=2
    )
    meta = gradients(1)
    leaves = {name: tensor.clone().requires_grad_() for name, tensor in meta.items()}
    momentum = {"momentum": 0.9} if optimizer == "sgd" else {}
    theirs = TORCHS[optimizer](list(leaves.values()), lr=RATE, **momentum)
    scheduler = scheduler_of(theirs)
    ours = Optimizer(run)
    slots = ours.initial(meta)
    for iteration in range(8):
        given = gradients(2 + iteration)
        for name, leaf in leaves.items():
            leaf.grad = given[name].clone()
        clip_by_torch(leaves.values(), clip)
        theirs.step()
        if iteration % run.iterations == run.iterations - 1:
            scheduler.step()
        ours.step(meta, slots, given, iteration)
    for name, leaf in leaves.items():
        close(meta[name], leaf.detach())


def test_the_vectors_that_are_kept_are_zero_at_the_start_for_every_meta_parameter():
    slots = Optimizer(image_run(optimizer="adam")).initial(gradients(0))
    assert set(slots) == {"theta", "log_rates"}
    for name, own in slots.items():
        assert set(own) == {"first_moment", "second_moment"}
        assert all(torch.equal(s, torch.zeros_like(gradients(0)[name])) for s in own.values())


def floats(seed):
    return {name: tensor.float() for name, tensor in gradients(seed).items()}


def test_a_step_longer_than_float32_can_hold_is_an_overflow():
    optimizer, meta = Optimizer(image_run(outer_rate=1e38)), floats(0)  # times 1 / (1 - 0.9)
    with pytest.raises(OverflowError):
        optimizer.step(meta, optimizer.initial(meta), floats(1), 0)


def test_other_errors_of_an_optimizer_are_not_taken_for_it(unchecked):
    optimizer, meta = Optimizer(image_run()), floats(0)
    with pytest.raises(RuntimeError, match="size of tensor"):
        optimizer.step(meta, optimizer.initial(meta), {n: torch.ones(99) for n in meta}, 0)
