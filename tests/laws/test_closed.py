"""Closed steps x holidays x gaps: no row is lost, no open step is closed, and forecasts go on with
open steps alone.
"""

from dataclasses import dataclass, replace
from functools import cache
from pathlib import Path

import holidays
import numpy as np
import pandas as pd
import pytest
from hypothesis import strategies as st
from numpy.typing import NDArray

from lstm_forecast.config.closed import ClosedConfig
from lstm_forecast.panel.steps.grid import ticks_of
from tests.laws.law import ASKED, EQUAL, REFUSED, Read, read, require_law

Flags = NDArray[np.bool_]
DAYS = ("Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun")
YEARS = range(2019, 2025)
CALENDARS = (
    "US", "DE", "DE-BY", "AT", "FR", "GB", "JP", "IN", "BR", "ZA", "AU-VIC", "CA-QC", "XNYS",
    "XETR", "XLON", "XJPX",
)  # fmt: skip
# First and last month and day of breaks, some over the new year.
BREAKS = ((801, 831), (1224, 106), (701, 714), (1220, 1231), (215, 221), (501, 501))
AHEAD = 30  # steps that are looked at behind the last row


@dataclass(frozen=True)
class Rows:
    """A table of steps that are open, but for gaps, and what is closed in truth."""

    frame: pd.DataFrame
    freq: str
    weekdays: frozenset[int]
    hours: tuple[int, int]  # from the first to before the second a day is open
    breaks: tuple[tuple[int, int], ...]
    calendar: str | None

    def closed(self, stamps: pd.DatetimeIndex) -> Flags:
        """Which of the stamps are closed in truth."""
        opens, closes = self.hours
        found = np.isin(stamps.day_of_week, list(self.weekdays))
        found |= (stamps.hour < opens) | (stamps.hour >= closes)
        for first, last in self.breaks:
            found |= within(stamps, first, last)
        return found | (off(self.calendar, stamps) if self.calendar else False)


def within(stamps: pd.DatetimeIndex, first: int, last: int) -> Flags:
    """Which stamps are between two dates of a year, 100 * month + day, or over the new year."""
    dates = 100 * stamps.month + stamps.day
    parts = (dates >= first, dates <= last)
    return np.asarray(parts[0] | parts[1] if last < first else parts[0] & parts[1])


@cache
def days_off(code: str) -> NDArray[np.datetime64]:
    """Holidays of a country, a part of one, or a market."""
    country, _, part = code.partition("-")
    days = (
        holidays.financial_holidays(code, years=YEARS)
        if code in holidays.list_supported_financial()
        else holidays.country_holidays(country, subdiv=part or None, years=YEARS)
    )
    return np.array(sorted(days), "M8[D]")


def off(code: str, stamps: pd.DatetimeIndex) -> Flags:
    return np.isin(stamps.to_numpy().astype("M8[D]"), days_off(code))


def closed_by(rule: ClosedConfig, stamps: pd.DatetimeIndex) -> Flags:
    """Which stamps a config says are closed, read by nothing of this program."""
    found = np.zeros(len(stamps), bool)
    minutes = stamps.hour * 60 + stamps.minute
    for text in rule.weekly:
        days, _, hours = text.rpartition(" ") if ":" in text else (text, "", "00:00-24:00")
        starts, ends = (int(each[:2]) * 60 + int(each[3:]) for each in hours.split("-"))
        named = [DAYS.index(day) for day in days.split(",")] if days else range(7)
        found |= np.isin(stamps.day_of_week, named) & (minutes >= starts) & (minutes < ends)
    for text in rule.yearly:
        first, _, last = text.replace("-", "").partition("/")
        found |= within(stamps, int(first), int(last or first))
    for code in rule.holidays:
        found |= off(code, stamps)
    return found


@st.composite
def tables(draw: st.DrawFn) -> Rows:
    """Days of two or three years, or hours of some weeks; one to three series."""
    daily = draw(st.booleans())
    freq = "D" if daily else draw(st.sampled_from(["h", "30min", "6h"]))
    first = pd.Timestamp(2020, 1, 1) + pd.Timedelta(days=draw(st.integers(0, 200)))
    days = draw(st.integers(400, 1000) if daily else st.integers(30, 200 if freq == "6h" else 60))
    every = pd.date_range(first, first + pd.Timedelta(days=days), freq=freq, inclusive="left")
    hours = (0, 24) if daily else draw(st.sampled_from([(0, 24), (6, 18), (9, 17), (8, 24)]))
    rows = Rows(
        frame=pd.DataFrame(),
        freq=freq,
        weekdays=draw(st.frozensets(st.integers(0, 6), max_size=4)),
        hours=hours,
        breaks=draw(st.lists(st.sampled_from(BREAKS), max_size=2, unique=True).map(tuple)),
        calendar=draw(st.sampled_from([None, *CALENDARS])) if daily else None,
    )
    rng = np.random.default_rng(draw(st.integers(0, 2**32)))
    gaps = draw(st.sampled_from([0.0, 0.0, 0.005, 0.03, 0.1]))
    stamps = every[~rows.closed(every)]
    lost = draw(st.sampled_from([0, 0, 3, 8, 15]))  # steps of an outage, in all series
    out = int(rng.integers(1, len(stamps) - lost - 1))
    stamps = stamps.delete(slice(out, out + lost))
    parts: list[pd.DataFrame] = []
    for name in draw(st.sampled_from([("a",), ("a", "b"), ("a", "b", "c")])):
        start = int(rng.integers(0, max(1, len(stamps) // 3))) if parts else 0
        own = stamps[start:][rng.random(len(stamps) - start) >= gaps]
        sold = (20 + 3 * np.sin(np.arange(len(own))) + rng.random(len(own))).round(3)
        parts.append(pd.DataFrame({"shop": name, "when": own, "sold": sold}))
    return replace(rows, frame=pd.concat(parts))


def outcome(rows: Rows, path: Path) -> str:
    rows.frame.to_csv(path, index=False)
    found = read(path)
    if found is None:
        return REFUSED
    if not isinstance(found, Read):
        return ASKED
    require_rows(rows, found)
    require_closed(rows, found)
    return EQUAL


def require_rows(rows: Rows, found: Read) -> None:
    """Each row is there, and nothing else but steps that had none."""
    values = found.values
    one = found.data.series_id is None
    ids = [found.panel.layout.ids[0]] * len(rows.frame) if one else rows.frame["shop"]
    written = dict(zip(zip(ids, rows.frame["when"], strict=True), rows.frame["sold"], strict=True))
    assert len(written) == len(rows.frame)
    assert all(values[key] == value for key, value in written.items())


def require_closed(rows: Rows, found: Read) -> None:
    """What the config closes is closed in truth, and forecasts go on with what it leaves open."""
    grid, rule = found.panel.layout.grid, found.data.closed
    stamps = pd.DatetimeIndex(rows.frame["when"])
    first, last = stamps.min(), stamps.max()
    every = pd.date_range(first, last, freq=rows.freq)
    closed = closed_by(rule, every)
    wrong = closed & ~rows.closed(every)
    assert not wrong.any(), (rule, every[wrong][:5])
    if found.data.freq != rows.freq:
        return  # B, or a multiple of the steps, as only every second is open
    ordinals = grid.ordinals(ticks_of(stamps, freq=grid.freq))
    ahead = grid.stamps(ordinals.max() + 1 + np.arange(AHEAD))
    later = pd.date_range(last, ahead[-1], freq=rows.freq)[1:]
    assert list(ahead) == list(later[~closed_by(rule, later)])


def test_no_row_is_lost_nothing_open_is_closed_and_forecasts_go_on_with_open_steps() -> None:
    require_law(tables(), outcome, least_equal=0.5)


@pytest.mark.parametrize(("code", "gap"), [("BR", "2021-03-06"), ("US", "2021-02-12")])
def test_a_day_that_is_missing_once_makes_no_holiday_of_a_part_of_a_country(
    tmp_path: Path, code: str, gap: str
) -> None:
    """It is one somewhere in the country, on the dates of this table."""
    every = pd.date_range("2020-06-01", "2021-08-31")
    stamps = every[~off(code, every)].drop([pd.Timestamp(gap)])
    frame = pd.DataFrame({"when": stamps, "sold": np.arange(len(stamps)) % 7 + 0.5})
    frame.to_csv(tmp_path / "t.csv", index=False)
    found = read(tmp_path / "t.csv")
    assert isinstance(found, Read)
    assert not closed_by(found.data.closed, pd.DatetimeIndex([gap])).any()
    assert closed_by(found.data.closed, every[off(code, every)]).all()
