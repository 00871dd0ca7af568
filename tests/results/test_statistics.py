import numpy as np
import pandas as pd
import pytest

from metalandscape.results.statistics import bootstrap, correlation, pearson


def frame(x, y, seeds=1):
    epochs = len(x) // seeds
    return pd.DataFrame(
        {
            "seed": np.repeat(np.arange(seeds), epochs),
            "epoch": np.tile(np.arange(epochs), seeds),
            "x": x,
            "y": y,
        }
    )


def test_pearson_is_numpys():
    rng = np.random.default_rng(0)
    points = rng.standard_normal((20, 2))
    assert pearson(points) == pytest.approx(np.corrcoef(points.T)[0, 1])


def test_a_line_correlates_perfectly():
    found = correlation(frame(np.arange(12.0), 3 - 2 * np.arange(12.0)), "x", "y")
    assert found.r == pytest.approx(-1) and found.low == pytest.approx(-1) and found.n == 12


def test_no_variation_has_no_correlation():
    found = correlation(frame(np.arange(9.0), np.ones(9)), "x", "y")
    assert np.isnan(found.r) and np.isnan(found.low)


def test_independent_series_have_an_interval_around_zero():
    rng = np.random.default_rng(3)
    found = correlation(frame(*rng.standard_normal((2, 60)), seeds=3), "x", "y")
    assert found.low < 0 < found.high and found.high - found.low < 1


def test_autocorrelation_widens_the_interval():
    rng = np.random.default_rng(1)
    smooth = np.cumsum(rng.standard_normal((2, 100)), axis=1)
    shuffled = smooth[:, rng.permutation(100)]
    wide, narrow = (correlation(frame(*series), "x", "y") for series in (smooth, shuffled))
    assert wide.r == pytest.approx(narrow.r)
    assert wide.high - wide.low > 1.5 * (narrow.high - narrow.low)


def test_the_interval_is_reproducible_whatever_the_order_of_rows():
    rng = np.random.default_rng(2)
    points = frame(*rng.standard_normal((2, 30)), seeds=2)
    assert correlation(points, "x", "y") == correlation(points.sample(frac=1), "x", "y")


def test_samples_are_whole_seeds_in_circular_blocks_of_neighbours():
    points = pd.concat([frame(np.arange(9.0), np.zeros(9)), frame(np.arange(4.0), np.ones(4))])
    points["seed"] = points["y"]
    seen = []

    def statistic(values, used):
        seen.extend(zip(values, used, strict=True))
        return np.zeros(len(values))

    bootstrap(points, ["x", "y"], statistic, resamples=100)
    *samples, (values, used) = seen
    assert [len(v[u]) for v, u in zip(values, used, strict=True)] == [9, 4]
    assert len(samples) == 100 and len({str(v[u]) for v, u in samples}) > 50
    for values, used in samples:
        for part in (v[u] for v, u in zip(values, used, strict=True)):
            n = len(part)
            assert n in (4, 9) and (part[:, 1] == (n == 4)).all()
            inside = np.arange(1, n) % np.sqrt(n) != 0
            assert (np.diff(part[:, 0])[inside] % n == 1).all()


def test_uneven_seeds_are_correlated_as_one_cloud():
    rng = np.random.default_rng(4)
    points = frame(*rng.standard_normal((2, 30)), seeds=3).iloc[:-5]
    found = correlation(points, "x", "y")
    assert (
        found.r == pytest.approx(np.corrcoef(points.x, points.y)[0, 1]) and found.low < found.high
    )
