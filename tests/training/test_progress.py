"""When an epoch has collapsed; all numbers below are by hand, with chance 0.2."""

import numpy as np
import pytest

from metalandscape.training.progress import Progress

BEST = Progress(0.7, 0.003)  # learned above chance: 0.5, of which a tenth is 0.05


def epoch(mean, spread=0.0):
    """Accuracies of 100 meta-iterations, whose mean has the standard error `spread / 10`."""
    return mean + spread * np.tile([1.0, -1.0], 50)


@pytest.mark.parametrize(
    ("accuracies", "collapsed"),
    [
        (epoch(0.71), False),
        (epoch(0.66), False),  # a fall of 0.04, less than the tenth
        (epoch(0.64), True),  # of 0.06
        (epoch(0.64, 0.14), True),  # four standard errors: 4 hypot(0.014, 0.003) = 0.0573
        (epoch(0.64, 0.15), False),  # 0.0612
        (epoch(np.nan), False),
    ],
)
def test_an_epoch_collapsed_if_it_fell_by_a_tenth_and_by_four_standard_errors(
    accuracies, collapsed
):
    assert BEST.after(accuracies, 0.2)[1] is collapsed


def test_the_best_epoch_is_kept():
    assert BEST.after(epoch(0.4), 0.2)[0] == BEST
    better = BEST.after(epoch(0.8, 0.1), 0.2)[0]
    assert (better.best, better.error) == pytest.approx((0.8, 0.01))


def test_the_first_epoch_is_the_best_so_far_and_regression_has_none():
    first, collapsed = Progress().after(epoch(0.3), 0.2)
    assert first.best == pytest.approx(0.3) and not collapsed
    nothing, collapsed = Progress().after(epoch(np.nan), 1.0)
    assert np.isnan(nothing.best) and not collapsed
