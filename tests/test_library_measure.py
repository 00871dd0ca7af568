import numpy as np
import pytest
import torch

import door
import metalandscape
from door import pictures, refused
from metalandscape.ground import plugins
from metalandscape.metrics import accuracy
from metalandscape.tasks import lists
from metalandscape.tasks.episodes import Tasks

SHAPE = {"way": 3, "shot": 2, "targets": 3}


@pytest.fixture(scope="module")
def learner():
    return metalandscape.load(door.checkpoint()[0])


@pytest.fixture(scope="module")
def tasks():
    return metalandscape.sample_tasks(door.letters(), 4, **SHAPE)


def test_the_example_of_metrics_runs(learner, tmp_path, monkeypatch, capsys):
    _, text = (door.ROOT / "docs" / "library.md").read_text().split("## Metrics")
    program = text.split("```python\n")[1].split("```")[0].replace("100", "3").replace("=5", "=3")
    door.letters().save(tmp_path / "results/data/letters.safetensors")
    monkeypatch.chdir(tmp_path)
    exec(program, {"metalandscape": metalandscape, "learner": learner})
    names = [line.split()[0] for line in capsys.readouterr().out.splitlines()]
    assert names[:3] == ["target_accuracy", "target_loss", "support_loss"]
    assert "target_accuracy_step3" in names


def test_sampled_tasks_are_those_of_the_workflow(tasks, tmp_path):
    data = door.letters()
    lists.save(tmp_path / "l", {"test": lists.Wanted(data, SHAPE, 6)}, "run", 0, "accuracy")
    listed = Tasks.listed(tmp_path / "l", {"test": data}, {"test": 2}, 0).of("test")
    for task, same in zip(tasks, listed, strict=False):
        assert all(torch.equal(a, b) for a, b in zip(task, same, strict=True))


def test_measure_is_the_metric(learner, tasks):
    found = metalandscape.measure("accuracy", learner, tasks, every_step=True)
    own = accuracy.measure(learner, Tasks.given(tasks), accuracy.Options(every_step=True))
    for mine, expected in zip(found, own, strict=True):
        assert mine[:4] == expected[:4]
        np.testing.assert_array_equal(mine.per_task, expected.per_task)


def test_accuracy_on_own_images_is_the_share_of_right_answers(learner):
    known = [0, 1, 2, 0]
    tasks = [
        metalandscape.task_from_images(
            pictures(3, seed), range(3), pictures(4, seed + 9), like=learner, target_labels=known
        )
        for seed in range(3)
    ]
    found = metalandscape.measure("accuracy", learner, tasks)[0]
    for task, share in zip(tasks, found.per_task, strict=True):
        guesses = learner.predict(learner.adapt(task), task.target_x).argmax(1)
        assert share == np.mean(guesses.numpy() == known)


def test_every_metric_of_the_package_can_be_called(learner, tasks):
    for metric in plugins.names("metrics"):
        found = metalandscape.measure(metric, learner, tasks, dataset=door.letters())
        assert found and all(np.isfinite(one.value) for one in found), metric


@pytest.mark.parametrize(
    ("metric", "count", "options", "words"),
    [
        ("acuracy", 3, {}, "no part acuracy among the metrics"),
        ("accuracy", 2, {}, "accuracy.tasks: expected a number of at least 3, got 2"),
        ("accuracy", 3, {"every_step": 1}, "accuracy.every_step: expected true or false, got 1"),
        (
            "accuracy",
            3,
            {"every": True},
            "accuracy.every: 'every' is unknown; the closest known name is 'every_step'",
        ),
        ("accuracy", 3, {"val_tasks": 3}, "accuracy.val_tasks: the tasks given are measured"),
        ("embeddings", 0, {}, "embeddings: needs a dataset"),
    ],
)
def test_measures_that_make_no_sense_are_refused(learner, tasks, metric, count, options, words):
    assert words in refused(metalandscape.measure, metric, learner, tasks[:count], **options)


def test_accuracy_without_target_labels_is_refused(learner):
    task = metalandscape.task_from_images(pictures(3), "abc", pictures(2), like=learner)
    assert "give target_labels" in refused(metalandscape.measure, "accuracy", learner, [task] * 3)
