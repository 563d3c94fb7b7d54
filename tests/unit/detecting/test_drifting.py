"""The sequential test for drifts."""

import numpy as np
import pytest

from lstm_forecast.detecting.drifting import ALLOWANCE, cumulative_sums, false_alarm_share


def test_the_sums_are_those_of_page() -> None:
    steps = np.random.default_rng(0).normal(size=300)
    up = down = 0.0
    expected = []
    for step in steps:
        up, down = max(0.0, up + step - ALLOWANCE), max(0.0, down - step - ALLOWANCE)
        expected.append((up, down))
    assert np.allclose(np.stack(cumulative_sums(steps), axis=1), expected)


@pytest.mark.parametrize("share", [0.01, 0.001])
def test_where_nothing_drifts_an_alarm_is_as_seldom_as_it_says(share: float) -> None:
    rng = np.random.default_rng(1)
    runs = []
    for _ in range(200):
        sums = np.stack(cumulative_sums(rng.normal(size=int(12 / share)))).max(axis=0)
        passed = np.flatnonzero(false_alarm_share(sums) <= share)
        runs.append(passed[0] + 1 if len(passed) else len(sums))
    assert np.mean(runs) == pytest.approx(1 / share, rel=0.25)


def test_a_small_shift_is_found_soon() -> None:
    rng = np.random.default_rng(2)
    delays = []
    for _ in range(50):
        sums = np.stack(cumulative_sums(rng.normal(0.5, 1, size=500))).max(axis=0)
        delays.append(np.flatnonzero(false_alarm_share(sums) <= 0.001)[0])
    assert np.median(delays) < 50


def test_sums_of_any_size_have_a_share() -> None:
    shares = false_alarm_share(np.array([0.0, 1.0, 10.0, 1e9]))
    assert (np.diff(shares) <= 0).all()
    assert shares[0] == 1
    assert np.isfinite(shares).all()
