import dataclasses
import json
import subprocess
import sys

import numpy as np
import pytest
import torch
from PIL import Image

import door
import metalandscape
from door import pictures, refused
from helpers import adapt, kernel
from metalandscape.datasets import described, sine
from metalandscape.ground import plugins
from metalandscape.ground.files import read_arrays, write_arrays
from metalandscape.networks import initialize, resnet12

SHAPE = {"way": 3, "shot": 2, "targets": 3}


@pytest.fixture(scope="module")
def checkpoint():
    """A checkpoint, the algorithm that wrote it, and its meta-parameters."""
    return door.checkpoint()


@pytest.fixture(scope="module")
def learner(checkpoint):
    return metalandscape.load(checkpoint[0])


@pytest.fixture(scope="module")
def tasks():
    return metalandscape.sample_tasks(door.letters(), 4, **SHAPE)


def test_the_example_of_the_documentation_classifies_new_images(monkeypatch, capsys):
    folder, _ = door.example()
    monkeypatch.chdir(folder)
    exec(door.EXAMPLE, {})
    door.check_example(capsys.readouterr().out)


def test_the_example_has_at_most_15_lines():
    assert len(door.EXAMPLE.splitlines()) <= 15


def test_importing_the_package_imports_nothing_slow():
    program = "import metalandscape, sys; print(metalandscape.__version__, *sys.modules)"
    run = [sys.executable, "-c", program]
    done = subprocess.run(
        run, capture_output=True, text=True, check=True, cwd=plugins.PACKAGE.parent
    )
    version, *modules = done.stdout.split()
    assert version == metalandscape.__version__
    assert not {"torch", "numpy", "pydantic", "pandas"} & set(modules)


def test_every_public_name_is_there_and_no_other():
    assert all(getattr(metalandscape, name) is not None for name in metalandscape.__all__)
    assert set(metalandscape.__all__) <= set(dir(metalandscape))
    with pytest.raises(AttributeError, match="no attribute 'lode'"):
        metalandscape.lode  # noqa: B018


def test_a_checkpoint_gives_the_learner_that_was_trained(checkpoint, learner, tasks):
    _, algorithm, meta = checkpoint
    own = algorithm.learner(meta)
    assert torch.equal(learner.theta, own.theta) and torch.equal(learner.theta, meta["theta"])
    assert (learner.steps, learner.rates) == (own.steps, own.rates) == (3, 0.4)
    assert learner.preprocessing == described(14, 1, "black")
    assert torch.equal(learner.adapt(tasks[0]), own.adapt(tasks[0]))


def test_adapt_is_equation_1(learner, tasks):
    exact = dataclasses.replace(learner, theta=learner.theta.double())
    task = metalandscape.Task(*(t.double() if t.is_floating_point() else t for t in tasks[0]))
    expected = adapt(exact.network, exact.theta, task, 3, 0.4)
    torch.testing.assert_close(exact.adapt(task), expected, rtol=1e-12, atol=1e-12)


def test_the_fast_engine_adapts_to_the_same_solution(checkpoint, learner, tasks):
    fast = metalandscape.load(checkpoint[0], kernel=kernel())
    assert type(fast.engine) is not type(learner.engine)
    found, expected = fast.adapt(tasks[0]), learner.adapt(tasks[0])
    assert (found - expected).norm() < 1e-4 * (expected - learner.theta).norm()


def test_a_run_with_parts_outside_the_package_needs_their_folder(tmp_path, tasks):
    (tmp_path / "mine" / "networks").mkdir(parents=True)
    source = (plugins.PACKAGE / "networks" / "mlp.py").read_text()
    (tmp_path / "mine" / "networks" / "lost_and_found.py").write_text(source)
    plugins.use(tmp_path / "mine")
    network = {"name": "lost_and_found", "options": {"hidden": [4]}}
    _, meta = door.trained(tmp_path / "c", door.letters(), network=network)
    plugins.use(None)
    assert "no part lost_and_found" in refused(metalandscape.load, tmp_path / "c")
    learner = metalandscape.load(tmp_path / "c", plugins=tmp_path / "mine")
    plugins.use(None)
    assert torch.equal(learner.theta, meta["theta"])


def test_meta_test_settings_of_the_run_count(tmp_path):
    door.trained(tmp_path / "c", door.letters(), test={"inner_steps": 7, "inner_rate": 0.2})
    learner = metalandscape.load(tmp_path / "c")
    assert (learner.steps, learner.rates) == (7, 0.2)


def test_the_baseline_adapts_a_new_layer_of_its_tasks_classes(tmp_path, tasks):
    algorithm, meta = door.trained(tmp_path / "c", door.letters(), algorithm="finetuning")
    learner = metalandscape.load(tmp_path / "c")
    found = learner.predict(learner.adapt(tasks[0]), tasks[0].target_x)
    own = algorithm.learner(meta)
    assert found.shape == (9, 3)
    assert torch.equal(found, own.predict(own.adapt(tasks[0]), tasks[0].target_x))


def test_regression_is_loaded_too(tmp_path):
    waves = sine.prepare(sine.Options(kind="sine"), tmp_path, tmp_path)
    network = {"name": "mlp", "options": {"hidden": [5]}}
    door.trained(tmp_path / "c", waves, network=network, way=None, inner_rate=0.01)
    learner = metalandscape.load(tmp_path / "c")
    tasks = metalandscape.sample_tasks(waves, 3, shot=5)
    assert learner.path(tasks[0]).shape == (4, len(learner.theta))
    assert learner.predict(learner.theta, tasks[0].target_x[:1]).shape == (1, 1)  # and no warning
    assert "not trained on images" in refused(
        metalandscape.task_from_images, pictures(1), [0], pictures(1), like=learner
    )


def damaged(path, how):
    """Write a checkpoint with one thing wrong, and return what the sentence should say of it."""
    arrays, metadata = read_arrays(path)
    copy = path.with_name(f"{how}.safetensors")
    settings = json.loads(metadata["settings"])
    changes, words = {
        "state": ({"kind": "training state"}, "is no checkpoint"),
        "unlabelled": ({"kind": None}, "is no checkpoint"),
        "algorithm": (
            {"settings": json.dumps(settings | {"algorithm": "lost"})},
            "no part lost among the algorithms",
        ),
        "setting": (
            {"settings": json.dumps(settings | {"new": 1}), "version": "9.9"},
            "load it with version 9.9",
        ),
        "network": (
            {"settings": json.dumps(settings | {"way": 4})},
            "its tensor linear.weight has the shape",
        ),
    }[how]
    write_arrays(copy, arrays, **(metadata | changes))
    return copy, words


@pytest.mark.parametrize("how", ["state", "unlabelled", "algorithm", "setting", "network"])
def test_another_file_is_refused_by_name(checkpoint, how):
    path, words = damaged(checkpoint[0], how)
    sentence = refused(metalandscape.load, path)
    assert sentence.startswith(str(path)) and words in sentence


def test_one_that_lacks_where_it_comes_from_is_refused(checkpoint, tmp_path):
    arrays, metadata = read_arrays(checkpoint[0])
    metadata.pop("spec")
    write_arrays(tmp_path / "c", arrays, **metadata)
    assert "is no checkpoint" in refused(metalandscape.load, tmp_path / "c")


@pytest.mark.parametrize("length", [0, 4, 100, -1])
def test_a_truncated_checkpoint_is_refused_by_name(checkpoint, tmp_path, length):
    (tmp_path / "c").write_bytes(checkpoint[0].read_bytes()[:length])
    sentence = refused(metalandscape.load, tmp_path / "c")
    assert sentence.startswith(f"{tmp_path / 'c'} is damaged")


def test_a_missing_checkpoint_is_one_sentence(tmp_path):
    assert refused(metalandscape.load, tmp_path / "none") == (
        f"{tmp_path / 'none'} cannot be read (No such file or directory)."
    )


def test_images_become_what_the_network_was_trained_on(learner, tmp_path):
    support, targets = pictures(6), pictures(4, seed=1)
    Image.fromarray(support[0]).save(tmp_path / "first.png")
    given = [tmp_path / "first.png", Image.fromarray(support[1]), *support[2:]]
    task = metalandscape.task_from_images(given, [*"cabcab"], targets, like=learner)
    small = [Image.fromarray(p).resize((14, 14), Image.Resampling.LANCZOS) for p in support]
    expected = np.array([np.asarray(image, np.float32)[None] / 255 for image in small])
    np.testing.assert_array_equal(task.support_x.numpy(), expected)
    assert task.support_x.dtype == torch.float32 and task.target_x.shape == (4, 1, 14, 14)
    assert task.support_y.tolist() == [0, 1, 2, 0, 1, 2]  # in the order of first appearance
    assert task.target_y.tolist() == [-1] * 4 and task.target_y.dtype == torch.int64


def test_a_datasets_own_images_give_its_tensors(learner, tasks):
    data = door.letters()
    x = metalandscape.task_from_images(data.pixels[:3], [1, 2, 3], data.pixels[3:5], like=learner)
    np.testing.assert_array_equal(x.support_x.numpy(), data.images(np.arange(3)))
    np.testing.assert_array_equal(x.target_x.numpy(), data.images(np.arange(3, 5)))


def test_polarity_is_that_of_the_training_images(learner):
    dark = dataclasses.replace(learner, preprocessing=described(14, 1, inverted=True))
    images = pictures(3)
    task, other = (
        metalandscape.task_from_images(images, [0, 1, 2], images[:1], like=each)
        for each in (learner, dark)
    )
    torch.testing.assert_close(task.support_x, 1 - other.support_x, rtol=0, atol=1e-6)


@pytest.mark.parametrize("labels", [np.array([7, 9, 8]), torch.tensor([7, 9, 8]), (7, "b", None)])
def test_labels_may_be_anything_hashable(learner, labels):
    known = [labels[2], labels[0]]
    task = metalandscape.task_from_images(
        pictures(3), labels, pictures(2), like=learner, target_labels=[_python(k) for k in known]
    )
    assert task.support_y.tolist() == [0, 1, 2] and task.target_y.tolist() == [2, 0]


def _python(label):
    return label.item() if hasattr(label, "item") else label


@pytest.mark.parametrize(
    ("labels", "known", "words"),
    [
        ("aabb", None, "they name 2 classes, but the learner tells 3 apart"),
        ("abcd", None, "they name 4 classes, but the learner tells 3 apart"),
        ("abc", None, "labels: 3 labels for 4 images"),
        ("abca", "a", "target_labels: 1 labels for 2 images"),
        ("abca", "ax", "target_labels: no support image has the label 'x'"),
    ],
)
def test_labels_that_do_not_fit_are_refused(learner, labels, known, words):
    arguments = (pictures(4), labels, pictures(2))
    options = {"like": learner, "target_labels": known}
    assert words in refused(metalandscape.task_from_images, *arguments, **options)


def test_an_image_that_cannot_be_read_is_named(learner, tmp_path):
    lost = tmp_path / "lost.png"
    found = refused(metalandscape.task_from_images, [lost] * 3, "abc", [lost], like=learner)
    assert str(lost) in found


def test_one_input_by_itself_is_warned_of_and_depends_on_its_batch(learner, tasks):
    x = tasks[0].target_x
    with pytest.warns(UserWarning, match="predict several inputs of the task together"):
        alone = learner.predict(learner.theta, x[:1])
    assert not torch.allclose(alone, learner.predict(learner.theta, x)[:1], atol=1e-3)


@pytest.mark.parametrize("norm", [{"norm": "batch"}, {"norm": "group", "groups": 2}])
def test_networks_say_whether_an_output_depends_on_its_batch(norm):
    network = resnet12.Network(
        resnet12.Options(filters=[4], **norm), (1, 8, 8), 3, "classification"
    )
    theta = initialize(network, np.random.default_rng(0))
    x = torch.from_numpy(np.random.default_rng(1).random((4, 1, 8, 8), np.float32))
    alone, together = network.outputs(theta, x[:1]), network.outputs(theta, x)[:1]
    assert network.uses_batch_statistics == (not torch.allclose(alone, together, atol=1e-5))
