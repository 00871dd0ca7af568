import numpy as np
import pandas as pd
import pytest
from scipy import stats

from metalandscape.claims import _estimates
from metalandscape.claims._extrema import from_on, maxima, up_to


def points(values, **columns):
    """A frame of values [seeds, epochs]."""
    seeds, epochs = np.shape(values)
    frame = {
        "seed": np.repeat(np.arange(seeds), epochs),
        "epoch": np.tile(np.arange(epochs), seeds),
    }
    return pd.DataFrame(frame | {"y": np.ravel(values)} | columns)


def test_slopes_and_tau_are_scipys():
    rng = np.random.default_rng(0)
    for n in (2, 5, 30):
        part = np.stack([rng.integers(0, 9, n), rng.integers(0, 5, n)], 1).astype(float)
        part[:2] = [[0, 1], [1, 0]]  # both columns vary
        expected = stats.theilslopes(part[:, 1], part[:, 0]).slope
        assert _estimates.theil_sen(part) == pytest.approx(expected)
        expected = stats.kendalltau(*part.T).statistic
        assert _estimates.kendall(part) == pytest.approx(expected)


def test_without_variation_they_are_undefined():
    still = np.array([[3.0, 1.0], [3.0, 2.0]])
    assert np.isnan(_estimates.theil_sen(still)) and np.isnan(_estimates.kendall(still))
    assert np.isnan(_estimates.kendall(still[:, ::-1]))
    assert np.isnan(_estimates.level_ratio([np.array([[1.0, 0.0]])]))
    assert np.isnan(_estimates.growth([np.array([[0.0, -1.0], [1.0, 1.0]])]))


def test_means_over_seeds_are_of_seeds_not_of_their_union():
    lines = [np.array([[0.0, 10.0], [1.0, 11.0]]), np.array([[0.0, -90.0], [1.0, -87.0]])]
    assert _estimates.slope(lines) == 2
    assert _estimates.tau(lines) == 1
    assert _estimates.growth(lines[:1]) == pytest.approx(1 / 10.5)
    assert _estimates.within_seeds(lines) == pytest.approx(2 / np.sqrt(5))


def test_levels_are_means_without_their_sign():
    parts = [np.array([[-1.0, 4.0], [1.0, 4.0]]), np.array([[-2.0, 4.0], [-2.0, 4.0]])]
    assert _estimates.level_ratio(parts) == 0.25


def test_intervals_over_seeds_are_students_t():
    values = pd.Series([1.0, 2.0, 4.0])
    found = _estimates.over_seeds(values, 12)
    expected = stats.ttest_1samp(values, 0).confidence_interval()
    assert found[:3] == pytest.approx((values.mean(), *expected))
    assert (found.n, found.n_seeds, found.n_checkpoints) == (3, 3, 12)


def test_checkpoints_are_counted_in_the_shortest_seed():
    short = points(np.zeros((3, 5))).iloc[:-2]
    assert _estimates.count(short) == {"n": 13, "n_seeds": 3, "n_checkpoints": 3}


def test_autocorrelation_widens_the_interval_of_a_slope():
    rng = np.random.default_rng(1)
    smooth = np.cumsum(rng.standard_normal((3, 60)), axis=1)
    noise = rng.permuted(smooth, axis=1)
    wide, narrow = (
        _estimates.resampled(points(y), ["epoch", "y"], _estimates.slope, 300)
        for y in (smooth - smooth.mean(1, keepdims=True), noise - noise.mean(1, keepdims=True))
    )
    assert wide.high - wide.low > 1.5 * (narrow.high - narrow.low)


def test_a_maximum_is_located_on_the_other_seeds():
    curves = [[0, 9, 0, 0, 0], [0, 0, 5, 0, 0], [0, 0, 0, 1, 0]]
    found = maxima(points(curves), "y", 1, 1)
    assert found.to_dict() == {0: 2, 1: 1, 2: 1}


def test_a_maximum_leaves_room_on_both_sides():
    rising = points(np.tile(np.arange(8.0), (2, 1)))
    assert set(maxima(rising, "y", 2, 4)) == {4}
    falling = rising.assign(y=-rising["y"])
    assert set(maxima(falling, "y", 2, 4)) == {1}
    peaks = maxima(rising, "y", 2, 4)
    assert len(up_to(rising, peaks)) == 2 * 5 and len(from_on(rising, peaks)) == 2 * 4


@pytest.mark.parametrize("shape", [(1, 20), (3, 4), (3, 1), (0, 0)])
def test_too_little_has_no_maximum(shape):
    frame = points(np.zeros(shape))
    peaks = maxima(frame, "y", 2, 4)
    assert peaks.empty and from_on(frame, peaks).empty


def test_pure_noise_does_not_rise_and_fall_around_its_maximum():
    """The maximum of the same curve would make it so: every one of these would fall."""
    rng = np.random.default_rng(4)
    falls = 0
    for _ in range(40):
        frame = points(rng.standard_normal((3, 12)))
        after = from_on(frame, maxima(frame, "y", 2, 4))
        falls += _estimates.resampled(after, ["epoch", "y"], _estimates.slope, 60).high < 0
    assert falls <= 4
