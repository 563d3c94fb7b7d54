"""Frequencies as they are written: which there are, how long their steps are, where they lie."""

import calendar
from datetime import date

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from lstm_forecast.panel.seasons import season_length
from lstm_forecast.panel.steps.frequency import (
    MonthDays,
    alias_of,
    fixed_step,
    is_freq,
    month_days,
    sub_daily,
    ticks_from,
)
from lstm_forecast.panel.steps.grid import Grid

OWN = ["MS-15", "MS-29", "MS-30", "MS-31", "3MS-15", "12MS-4", "MS-5-20", "MS-1-11-21", "MS-10-31"]
NOT_OWN = ["MS-0", "MS-32", "MS-", "MS-15-", "MS-15-5", "MS-28-31", "2MS-1-15", "0MS-15", "MS-JAN"]


def by_hand(freq: MonthDays, start: date, count: int) -> list[date]:
    """The dates of a calendar, month after month."""
    found: list[date] = []
    month = 12 * start.year + start.month - 1
    while len(found) < count:
        year, index = divmod(month, 12)
        length = calendar.monthrange(year, index + 1)[1]
        here = [date(year, index + 1, min(day, length)) for day in freq.days]
        found += [day for day in here if day >= start]
        month += freq.months if found else 1
    return found[:count]


@pytest.mark.parametrize("freq", OWN)
def test_days_of_the_month_are_a_frequency_without_a_fixed_step(freq: str) -> None:
    named = month_days(freq)
    assert named is not None and named.alias == freq
    assert is_freq(freq) and fixed_step(freq) is None and not sub_daily(freq)


@pytest.mark.parametrize("freq", NOT_OWN)
def test_what_is_no_day_of_every_month_is_no_frequency(freq: str) -> None:
    assert month_days(freq) is None
    assert not is_freq(freq)


@settings(max_examples=200, deadline=None)
@given(
    st.sampled_from(OWN),
    st.dates(date(1950, 1, 1), date(2090, 12, 31)),
    st.integers(0, 86_399),
    st.integers(1, 80),
)
def test_its_steps_are_those_of_the_calendar_at_the_time_of_the_origin(
    freq: str, start: date, second: int, count: int
) -> None:
    named = month_days(freq)
    assert named is not None
    time = pd.Timedelta(seconds=second)
    ticks = ticks_from(pd.Timestamp(start) + time, freq, count=count)
    expected = [pd.Timestamp(day) + time for day in by_hand(named, start, count)]
    assert pd.DatetimeIndex(ticks.astype("M8[us]")).tolist() == expected
    until = ticks_from(pd.Timestamp(start) + time, freq, until=expected[-1])
    np.testing.assert_array_equal(until, ticks)
    before = ticks_from(pd.Timestamp(start) + time, freq, until=expected[-1] - pd.Timedelta(1, "s"))
    np.testing.assert_array_equal(before, ticks[:-1])


@pytest.mark.parametrize("freq", OWN)
def test_a_grid_counts_them_and_finds_the_nearest(freq: str) -> None:
    grid = Grid(freq, pd.Timestamp("2019-12-01 06:00"))
    numbers = np.arange(100)
    ticks = grid.ticks(numbers)
    np.testing.assert_array_equal(grid.ordinals(ticks), numbers)
    np.testing.assert_array_equal(grid.ordinals(ticks + 60_000_000), -1)
    np.testing.assert_array_equal(grid.nearest(ticks[:90] + 60_000_000), numbers[:90])
    assert [grid.after(str(stamp)) for stamp in grid.stamps(numbers[:9])] == [*range(1, 10)]


def test_the_thirtieth_is_the_last_of_february() -> None:
    stamps = Grid("MS-30", pd.Timestamp("2023-12-30")).stamps(np.arange(4))
    assert stamps.strftime("%m-%d").tolist() == ["12-30", "01-30", "02-29", "03-30"]


@pytest.mark.parametrize(
    ("freq", "length"),
    [
        *[("MS-15", 12), ("MS-30", 12), ("3MS-15", 4), ("12MS-4", 1), ("24MS-4", 1)],
        *[("SMS-15", 24), ("SME-15", 24), ("MS-5-20", 24), ("MS-1-11-21", 36)],
        *[("WOM-3FRI", 12), ("LWOM-FRI", 12), ("3WOM-3FRI", 4), ("10ms", 8_640_000)],
    ],
)
def test_the_season_of_calendars_of_months_is_a_year(freq: str, length: int) -> None:
    assert season_length(freq) == length


@pytest.mark.parametrize(
    ("step", "alias"),
    [(1_800_000_000, "30min"), (3_600_000_000, "h"), (86_400_000_000, "D"), (10_000, "10ms")],
)
def test_a_step_is_named_as_people_name_it(step: int, alias: str) -> None:
    assert alias_of(step) == alias
    assert fixed_step(alias) == pd.Timedelta(step, unit="us")


def test_two_days_are_days_and_not_hours() -> None:
    assert alias_of(2 * 86_400_000_000) == "2D"
