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
    assert np.isnan(_estimates.growth(np.array([[0.0, -1.0], [1.0, 1.0]])))


def test_growth_is_the_gain_as_a_share_of_the_mean():
    line = np.array([[2.0, 10.0], [3.0, 11.0], [6.0, 14.0]])
    assert _estimates.growth(line) == pytest.approx(4 / (35 / 3))


def test_intervals_over_seeds_are_students_t():
    values = pd.Series([1.0, 2.0, 4.0])
    counts = {"n": 36, "n_seeds": 9, "n_checkpoints": 12}
    found = _estimates.over_seeds(values, counts)
    expected = stats.ttest_1samp(values, 0).confidence_interval()
    assert found[:3] == pytest.approx((values.mean(), *expected))
    assert found[3:] == (36, 3, 12)


def test_statistics_are_of_each_seed_not_of_their_union():
    lines = points([[10.0, 11.0, 12.0], [-90.0, -87.0, -84.0], [0.0, 5.0, 10.0]])
    found = _estimates.of_seeds(lines, ["epoch", "y"], _estimates.theil_sen)
    assert found.value == pytest.approx(3) and found[3:] == (9, 3, 3)
    expected = stats.ttest_1samp([1, 3, 5], 0).confidence_interval()
    assert (found.low, found.high) == pytest.approx(tuple(expected))


def test_a_difference_of_correlations_is_paired_by_seed():
    rng = np.random.default_rng(0)
    x, y, z = rng.standard_normal((3, 3, 12))
    frame = points(x, z=y.ravel(), w=z.ravel())
    found = _estimates.difference_of_correlations(frame, "y", "z", "w")
    each = [
        np.corrcoef(a, b)[0, 1] - np.corrcoef(a, c)[0, 1] for a, b, c in zip(x, y, z, strict=True)
    ]
    expected = stats.ttest_1samp(each, 0).confidence_interval()
    assert found[:3] == pytest.approx((np.mean(each), *expected))


def test_a_maximum_is_located_on_the_other_seeds():
    curves = [[0, 9, 0, 0, 0], [0, 0, 5, 0, 0], [0, 0, 0, 1, 0]]
    found = maxima(points(curves), "y")
    assert found == {0: 2, 1: 1, 2: 1}


def test_a_maximum_may_lie_at_an_end():
    rising = points(np.tile(np.arange(8.0), (2, 1)))
    peaks = maxima(rising, "y")
    assert peaks == {0: 7, 1: 7}
    assert len(up_to(rising, peaks)) == 16 and len(from_on(rising, peaks)) == 2


@pytest.mark.parametrize("shape", [(1, 20), (0, 0)])
def test_too_little_has_no_maximum(shape):
    frame = points(np.zeros(shape))
    peaks = maxima(frame, "y")
    assert peaks == {} and from_on(frame, peaks).empty


def test_pure_noise_does_not_fall_after_its_maximum():
    """The maximum of the same curve would make it so: most of these would fall."""
    rng = np.random.default_rng(4)
    slopes = []
    for _ in range(200):
        frame = points(rng.standard_normal((3, 12)))
        after = from_on(frame, maxima(frame, "y"))
        slopes.append(_estimates.of_seeds(after, ["epoch", "y"], _estimates.theil_sen).value)
    slopes = np.array(slopes)[np.isfinite(slopes)]
    assert len(slopes) > 100 and abs((slopes < 0).mean() - 0.5) < 0.15
