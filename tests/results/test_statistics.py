import numpy as np
import pandas as pd
import pytest
from scipy import stats

from metalandscape.results.statistics import (
    correlation,
    count,
    each_seed,
    ends,
    mean_over_seeds,
    over_models,
    pearson,
    residuals,
    trend_free,
)


def frame(x, y):
    """A frame of values [seeds, epochs], epochs from 1 on."""
    seeds, epochs = np.shape(x)
    return pd.DataFrame(
        {
            "seed": np.repeat(np.arange(seeds), epochs),
            "epoch": np.tile(np.arange(1, epochs + 1), seeds),
            "x": np.ravel(x),
            "y": np.ravel(y),
        }
    )


def noise(seed, *shape):
    return np.random.default_rng(seed).standard_normal(shape)


def test_pearson_is_numpys():
    points = noise(0, 20, 2)
    assert pearson(points) == pytest.approx(np.corrcoef(points.T)[0, 1])


def test_r_is_the_mean_of_fishers_z_over_seeds():
    x, y = noise(1, 2, 4, 15)
    found = correlation(frame(x, y), "x", "y")
    z = np.arctanh([stats.pearsonr(a, b).statistic for a, b in zip(x, y, strict=True)])
    interval = stats.ttest_1samp(z, 0).confidence_interval()
    assert found[:3] == pytest.approx(tuple(np.tanh([z.mean(), *interval])))
    assert found[3:] == (60, 4, 15)


@pytest.mark.parametrize("function", [correlation, trend_free])
def test_offsets_of_seeds_play_no_role(function):
    """Pooled, these two would correlate almost perfectly."""
    x, y = noise(2, 2, 3, 12)
    shift = 50 * np.arange(3)[:, None]
    found, shifted = (function(frame(x + s, y + s), "x", "y") for s in (0, shift))
    assert shifted.r == pytest.approx(found.r) and abs(found.r) < 0.5
    pooled = np.corrcoef((x + shift).ravel(), (y + shift).ravel())[0, 1]
    assert pooled > 0.9


def test_a_line_correlates_perfectly():
    x = np.tile(np.arange(12.0), (3, 1))
    found = correlation(frame(x, 3 - 2 * x), "x", "y")
    assert found[:3] == pytest.approx((-1, -1, -1), abs=1e-5) and found.n == 36


def test_no_variation_has_no_correlation():
    x = np.tile(np.arange(12.0), (3, 1))
    flat = np.full((3, 12), 0.1)
    for function in (correlation, trend_free):
        found = function(frame(x, flat), "x", "y")
        assert np.isnan(found[:3]).all() and str(found) == "R not defined, n = 36"


def test_nothing_beyond_the_trend_has_no_correlation():
    t = np.arange(1, 13.0)
    x, y = np.tile(3 + 2 * t - np.log(t), (3, 1)), np.tile(7 * np.log(t), (3, 1))
    assert correlation(frame(x, y), "x", "y").r > 0.9
    assert np.isnan(trend_free(frame(x, y), "x", "y").r)


def test_a_common_trend_is_not_what_is_left():
    """Two noisy curves that rise alike correlate; beyond the trend they do not."""
    t = np.log(np.arange(1, 41))
    x, y = t + 0.3 * noise(3, 2, 5, 40)
    assert correlation(frame(x, y), "x", "y").low > 0.8
    beyond = trend_free(frame(x, y), "x", "y")
    assert beyond.low < 0 < beyond.high < 0.4


def test_beyond_the_trend_is_the_partial_correlation():
    x, y = noise(4, 2, 3, 15)
    found = trend_free(frame(x, y), "x", "y")
    precision = []
    for a, b in zip(x, y, strict=True):
        epoch = np.arange(1, 16)
        inverse = np.linalg.inv(np.cov([a, b, epoch, np.log(epoch)]))
        precision.append(-inverse[0, 1] / np.sqrt(inverse[0, 0] * inverse[1, 1]))
    assert found.r == pytest.approx(np.tanh(np.arctanh(precision).mean()))


def test_the_initialization_has_no_logarithm_and_is_left_out():
    points = frame(*noise(5, 2, 3, 12))
    untrained = points[points["epoch"] == 1].assign(epoch=0, x=99.0)
    with_it = trend_free(pd.concat([points, untrained]), "x", "y")
    assert with_it == trend_free(points, "x", "y")


def test_four_points_leave_nothing_beyond_a_trend():
    assert np.isnan(residuals(noise(6, 4, 2), np.arange(1, 5.0))).all()
    left = residuals(noise(6, 9, 2), np.arange(1, 10.0))
    assert left.sum(0) == pytest.approx(0) and np.arange(1, 10) @ left == pytest.approx(0)


def test_order_of_rows_plays_no_role_and_gaps_are_left_out():
    points = frame(*noise(7, 2, 3, 12))
    assert correlation(points, "x", "y") == correlation(points.sample(frac=1), "x", "y")
    points.loc[4, "y"] = np.nan
    found = correlation(points, "x", "y")
    assert (found.n, found.n_checkpoints) == (35, 11)
    assert found.r == correlation(points.drop(4), "x", "y").r


@pytest.mark.parametrize(
    ("shape", "words"),
    [
        ((2, 40), "too few seeds for an interval"),
        ((1, 40), "too few seeds for an interval"),
        ((3, 9), "too few checkpoints for an interval"),
    ],
)
def test_without_the_minimum_there_is_no_interval(shape, words):
    found = correlation(frame(*noise(8, 2, *shape)), "x", "y")
    assert str(found) == f"R = {found.r:.2f}, {words}"


def test_figures_print_r_its_interval_and_the_number_of_points():
    found = correlation(frame(*noise(9, 2, 3, 10)), "x", "y")
    assert str(found) == f"R = {found.r:.2f} [{found.low:.2f}, {found.high:.2f}], n = 30"


def test_nothing_gives_nothing():
    empty = frame(np.zeros((0, 0)), np.zeros((0, 0)))
    for found in (correlation(empty, "x", "y"), trend_free(empty, "x", "y")):
        assert np.isnan(found.r) and found[3:] == (0, 0, 0)


def test_checkpoints_are_counted_in_the_shortest_seed():
    short = frame(np.zeros((3, 5)), np.zeros((3, 5))).iloc[:-2]
    assert count(short) == {"n": 13, "n_seeds": 3, "n_checkpoints": 3}


def test_means_have_students_t_interval():
    values = np.array([1.0, 2.0, 4.0, 4.5])
    expected = stats.ttest_1samp(values, 0).confidence_interval()
    assert mean_over_seeds(values) == pytest.approx((values.mean(), *expected, 4))
    assert np.isnan(mean_over_seeds(values[:1]).low) and np.isnan(mean_over_seeds([]).mean)


@pytest.mark.parametrize("seeds", [3, 5])
def test_random_walks_track_each_other_rarely(seeds):
    """The trap of a bootstrap over checkpoints: walks wander together within a training."""
    x, y = np.cumsum(noise(10, 2, 400, seeds, 40), -1)
    wrong = [correlation(frame(*pair), "x", "y").low > 0.3 for pair in zip(x, y, strict=True)]
    assert np.mean(wrong) < 0.025


def test_each_seed_has_its_own_r():
    x, y = noise(11, 2, 3, 8)
    expected = [np.corrcoef(a, b)[0, 1] for a, b in zip(x, y, strict=True)]
    assert each_seed(frame(x, y), "x", "y") == pytest.approx(expected)


@pytest.mark.parametrize(("models", "width"), [(14, 1.96 / np.sqrt(11)), (4, 1.96)])
def test_over_models_the_interval_is_no_narrower_than_that_of_so_many_points(models, width):
    """All seeds agree, so Student's t alone would be sure of a relation of a few models."""
    x, y = np.repeat(noise(12, 2, 1, models), 3, axis=1)
    points = frame(x, y).assign(epoch=7, shot=np.tile(np.arange(1, models + 1), 3))
    found = over_models(points, "x", "y")
    r = np.corrcoef(x[0], y[0])[0, 1]
    assert found.r == pytest.approx(r) and found[3:] == (3 * models, 3, 3 * models)
    expected = np.tanh(np.arctanh(r) + np.array([-width, width]))
    assert (found.low, found.high) == pytest.approx(tuple(expected))


def test_over_models_seeds_that_disagree_widen_the_interval():
    x = np.tile(np.arange(8.0), (3, 1))
    points = frame(x, x + np.array([[0.5], [3], [30]]) * noise(13, 3, 8)).assign(epoch=7)
    points["shot"] = points["x"] + 1
    found, t = over_models(points, "x", "y"), correlation(points, "x", "y")
    assert t.high - t.low > 0.9 and found[:3] == t[:3]
    assert np.isnan(over_models(points[points["shot"] < 6], "x", "y", "shot").low)


def test_over_models_more_checkpoints_of_each_are_no_more_models():
    x, y = np.repeat(noise(14, 2, 1, 40), 3, axis=1)
    points = frame(x, y).assign(shot=np.tile(np.repeat(np.arange(1, 6), 8), 3))
    found = over_models(points, "x", "y")
    assert found.r == pytest.approx(np.corrcoef(x[0], y[0])[0, 1]) and found.n == 120
    assert np.arctanh(found.high) - np.arctanh(found.r) == pytest.approx(1.96 / np.sqrt(5 - 3))
    beyond = over_models(points, "x", "y", "epoch")
    assert beyond.r == pytest.approx(trend_free(points, "x", "y").r)
    assert np.arctanh(beyond.high) - np.arctanh(beyond.r) == pytest.approx(1.96 / np.sqrt(5 - 3))
    few = over_models(points[points["shot"] < 4], "x", "y")
    assert np.isnan(few.low) and "too few models for an interval" in str(few)


def test_models_are_compared_at_the_last_epoch_that_all_of_a_seed_have():
    last = {("a", 0): 4, ("b", 0): 7, ("a", 1): 5, ("b", 1): 3, ("a", 2): 6}
    rows = [(run, seed, epoch) for (run, seed), n in last.items() for epoch in range(1, n + 1)]
    rows.remove(("b", 0, 4))  # as a checkpoint whose value is missing
    found = ends(pd.DataFrame(rows, columns=["run", "seed", "epoch"]))
    assert sorted(found.itertuples(index=False, name=None)) == [
        *[("a", 0, 3), ("a", 1, 3), ("a", 2, 6), ("b", 0, 3), ("b", 1, 3)]
    ]
    assert ends(found[:0]).empty
