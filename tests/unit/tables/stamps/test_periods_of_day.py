"""Numbered periods of a day: half and quarter hours since midnight, whatever clocks do."""

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from lstm_forecast.errors import DataError
from lstm_forecast.tables.read import Table
from lstm_forecast.tables.stamps.columns import find_style, joined, parse_stamps, written_stamps
from lstm_forecast.tables.stamps.time_columns import find_time
from tests.unit.conftest import table_of

ZONES = ("Europe/London", "Europe/Paris", "Australia/Sydney", "America/Havana", "Africa/Cairo")
COLUMNS = ("SETTLEMENT_DATE", "SETTLEMENT_PERIOD")


def numbered(stamps: pd.DatetimeIndex, *, style: str = "%Y-%m-%d") -> Table:
    """A table of a date and of the number of each stamp among those of its day."""
    dates = pd.Series(stamps.strftime(style), dtype="str")
    numbers = dates.groupby(dates).cumcount() + 1
    return table_of(**dict(zip(COLUMNS, (dates, numbers.astype("str")), strict=True)))


def read(table: Table, timezone: str | None = None) -> pd.DatetimeIndex:
    found = find_style(table, COLUMNS, timezone=timezone)
    together, column, _ = joined(table, COLUMNS)
    stamps = parse_stamps(together, column=column, timestamp_format=found.format, timezone=timezone)
    assert isinstance(stamps, pd.DatetimeIndex)
    return stamps


@pytest.mark.parametrize("freq", ["h", "30min", "15min"])
@pytest.mark.parametrize("zone", ZONES)
def test_periods_of_days_that_clocks_change_are_the_moments_at_which_they_begin(
    zone: str, freq: str
) -> None:
    stamps = pd.date_range("2023-01-01", "2024-01-01", freq=freq, tz=zone, inclusive="left")
    found = read(numbered(stamps, style="%d-%b-%Y"), zone)
    assert list(found.tz_convert(zone)) == list(stamps)


@given(
    first=st.dates(pd.Timestamp("2001-01-01").date(), pd.Timestamp("2024-12-31").date()),
    days=st.integers(2, 40),
    freq=st.sampled_from(["h", "30min", "15min"]),
    zone=st.sampled_from([None, *ZONES]),
)
def test_what_is_written_is_read_again(
    first: object, days: int, freq: str, zone: str | None
) -> None:
    begin = pd.Timestamp(str(first))
    ends = pd.DatetimeIndex([begin, begin + pd.Timedelta(days=days)])
    if zone:
        ends = ends.tz_localize(zone, ambiguous=[True, True], nonexistent="shift_forward")
    stamps = pd.date_range(*ends, freq=freq, inclusive="left")
    style = f"%Y-%m-%d %{ {'h': 'O', '30min': 'P', '15min': 'Q'}[freq] }"
    table = table_of(when=pd.Series(written_stamps(stamps, style), dtype="str"))
    found = parse_stamps(table, column="when", timestamp_format=style, timezone=zone)
    assert isinstance(found, pd.DatetimeIndex)
    assert list(found.tz_convert(zone) if zone else found) == list(stamps)


@pytest.mark.parametrize(("day", "last"), [("2022-10-30", 50), ("2022-03-27", 46)])
def test_a_day_of_more_or_fewer_periods_is_refused_without_a_zone(day: str, last: int) -> None:
    first, after = (pd.Timestamp(day) + pd.Timedelta(days=days) for days in (-10, 10))
    table = numbered(
        pd.date_range(first, after, freq="30min", tz="Europe/London", inclusive="left")
    )
    with pytest.raises(DataError, match=f"'{day} {last}' is the last period of a day"):
        read(table)


def test_a_table_that_begins_and_ends_within_a_day_needs_no_zone() -> None:
    stamps = pd.date_range("2022-05-01 01:00", "2022-05-09 22:30", freq="30min")
    table = numbered(pd.date_range("2022-05-01", "2022-05-09 22:30", freq="30min"))
    assert list(read(table))[2:] == list(stamps)


@pytest.mark.parametrize(
    ("name", "most"), [("season", 48), ("settlement_period", 30), ("period", 60), ("slot", 101)]
)
def test_other_numbers_beside_a_date_are_none(name: str, most: int) -> None:
    days = pd.Series(pd.date_range("2022-05-01", periods=10).repeat(most).strftime("%Y-%m-%d"))
    numbers = pd.Series(np.tile(np.arange(1, most + 1), 10))
    table = table_of(day=days.astype("str"), **{name: numbers.astype("str")})
    assert find_time(table.frame, {name: numbers}) == ("day",)
