import numpy as np
import pytest
import torch

from helpers import algorithm, conv_tasks, image_dataset, image_run, relative
from metalandscape.algorithms import finetuning
from metalandscape.ground import randomness
from metalandscape.networks import HEAD, unflatten

HEADS = ["per_task", "shared", "zero"]


def baseline(rotations=False, seed=3, **options):
    run = image_run(algorithm={"name": "finetuning", **options})
    return algorithm(run, image_dataset(rotations=rotations), seed)


def starts(made, theta, tasks):
    """Where the adaptation of every task starts."""
    learner = made.learner({"theta": theta})
    return [learner.start(task) for task in tasks]


def test_it_has_an_output_for_every_meta_train_class():
    assert baseline().network.output_size == 5
    assert baseline(rotations=True).network.output_size == 20


@pytest.mark.parametrize("head", HEADS)
def test_meta_test_replaces_the_last_layer_only(head):
    made = baseline(head=head)
    theta = made.initial()["theta"]
    learner = made.learner({"theta": theta})
    before = unflatten(made.network, theta)
    after = unflatten(learner.network, learner.start(conv_tasks(1)[0]))
    assert after["linear.weight"].shape == (3, 4)
    assert all(torch.equal(before[n], after[n]) for n in before if not n.startswith("linear."))


def test_the_new_layer_depends_on_the_seed_alone():
    tasks, theta = conv_tasks(2), baseline().initial()["theta"]
    a, b, c = (
        starts(baseline(seed=seed, head="shared"), t, tasks)
        for t, seed in ((theta, 3), (theta * 2, 3), (theta, 4))
    )
    for start in (a[1], *b):
        assert torch.equal(start[-15:], a[0][-15:])
    assert not torch.equal(a[0][-15:], c[0][-15:])


def test_a_layer_per_task_is_the_same_at_every_epoch_and_differs_between_tasks():
    tasks, theta = conv_tasks(2), baseline().initial()["theta"]
    early, late = (starts(baseline(head="per_task"), t, tasks) for t in (theta, theta * 2))
    assert all(torch.equal(a[-15:], b[-15:]) for a, b in zip(early, late, strict=True))
    assert not torch.equal(early[0][-15:], early[1][-15:])
    other = starts(baseline(head="per_task", seed=4), theta, tasks)
    assert not torch.equal(early[0][-15:], other[0][-15:])


def test_layers_are_drawn_by_xaviers_rule():
    theta = baseline().initial()["theta"]
    for head in ("shared", "per_task"):
        for start in starts(baseline(head=head), theta, conv_tasks(3)):
            weight, bias = start[-15:-3], start[-3:]
            assert 0 < weight.abs().max() <= (6 / (4 + 3)) ** 0.5
            assert len(set(weight.tolist())) == 12 and not bias.any()


def test_a_layer_of_zeros_is_zero():
    theta = baseline().initial()["theta"]
    assert not any(s[-15:].any() for s in starts(baseline(head="zero"), theta, conv_tasks(2)))


def test_another_way_at_meta_test_has_as_many_outputs():
    made = algorithm(image_run(algorithm="finetuning", test={"way": 4}), image_dataset())
    learner = made.learner(made.initial())
    parts = unflatten(learner.network, learner.start(conv_tasks(1)[0]))
    assert [len(parts[name]) for name in HEAD] == [4, 4]


def test_batches_show_images_of_the_labelled_class_turned_as_labelled():
    dataset = image_dataset(rotations=True)
    x, y = finetuning._batch(dataset, 200, randomness.generator(0, "test"))
    classes = dataset.classes("train")
    for image, label in zip(x.numpy(), y.numpy(), strict=True):
        c, turns = classes[label]
        own = dataset.images(np.arange(dataset.first[c], dataset.first[c + 1]), int(turns))
        assert (own == image).all((1, 2, 3)).any()
    assert set(y.tolist()) == set(range(20))


def test_the_step_is_the_gradient_of_the_batch_loss():
    dataset, made = image_dataset(), baseline(seed=0)
    theta = made.initial()["theta"]
    outer = made.step({"theta": theta}, dataset, 7)
    rng = randomness.generator(0, "supervised batches", 7)
    x, y = finetuning._batch(dataset, made.setup.run.batch_size, rng)
    leaf = theta.clone().requires_grad_()
    torch.nn.functional.cross_entropy(made.network.outputs(leaf, x), y).backward()
    torch.testing.assert_close(outer.gradients["theta"], leaf.grad)


def test_the_gradient_is_that_of_autograd_in_double_precision():
    dataset, made = image_dataset(), baseline(seed=0)
    theta = made.initial()["theta"].double()
    rng = randomness.generator(0, "supervised batches", 7)
    x, y = finetuning._batch(dataset, made.setup.run.batch_size, rng)
    leaf = theta.clone().requires_grad_()
    torch.nn.functional.cross_entropy(made.network.outputs(leaf, x.double()), y).backward()
    assert relative(made.engine.gradient(theta, x.double(), y).gradient, leaf.grad) <= 1e-12


@pytest.mark.parametrize("head", HEADS)
def test_it_learns_letters(learned, head):
    before, after, _ = learned({"name": "finetuning", "head": head}, batch_size=64)
    assert after > before + 0.1
