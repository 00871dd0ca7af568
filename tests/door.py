"""A checkpoint trained in a second, and the files that the example of docs/library.md reads."""

import functools
import re
import tempfile
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

import metalandscape
from metalandscape import algorithms
from metalandscape.datasets import glyphs
from metalandscape.jobs._learning import origin_of
from metalandscape.settings.run import Run
from metalandscape.tasks.task import Spec
from metalandscape.training import blocks

ROOT = Path(__file__).parents[1]
EXAMPLE = re.search(r"```python\n(.*?)```", (ROOT / "docs" / "library.md").read_text(), re.S)[1]
CHECKPOINT = re.search(r'load\("(.*?)"\)', EXAMPLE)[1]
LETTERS = glyphs.Options(
    kind="glyphs", train_classes=20, test_classes=5, instances_per_class=6, noise=0.0
)


def trained(path, dataset, iterations=2, **changes):
    """Train an epoch and write its checkpoint; return the algorithm and the meta-parameters."""
    settings = {
        "dataset": "letters",
        "algorithm": "maml",
        "network": {"name": "conv", "options": {"filters": 8, "modules": 3}},
        "way": 3,
        "shot": 2,
        "targets": 3,
        "inner_steps": 3,
        "inner_rate": 0.4,
        "outer_rate": 0.01,
        "batch_size": 4,
        "iterations": iterations,
    }
    run = Run.model_validate(settings | changes)
    algorithm = algorithms.create(algorithms.Setup(run, Spec.of(dataset), seed=3))
    origin = origin_of("letters_maml", 3, run, dataset, "0123456789abcdef")
    state, _ = blocks.train(algorithm, dataset, blocks.start(algorithm), {1: path}, origin)
    return algorithm, state.meta


@functools.cache
def letters():
    """A dataset of letters, drawn once."""
    return glyphs.prepare(LETTERS, None, None)


@functools.cache
def checkpoint():
    """A checkpoint, the algorithm that wrote it, and its meta-parameters."""
    path = Path(tempfile.mkdtemp()) / "epoch1.safetensors"
    return path, *trained(path, letters())


@functools.cache
def example():
    """A folder with what the example reads, and what it should print, the truth of every image."""
    folder, dataset = Path(tempfile.mkdtemp()), letters()
    trained(folder / CHECKPOINT, dataset, iterations=20)
    truth = []
    for c in dataset.classes("test")[:3, 0]:
        name = dataset.names[c].split()[0]
        files = [folder / f"letters/labelled/{name}/{i}.png" for i in range(2)]
        files += [folder / f"letters/new/{name}_{i}.png" for i in range(3)]
        for file, image in zip(files, dataset.pixels[dataset.first[c] :], strict=False):
            file.parent.mkdir(parents=True, exist_ok=True)
            Image.fromarray(image[..., 0]).save(file)
        truth += [f"{file.name} shows {name}" for file in files[2:]]
    return folder, sorted(truth)


def check_example(printed):
    """Hold the example's output to the truth: a line for every image, far fewer wrong than right.

    With three classes, seven of nine are right by chance once in 120 times.
    """
    _, truth = example()
    lines = printed.splitlines()
    assert [line.split()[0] for line in lines] == [line.split()[0] for line in truth]
    assert sum(a == b for a, b in zip(lines, truth, strict=True)) >= 7


def pictures(count, seed=0):
    """Images of another size than the network's."""
    return list(np.random.default_rng(seed).integers(0, 256, (count, 20, 20), np.uint8))


def refused(call, *arguments, **options):
    """The sentence with which a call is refused."""
    with pytest.raises(metalandscape.UserError) as caught:
        call(*arguments, **options)
    text = str(caught.value)
    assert "\n" not in text and text.endswith(".")
    return text
