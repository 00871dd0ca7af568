"""The one rule that makes a verdict of an estimate."""

import pytest

from metalandscape.claims import (
    CONTRADICTED,
    DOES_NOT_TRACK,
    INCONCLUSIVE,
    NEGATIVE,
    POSITIVE,
    SUPPORTED,
    TRACKS,
    Claim,
    Estimate,
    decide,
    over_settings,
    overall,
)

NAN, BAND = float("nan"), (-0.5, 0.5)


def estimate(low, high, seeds=3, checkpoints=10):
    return Estimate((low + high) / 2, low, high, seeds * checkpoints, seeds, checkpoints)


@pytest.mark.parametrize(
    ("low", "high", "region", "verdict"),
    [
        (0.1, 0.2, POSITIVE, SUPPORTED),
        (-0.2, -0.1, POSITIVE, CONTRADICTED),
        (-0.1, 0.1, POSITIVE, INCONCLUSIVE),
        (0.0, 0.1, POSITIVE, INCONCLUSIVE),
        (0.0, 0.0, POSITIVE, INCONCLUSIVE),
        (-0.2, -0.1, NEGATIVE, SUPPORTED),
        (0.1, 0.2, NEGATIVE, CONTRADICTED),
        (-0.4, 0.4, BAND, SUPPORTED),
        (0.6, 0.9, BAND, CONTRADICTED),
        (-0.9, -0.6, BAND, CONTRADICTED),
        (0.4, 0.6, BAND, INCONCLUSIVE),
        (-0.9, 0.9, BAND, INCONCLUSIVE),
        (NAN, 0.2, POSITIVE, INCONCLUSIVE),
        (0.1, NAN, POSITIVE, INCONCLUSIVE),
    ],
)
def test_the_whole_interval_decides(low, high, region, verdict):
    assert decide(estimate(low, high), region)[0] == verdict


@pytest.mark.parametrize("region", [POSITIVE, NEGATIVE])
@pytest.mark.parametrize(
    ("seeds", "checkpoints", "reason"),
    [(2, 100, "too few seeds: 2"), (0, 0, "too few seeds: 0"), (5, 9, "too few checkpoints: 9")],
)
def test_little_data_decide_nothing_either_way(seeds, checkpoints, reason, region):
    verdict, words = decide(estimate(0.1, 0.2, seeds, checkpoints), region)
    assert verdict == INCONCLUSIVE and reason in words


def test_a_doubt_overrules_the_interval():
    found = Claim("C0", "0", "text").verdict("run", "R", estimate(0.1, 0.2), POSITIVE, "a doubt")
    assert (found.verdict, found.reason) == (INCONCLUSIVE, "a doubt")


def test_all_parts_must_hold():
    assert overall([SUPPORTED, SUPPORTED]) == SUPPORTED
    assert overall([SUPPORTED, INCONCLUSIVE]) == INCONCLUSIVE
    assert overall([SUPPORTED, INCONCLUSIVE, CONTRADICTED]) == CONTRADICTED
    assert overall([]) == INCONCLUSIVE


@pytest.mark.parametrize("low", [x / 10 for x in range(-9, 9)])
def test_to_track_and_not_to_track_exclude_each_other(low):
    for high in (low + 0.05, low + 0.3, 1.0):
        found = [decide(estimate(low, high), region)[0] for region in (TRACKS, DOES_NOT_TRACK)]
        assert found in (
            [SUPPORTED, CONTRADICTED],
            [CONTRADICTED, SUPPORTED],
            [INCONCLUSIVE, INCONCLUSIVE],
        )


@pytest.mark.parametrize(
    ("verdicts", "verdict"),
    [
        ([], INCONCLUSIVE),
        ([INCONCLUSIVE] * 3, INCONCLUSIVE),
        ([SUPPORTED, INCONCLUSIVE, INCONCLUSIVE], SUPPORTED),
        ([SUPPORTED] * 5 + [CONTRADICTED], INCONCLUSIVE),
        ([SUPPORTED, CONTRADICTED], INCONCLUSIVE),
        ([SUPPORTED, CONTRADICTED, CONTRADICTED], CONTRADICTED),
        ([CONTRADICTED, INCONCLUSIVE], CONTRADICTED),
    ],
)
def test_over_settings_one_contradiction_bars_support(verdicts, verdict):
    assert over_settings(verdicts) == verdict


def test_a_part_of_a_curve_may_need_fewer_checkpoints():
    assert decide(estimate(0.1, 0.2, 3, 4), POSITIVE, checkpoints=4)[0] == SUPPORTED
    assert decide(estimate(0.1, 0.2, 3, 3), POSITIVE, checkpoints=4)[0] == INCONCLUSIVE
