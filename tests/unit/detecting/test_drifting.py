"""The sequential test for drifts."""

import numpy as np
import pytest

from lstm_forecast.detecting.drifting import (
    ALLOWANCE,
    LEAST_KNOWN,
    UNSURE,
    allowance_for,
    cumulative_sums,
    false_alarm_share,
)


def test_the_sums_are_those_of_page() -> None:
    steps = np.random.default_rng(0).normal(size=300)
    up = down = 0.0
    expected = []
    for step in steps:
        up, down = max(0.0, up + step - ALLOWANCE), max(0.0, down - step - ALLOWANCE)
        expected.append((up, down))
    assert np.allclose(cumulative_sums(steps, ALLOWANCE, alarm=0).T, expected)


def test_the_sums_begin_anew_behind_an_alarm() -> None:
    steps = np.append(np.full(40, 2.0), np.zeros(60))
    sums = cumulative_sums(steps, ALLOWANCE, alarm=0.001)[0]
    alarms = np.flatnonzero(false_alarm_share(sums, ALLOWANCE) <= 0.001)
    assert len(alarms) > 1  # the steps go on
    assert sums[alarms[0] + 1] == pytest.approx(2 - ALLOWANCE)
    assert alarms[-1] < 40


def test_where_what_is_usual_is_known_of_few_steps_alarms_are_at_most_as_often_as_that_allows() -> (
    None
):
    assert allowance_for(LEAST_KNOWN) > allowance_for(400) > ALLOWANCE
    rng, allowance, raised = np.random.default_rng(3), allowance_for(LEAST_KNOWN), 0
    for _ in range(600):
        steps = rng.normal(size=400) - rng.normal(size=LEAST_KNOWN).mean()
        sums = cumulative_sums(steps, allowance, alarm=0.001 / UNSURE).max(axis=0)
        raised += int((UNSURE * false_alarm_share(sums, allowance) <= 0.001).sum())
    assert raised / (600 * 400) < 0.0015


@pytest.mark.parametrize("share", [0.01, 0.001])
def test_where_nothing_drifts_an_alarm_is_as_seldom_as_it_says(share: float) -> None:
    rng = np.random.default_rng(1)
    runs = []
    for _ in range(200):
        sums = cumulative_sums(rng.normal(size=int(12 / share)), ALLOWANCE, alarm=0).max(axis=0)
        passed = np.flatnonzero(false_alarm_share(sums, ALLOWANCE) <= share)
        runs.append(passed[0] + 1 if len(passed) else len(sums))
    assert np.mean(runs) == pytest.approx(1 / share, rel=0.25)


def test_a_small_shift_is_found_soon() -> None:
    rng = np.random.default_rng(2)
    delays = []
    for _ in range(50):
        sums = cumulative_sums(rng.normal(0.5, 1, size=500), ALLOWANCE, alarm=0).max(axis=0)
        delays.append(np.flatnonzero(false_alarm_share(sums, ALLOWANCE) <= 0.001)[0])
    assert np.median(delays) < 50


def test_sums_of_any_size_have_a_share() -> None:
    shares = false_alarm_share(np.array([0.0, 1.0, 10.0, 1e9]), ALLOWANCE)
    assert (np.diff(shares) <= 0).all()
    assert shares[0] == 1
    assert np.isfinite(shares).all()
