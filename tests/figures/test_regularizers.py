import numpy as np
import pytest
from matplotlib.collections import PathCollection

from figure_tables import data, drawing
from metalandscape.results.paired import effects


@pytest.fixture
def shown():
    return data("regularizers")


def gain(shown, changed, plain):
    return effects(shown.curve, changed, plain)[0]["gain"].mean()


def test_the_sweep_over_gamma_has_the_gains_of_its_runs(shown):
    ax = drawing("regularizers").axes[0]
    lines = [line.get_xydata() for line in ax.lines if len(set(line.get_ydata())) > 1]
    (plain,) = (n for n, r in shown.runs.items() if n != "plain8" and is_plain(r))
    for line, name in zip(lines, ("trajectory_angle", "gradient_coherence"), strict=True):
        expected = [(gamma, gain(shown, f"{name}{gamma}", plain)) for gamma in (0.25, 0.5)]
        assert np.allclose(line, expected)


def is_plain(run):
    return run.regularizer is None and run.algorithm == "maml"


def test_the_sweep_over_n_compares_with_plain_runs_of_the_same_n(shown):
    ax = drawing("regularizers").axes[1]
    (line,) = (line for line in ax.lines if list(line.get_xdata()) == [2, 8])
    assert np.isclose(line.get_ydata()[1], gain(shown, "regularized8", "plain8"))


def test_every_change_is_a_point_of_flatter_against_better():
    drawn = drawing("regularizers").axes[2].collections
    points = [each for each in drawn if isinstance(each, PathCollection)]
    assert len(points) == 6  # two gammas of two regularizers, Sharp-MAML, and another n
