import numpy as np

from figure_tables import data, drawing
from metalandscape.figures.symmetry import accuracy

RUN = next(iter(data("symmetry").runs))


def mean(curve):
    return curve.groupby("epoch")["value"].mean()


def test_both_accuracies_are_of_the_same_tasks():
    """The plain one is the symmetric one less its gain, not that of another metric's tasks."""
    shown = data("symmetry")
    new, plain = accuracy(shown, RUN)
    gain = shown.curve(RUN, "symmetric_gain")
    np.testing.assert_allclose(mean(new) - mean(plain), mean(gain))
    symmetric, own = drawing("symmetry").axes[2].lines
    np.testing.assert_allclose(symmetric.get_ydata(), mean(new))
    np.testing.assert_allclose(own.get_ydata(), mean(plain))


def test_the_last_layers_part_is_dashed_beside_the_cosine():
    symmetric, whole, head = drawing("symmetry").axes[0].lines
    shown = data("symmetry")
    for drawn, quantity in [
        (symmetric, "symmetric_direction_cosine"),
        (whole, "direction_cosine"),
        (head, "head_direction_cosine"),
    ]:
        np.testing.assert_allclose(drawn.get_ydata(), mean(shown.curve(RUN, quantity)))
    assert head.get_linestyle() != "-" and head.get_color() == whole.get_color()
