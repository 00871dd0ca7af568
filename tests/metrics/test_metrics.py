"""What all metrics share."""

import numpy as np
import pytest

from metalandscape.ground import plugins
from metalandscape.metrics import mean

FEW = {
    "embeddings": {"batch_size": 100},
    "sharpness": {"trace_probes": 4},
    "spectrum": {"steps": 8},
    "surface": {"tasks": 5, "size": 3},
}


def test_a_means_error_is_s_over_root_n():
    m = mean("x", "test", [1.0, 2.0, 4.0])
    assert m.value == pytest.approx(7 / 3)
    assert m.stderr == pytest.approx(np.std([1, 2, 4], ddof=1) / np.sqrt(3))


def test_one_task_has_no_error():
    assert mean("x", "test", [2.0]).value == 2.0 and np.isnan(mean("x", "test", [2.0]).stderr)


@pytest.mark.parametrize("metric", plugins.names("metrics"))
def test_the_mean_of_the_tasks_values_is_the_value(images, metric):
    for m in images.by(metric, **FEW.get(metric, {})).values():
        assert np.mean(m.per_task) == pytest.approx(m.value, rel=1e-6)
        assert m.stderr >= 0 or len(m.per_task) == 1


@pytest.mark.parametrize("metric", plugins.names("metrics"))
def test_measuring_again_gives_the_same_numbers(images, metric):
    options = FEW.get(metric, {})
    first, again = images.by(metric, **options), images.by(metric, **options)
    assert all(np.array_equal(first[key].per_task, again[key].per_task) for key in first)


@pytest.mark.parametrize("metric", plugins.names("metrics"))
def test_a_metric_exists_for_the_tasks_it_declares(sines, metric):
    if "regression" in plugins.declared("metrics", metric, "TASKS"):
        assert all(np.isfinite(m.value) for m in sines.by(metric, **FEW.get(metric, {})).values())
    else:
        assert metric in ("embeddings", "symmetry")  # both look at the classes of images
