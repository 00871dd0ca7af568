"""Prepared files name their kind; a user's kind is one file; what a dataset says of itself."""

import textwrap

import numpy as np
import pytest

from metalandscape.datasets import open_dataset, sine
from metalandscape.ground import plugins
from metalandscape.ground.errors import UserError
from metalandscape.ground.files import read_arrays, write_arrays

PLANES = """
    from dataclasses import dataclass
    from typing import ClassVar, Literal

    from metalandscape.datasets import DatasetOptions, RegressionDataset


    class Options(DatasetOptions):
        tasks: ClassVar[str] = "regression"
        kind: Literal["planes"]
        steepness: float = 2.0


    @dataclass(frozen=True)
    class Planes(RegressionDataset):
        kind: ClassVar[str] = "planes"
        inputs: ClassVar[int] = 2
        steepness: float

        def draw(self, rng, split):
            return {"slope": self.steepness * rng.standard_normal(2)}

        def points(self, rng, split, count):
            return rng.uniform(-1, 1, (count, 2))

        def values(self, function, x):
            return x @ function["slope"]


    def prepare(options, folder, record):
        return Planes(options.steepness)


    def restore(arrays, metadata):
        return Planes.restore(metadata)
"""


@pytest.fixture
def planes(tmp_path):
    """A user's regression with two inputs: the file above and nothing else."""
    (tmp_path / "datasets").mkdir()
    (tmp_path / "datasets/planes.py").write_text(textwrap.dedent(PLANES))
    plugins.use(tmp_path)
    yield plugins.load("datasets", "planes")
    plugins.use(None)


def test_a_regression_dataset_of_ones_own_is_one_file(planes, tmp_path):
    options = planes.Options(kind="planes", steepness=3.0)
    planes.prepare(options, None, None).save(tmp_path / "p.safetensors")
    data = open_dataset(tmp_path / "p.safetensors")
    assert (data.tasks, data.input_shape, data.output_size) == ("regression", (2,), 1)
    tasks = data.sample(np.random.default_rng(0), "train", 5, 1, 4, 6)
    task = {name: values[3] for name, values in tasks.items()}
    x, y, target_x, target_y = data.materialise(task, 4)
    assert (x.shape, y.shape, target_x.shape, target_y.shape) == ((4, 2), (4, 1), (6, 2), (6, 1))
    np.testing.assert_allclose(y[:, 0], x @ task["slope"], atol=1e-6)
    # The functions of a standard normal slope, three times as steep.
    many = data.sample(np.random.default_rng(1), "train", 2000, 1, 1, 1)["slope"]
    assert many.std() == pytest.approx(3, rel=0.05)


def test_a_shorter_list_of_regression_tasks_is_the_beginning_of_a_longer_one(planes):
    data = planes.Planes(1.0)
    few, many = (data.sample(np.random.default_rng(0), "test", n, 1, 2, 3) for n in (3, 7))
    for name in few:
        np.testing.assert_array_equal(few[name], many[name][:3])


def test_digest_is_in_the_metadata_and_tells_settings_apart(tmp_path):
    one, other = (
        sine.prepare(sine.Options(kind="sine", frequency=f), None, None) for f in (1.0, 2.0)
    )
    assert one.digest != other.digest
    one.save(tmp_path / "s.safetensors")
    assert read_arrays(tmp_path / "s.safetensors")[1]["digest"] == one.digest
    assert open_dataset(tmp_path / "s.safetensors") == one


def test_sine_says_what_its_network_needs():
    data = sine.prepare(sine.Options(kind="sine"), None, None)
    assert (data.tasks, data.input_shape, data.output_size) == ("regression", (1,), 1)


def test_a_file_that_names_no_kind_is_refused(tmp_path):
    write_arrays(tmp_path / "old.safetensors", {}, family="sine")
    with pytest.raises(UserError, match=r"old\.safetensors names no kind.*delete it"):
        open_dataset(tmp_path / "old.safetensors")
