"""A dataset of the user's own: a folder of images, one line of configuration."""

import shutil

import numpy as np
import pytest
from PIL import Image

TARGET = "results/smoke/tasks/letters_maml/seed0/accuracy.safetensors"


@pytest.fixture
def staged(tmp_path):
    rng = np.random.default_rng(0)
    for c in range(8):
        folder = tmp_path / "staged/birds" / f"class{c}"
        folder.mkdir(parents=True)
        for i in range(6):
            Image.fromarray(rng.integers(0, 256, (20, 24, 3), np.uint8)).save(folder / f"{i}.png")
    return tmp_path / "staged"


def own_data(config):
    split = {"train": 4, "val": 1, "test": 3}
    birds = {"kind": "image_folder", "archive": "birds", "image_size": 16, "split": split}
    config["datasets"]["letters"] = birds


def test_a_folder_of_images_is_a_dataset_and_is_read_once(fresh, staged):
    project = fresh()
    project.configure(own_data)
    environment = {"METALANDSCAPE_ARCHIVES": str(staged)}
    project.run(TARGET, **environment)
    assert (project.folder / TARGET).stat().st_size > 100
    shutil.rmtree(staged / "birds")
    assert "Nothing to be done" in project.run(TARGET, **environment)


def test_a_class_that_is_too_small_is_named(fresh, staged):
    project = fresh()
    project.configure(own_data)
    (staged / "birds/class0/0.png").unlink()
    (staged / "birds/class0/1.png").unlink()
    project.configure(lambda config: config["defaults"].update(targets=4))
    text = project.run(TARGET, ok=False, METALANDSCAPE_ARCHIVES=str(staged))
    assert "Traceback" not in text and "class0" in text
