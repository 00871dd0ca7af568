import numpy as np
import pandas as pd
import pytest
from matplotlib.collections import PathCollection
from matplotlib.pyplot import close

from helpers import image_run
from metalandscape.figures import FigureData, stopping
from metalandscape.results.tables import COLUMNS

CURVES = {
    ("home", "test", "target_accuracy"): [0.9, 0.5, 0.7, 0.6],
    ("home", "val", "target_accuracy"): [0.0, 0.1, 0.2, 0.3],
    ("home", "test", "support_loss"): [0.0, 0.1, 0.2, 0.3],
    ("away", "test", "target_accuracy"): [0.9, 0.5, 0.3, 0.4],
}


@pytest.fixture
def axes():
    """The panels of a run, and of the same one on other data; three seeds with the same curves."""
    runs = {"home": image_run(), "away": image_run(test={"dataset": "other"})}
    rows = [
        (run, seed, epoch, split, quantity, value, 0.1, 50, 0, 0)
        for (run, split, quantity), values in CURVES.items()
        for seed in range(3)
        for epoch, value in enumerate(values)
    ]
    drawn = stopping.draw(FigureData(pd.DataFrame(rows, columns=COLUMNS), runs, "tiny"))
    yield drawn.axes
    close(drawn)


def means(ax):
    """The mean regret of every row by its name: the circle of a single point."""
    dots = [c for c in ax.collections if isinstance(c, PathCollection)]
    circles = [c.get_offsets()[0] for c in dots if len(c.get_offsets()) == 1]
    names = [text.get_text() for text in ax.get_yticklabels()]
    return {names[int(y)]: float(np.round(x, 6)) for x, y in circles}


def test_the_regret_is_that_of_the_epoch_that_a_signal_chooses(axes):
    assert means(axes[0]) == {"largest validation accuracy": 10.0, "smallest support loss": 20.0}


def test_elsewhere_validation_accuracy_is_that_at_home(axes):
    assert means(axes[1]) == {"largest validation accuracy": 10.0}
    titles = [ax.get_title().splitlines()[-1] for ax in axes]
    assert titles == ["on tasks of the same data", "on tasks of other"]


def test_the_chosen_epochs_stand_on_the_right(axes):
    (right,) = axes[0].child_axes
    assert [text.get_text() for text in right.get_yticklabels()] == ["3.0", "1.0"]
