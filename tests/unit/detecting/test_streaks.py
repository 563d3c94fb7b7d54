"""Stretches of equal or of missing values."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from lstm_forecast.detecting.streaks import streak_p_values, streaks

FLAGS = st.lists(st.booleans(), max_size=200)


def test_a_streak_is_as_long_as_what_goes_on() -> None:
    assert streaks(np.array([False, True, True, False, True])).tolist() == [0, 1, 2, 0, 1]


@given(FLAGS)
def test_streaks_grow_by_one_or_begin_anew(flags: list[bool]) -> None:
    found = streaks(np.array(flags, bool))
    expected, length = [], 0
    for flag in flags:
        length = length + 1 if flag else 0
        expected.append(length)
    assert found.tolist() == expected


def test_what_was_there_before_as_long_is_not_rare() -> None:
    lengths = streaks(np.array([True, True, True, False] * 20))
    assert (streak_p_values(lengths)[4:] == 1).all()


def test_a_streak_gets_rarer_by_every_step_beyond_the_longest() -> None:
    flags = np.zeros(1000, bool)
    flags[990:] = True
    p = streak_p_values(streaks(flags))
    assert (p[:990] == 1).all()
    assert np.allclose(p[990:], 2 * 0.5 ** np.arange(10) / np.arange(991, 1001))


def test_a_series_whose_streaks_are_long_by_nature_needs_a_longer_one() -> None:
    nights = np.tile(np.repeat([True, False], 12), 50)
    p = streak_p_values(streaks(np.append(nights, np.ones(40, bool))))
    longer = len(nights) + 12  # the first step beyond a night, the longest of all so far
    assert p[longer - 1] == 1
    # eleven of twelve steps of a night went on: such a stretch is twelve steps on average
    assert p[longer] == pytest.approx(12 / (longer + 1), rel=0.02)
    assert p[longer] > p[-1] > 0.8**28 * p[longer]


def test_a_series_that_never_changed_goes_on_as_it_was() -> None:
    assert (streak_p_values(streaks(np.append([False], np.ones(500, bool)))) == 1).all()


@given(FLAGS)
def test_p_values_are_shares(flags: list[bool]) -> None:
    p = streak_p_values(streaks(np.array(flags, bool)))
    assert ((p > 0) & (p <= 1)).all()


@pytest.mark.parametrize("share", [0.1, 0.5, 0.86])
def test_steps_that_repeat_by_chance_are_rare_no_more_often_than_they_say(share: float) -> None:
    rng = np.random.default_rng(0)
    p = np.stack([streak_p_values(streaks(rng.random(2000) < share))[1000:] for _ in range(400)])
    for rate in (0.01, 0.001):
        assert np.mean(p <= rate) < 1.2 * rate
