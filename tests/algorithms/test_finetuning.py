import numpy as np
import torch

from helpers import engine, image_dataset, image_run
from metalandscape.algorithms import finetuning
from metalandscape.ground import randomness
from metalandscape.models import initialise, unflatten


def trained(rotations=False):
    dataset, run = image_dataset(rotations=rotations), image_run(algorithm="finetuning")
    model = finetuning.build(run, dataset)
    return dataset, run, model, initialise(model, np.random.default_rng(0))


def test_it_has_an_output_for_every_meta_train_class():
    assert trained()[2].classes == 5
    assert trained(rotations=True)[2].classes == 20


def test_meta_test_replaces_the_last_layer_only():
    dataset, run, model, theta = trained()
    new, start = finetuning.starting_point(model, theta, run, dataset, seed=3)
    before, after = unflatten(model, theta), unflatten(new, start)
    assert after["linear.weight"].shape == (3, 4)
    assert all(torch.equal(before[n], after[n]) for n in before if not n.startswith("linear."))


def test_the_new_layer_depends_on_the_seed_alone():
    dataset, run, model, theta = trained()
    a, b, c = (
        finetuning.starting_point(model, t, run, dataset, seed)[1]
        for t, seed in ((theta, 3), (theta * 2, 3), (theta, 4))
    )
    assert torch.equal(a[-15:], b[-15:]) and not torch.equal(a[-15:], c[-15:])


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
    dataset, run, model, theta = trained()
    outer = finetuning.step(engine(model), theta, run, dataset, 0, 7)
    rng = randomness.generator(0, "supervised batches", 7)
    x, y = finetuning._batch(dataset, run.batch_size, rng)
    leaf = theta.clone().requires_grad_()
    torch.nn.functional.cross_entropy(model.outputs(leaf, x), y).backward()
    torch.testing.assert_close(outer.gradient, leaf.grad)
