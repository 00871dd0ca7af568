import numpy as np
import pytest

from helpers import algorithm, image_dataset, image_run
from metalandscape.ground import plugins
from metalandscape.metrics import Measurement, Tasks
from metalandscape.metrics._lost import lost
from metalandscape.tasks.episodes import sample

CLASSIFYING = [
    name
    for name in plugins.names("metrics")
    if "classification" in plugins.declared("metrics", name, "TASKS")
]


@pytest.mark.parametrize("metric", CLASSIFYING)
def test_every_quantity_is_there_and_nothing_is_a_number(metric):
    """Names, splits and numbers of tasks are those of a measurement of all tasks."""
    data, trained = image_dataset(), algorithm()
    batch = sample(data, image_run(batch_size=5), 0, 0)
    tasks = Tasks(lambda split: batch if split == "test" else (), 0, data)
    module = plugins.load("metrics", metric)
    options = plugins.options("metrics", metric)()
    learner = trained.learner(trained.initial())
    full = list(module.measure(learner, tasks, options))
    found = lost(module.measure, learner, tasks, options, {"test": 5})
    assert [(m.name, m.split, len(m.per_task)) for m in found] == [
        (m.name, m.split, len(m.per_task)) for m in full
    ]
    assert all(np.isnan([m.value, m.stderr]).all() and np.isnan(m.per_task).all() for m in found)
    assert all(m.diverged() == len(m.per_task) for m in found)


def test_few_tasks_are_measured(unchecked):
    seen = []

    def measure(learner, tasks, options):
        seen.extend(tasks.of("test"))
        yield Measurement("a", "test", 0.5, 0.1, np.zeros(len(seen)))

    (found,) = lost(measure, None, Tasks(lambda split: range(500)), None, {"test": 500})
    assert len(seen) == 3 and len(found.per_task) == 500
