import pytest

from helpers import image_dataset, origin
from metalandscape.training import blocks


def epochs(folder, numbers):
    """The checkpoints' files by epoch."""
    return {epoch: folder / f"epoch{epoch}.safetensors" for epoch in numbers}


@pytest.fixture
def train():
    """Returns a function that trains on `image_dataset` up to the last of some epochs."""

    def call(algorithm, folder, numbers, state=None, dataset=None):
        dataset = dataset or image_dataset()
        belongs = origin(algorithm.setup.run, dataset, seed=algorithm.setup.seed)
        state = state or blocks.start(algorithm)
        return blocks.train(algorithm, dataset, state, epochs(folder, numbers), belongs)

    return call


@pytest.fixture
def same():
    """Returns a function that compares two training states, every vector of them."""

    def compare(first, second):
        return numbers(first) == numbers(second) and vectors(first) == vectors(second)

    return compare


def numbers(state):
    """All of a training state but its vectors, as text, so that NaN equals itself."""
    return str((state.epoch, state.progress, state.collapsed))


def vectors(state):
    """The bytes of every vector of a training state, by name."""
    slots = {(n, s): v for n, own in state.slots.items() for s, v in own.items()}
    return {name: v.numpy().tobytes() for name, v in (state.meta | slots).items()}
