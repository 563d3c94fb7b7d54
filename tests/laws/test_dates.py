"""Dates x frequency x layout: stamps in any spelling that the guide names are read as the same
stamps, or asked about, or refused with a place.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

import numpy as np
import pandas as pd
from hypothesis import strategies as st
from numpy.typing import NDArray

from lstm_forecast.tables.stamps.month_names import LANGUAGES, month_names
from tests.laws.law import ASKED, EQUAL, REFUSED, Read, Values, read, require_law

Stamps = pd.DatetimeIndex
Columns = Mapping[str, Any]  # by name, the cells of stamps
Flags = NDArray[np.bool_]
Spelling = Callable[[Stamps], Columns]


@dataclass(frozen=True)
class Rows:
    """A table as it is written, and the values that it holds."""

    frame: pd.DataFrame
    values: Values


def one(style: str, name: str = "date") -> Spelling:
    """Stamps in one column."""
    return lambda stamps: {name: stamps.strftime(style)}


def parts(**styles: str) -> Spelling:
    """Parts of stamps in columns; a - before a directive leaves zeros off."""
    return lambda stamps: {
        name: [plain(stamp.strftime(style.replace("-", ""))) for stamp in stamps]
        if style.startswith("-")
        else stamps.strftime(style)
        for name, style in styles.items()
    }


def plain(text: str) -> str:
    return text.lstrip("0") or "0"


def without_zeros(style: str) -> Spelling:
    """1/2/24 instead of 01/02/24."""
    return lambda stamps: {
        "date": [stamp.strftime(style).replace("/0", "/").removeprefix("0") for stamp in stamps]
    }


def quarters(style: str) -> Spelling:
    return lambda stamps: {
        "period": [style.format(year=each.year, quarter=each.quarter) for each in stamps]
    }


def named(language: str, style: str, *, short: bool) -> Spelling:
    """The name of the month in a language, beside a year and perhaps a day."""
    names = month_names(language, short=short, day="{day}" in style)
    return lambda stamps: {
        "when": [
            style.format(day=each.day, month=names[each.month - 1], year=each.year)
            for each in stamps
        ]
    }


def numbers(unit: Literal["s", "ms", "us", "ns"]) -> Spelling:
    return lambda stamps: {"time": stamps.as_unit(unit).asi8}


def zoned(zone: str, style: str) -> Spelling:
    """Local times of a zone, with their letters or their offset behind them; the stamps are UTC."""
    return lambda stamps: {"stamp": stamps.tz_localize("UTC").tz_convert(zone).strftime(style)}


def excel(stamps: Stamps) -> Columns:
    return {"date": (stamps - pd.Timestamp("1899-12-30")) // pd.Timedelta("1D")}


def hour_24(stamps: Stamps) -> Columns:
    """Hours that are called by their end."""
    day = (stamps - pd.Timedelta("1h")).normalize()
    hours = (stamps - day) // pd.Timedelta("1h")
    texts = zip(day.strftime("%Y-%m-%d"), hours, strict=True)
    return {"date": [f"{date} {hour:02}:00" for date, hour in texts]}


def spans(date: str, clock: str, between: str = "-") -> Spelling:
    """Hours from their begin to their end, behind the date or in a column of their own."""

    def written(stamps: Stamps) -> Columns:
        ends = (stamps + pd.Timedelta("1h")).strftime(clock)
        slots = [f"{a}{between}{b}" for a, b in zip(stamps.strftime(clock), ends, strict=True)]
        if date.endswith(" "):
            return {"slot": stamps.strftime(date) + slots}
        return {"Datum": stamps.strftime(date), "Intervall": slots}

    return written


def half_hours(stamps: Stamps) -> Columns:
    """Half hours by their number within the day."""
    numbers = (stamps - stamps.normalize()) // pd.Timedelta("30min") + 1
    return {"SETTLEMENT_DATE": stamps.strftime("%d-%b-%Y"), "SETTLEMENT_PERIOD": numbers}


MONTHS = [
    named(language, style, short=short)
    for language in LANGUAGES
    for style in ("{month} {year}", "{month}-{year}")
    for short in (False, True)
]
NAMED_DAYS = [
    named(language, style, short=short)
    for language in LANGUAGES
    for style in ("{day}. {month} {year}", "{day} {month} {year}")
    for short in (False, True)
]
DAYS = [
    *map(one, (
        "%Y-%m-%d", "%d.%m.%Y", "%d/%m/%Y", "%m/%d/%Y", "%Y/%m/%d", "%Y%m%d", "%d-%b-%Y",
        "%b %d, %Y", "%d %B %Y", "%A, %d %B %Y", "%d.%m.%y", "%m/%d/%y", "%d/%m/%y", "%y-%m-%d",
        "%d-%b-%y", "%Y-%m-%d 00:00:00", "%Y-%m-%dT00:00:00Z", "%d.%m.%Y 00:00",
    )),
    *map(without_zeros, ("%m/%d/%Y", "%d/%m/%Y", "%m/%d/%y", "%d/%m/%y")),
    parts(year="%Y", month="-%m", day="-%d"), parts(Year="%Y", Month="%m", Day="%d"),
    parts(date="%Y-%m-%d", time="%H:%M"), parts(Date="%d.%m.%Y", Time="%H:%M:%S"),
    numbers("s"), numbers("ms"), excel,
]  # fmt: skip
HOURS = [
    *map(one, (
        "%Y-%m-%d %H:%M", "%Y-%m-%dT%H:%M:%S", "%d.%m.%Y %H:%M", "%d/%m/%Y %H:%M",
        "%m/%d/%Y %I:%M %p", "%m/%d/%y %H:%M", "%Y%m%d %H:%M", "%d-%b-%Y %H:%M:%S",
        "%d.%m.%Y %H.%M", "%Y-%m-%d %H:%M:%S UTC", "%Y-%m-%dT%H:%M:%S.000Z", "%b %d, %Y %I:%M %p",
    )),
    parts(date="%Y-%m-%d", time="%H:%M"), parts(Date="%d.%m.%Y", Time="%H:%M:%S"),
    spans("%Y-%m-%d ", "%H:%M"), spans("%d.%m.%Y ", "%H:%M", " - "), spans("%Y-%m-%d", "%Hh"),
    spans("%d/%m/%Y", "%H:%M"), spans("%d.%m.%Y", "%I %p", " - "), spans("%Y-%m-%d", "%-H"),
    numbers("s"), numbers("ms"), numbers("us"), numbers("ns"),
    *(
        zoned(zone, style)
        for zone in ("Europe/Berlin", "America/New_York", "Asia/Kolkata", "Australia/Sydney")
        for style in ("%Y-%m-%d %H:%M:%S%z", "%d.%m.%Y %H:%M %Z")
    ),
]  # fmt: skip
# How stamps of each frequency may be written.
SPELLINGS: dict[str, list[Spelling]] = {
    "D": [*DAYS, *NAMED_DAYS],
    "B": DAYS,
    "W-MON": [
        *DAYS, *map(one, ("%G-W%V", "W%V %G", "%G W%V", "%G%V", "%G-W%V-1", "KW %V/%G")),
        parts(year="%G", week="-%V"), parts(Jahr="%G", KW="%V"),
    ],
    "W-SUN": [*DAYS, *NAMED_DAYS],
    "MS": [
        *DAYS, *MONTHS, *NAMED_DAYS,
        *map(one, ("%Y-%m", "%b-%y", "%B %Y", "%Y%m", "%m/%Y", "%b %Y", "%YM%m", "%Y/%m")),
        parts(year="%Y", month="-%m"), parts(Year="%Y", Month="%B"), parts(year="%Y", month="%b"),
    ],
    "ME": [*DAYS, *NAMED_DAYS],
    "MS-15": DAYS,
    "QS": [
        *DAYS, *MONTHS,
        *map(quarters, ("{year}Q{quarter}", "Q{quarter} {year}", "{year}-Q{quarter}",
                        "{quarter}. Quartal {year}")),
        lambda stamps: {"year": stamps.year, "quarter": stamps.quarter},
        lambda stamps: {"year": stamps.year, "quarter": [f"Q{each}" for each in stamps.quarter]},
    ],
    "h": [*HOURS, hour_24, parts(date="%Y-%m-%d", hour="-%H"),
          parts(year="%Y", month="-%m", day="-%d", hour="-%H")],
    "30min": [*HOURS, half_hours],
    "15min": HOURS,
}  # fmt: skip
CALENDARS: dict[str, list[list[str]]] = {
    "MS": [
        [str(month) for month in range(1, 13)], [f"M{month:02}" for month in range(1, 13)],
        *(list(month_names(each, short=False)) for each in LANGUAGES),
        [name.upper() for name in month_names("en", short=True)],
    ],
    "QS": [[f"Q{k}" for k in range(1, 5)], [f"Quartal {k}" for k in range(1, 5)]],
    "h": [
        [str(k) for k in range(24)], [f"{k:02}:00" for k in range(24)],
        [f"h{k}" for k in range(24)], [f"{k:02}:00:00" for k in range(24)],
        [f"{k:02}h-{k + 1:02}h" for k in range(24)],
        [f"{k}:00 - {(k + 1) % 24}:00" for k in range(24)],
    ],
    "30min": [[f"{k // 2:02}:{k % 2 * 30:02}" for k in range(48)]],
}  # fmt: skip
MOST_HOLES = 2  # rows of a series that are left out of a table
# Frequencies of wide headers.
HEADERS = ("D", "W-SUN", "MS", "ME", "QS", "h")


@st.composite
def tables(draw: st.DrawFn) -> Rows:
    """Rows of one frequency in one spelling, whatever their layout."""
    layout = draw(st.sampled_from(["rows", "rows", "wide", "calendar"]))
    if layout == "calendar":
        return calendar(draw)
    freq = draw(st.sampled_from(HEADERS if layout == "wide" else list(SPELLINGS)))
    stamps = stamps_of(freq, draw(st.dates(*RANGE)), draw(st.integers(12, 60)))
    written = draw(st.sampled_from(SPELLINGS[freq]))(stamps)
    names = draw(st.sampled_from([("",), ("north", "süd")]))
    table = {name: values_of(len(stamps), k) for k, name in enumerate(names)}
    if layout == "wide":
        return wide(written, stamps, table)
    kept = np.ones(len(stamps), bool)
    holes = draw(st.lists(st.integers(1, len(stamps) - 2), max_size=MOST_HOLES))
    kept[holes] = False
    return rows(written, stamps, table, kept=kept)


RANGE = (pd.Timestamp("1995-01-01").date(), pd.Timestamp("2024-06-30").date())


def stamps_of(freq: str, first: Any, count: int) -> Stamps:
    if freq == "MS-15":
        return pd.date_range(first, periods=count, freq="MS") + pd.Timedelta(days=14)
    return pd.date_range(first, periods=count, freq=freq).as_unit("us")


def values_of(count: int, series: int) -> list[float]:
    """Numbers of which each stands for its place."""
    return [round(20.25 + 100 * series + k % 7 + k / 64, 4) for k in range(count)]


def long_of(stamps: Stamps, series: Mapping[str, list[float]]) -> Values:
    return {
        (name, stamp): value
        for name, values in series.items()
        for stamp, value in zip(stamps, values, strict=True)
    }


def rows(
    written: Columns, stamps: Stamps, series: Mapping[str, list[float]], *, kept: Flags
) -> Rows:
    """A row for each series and stamp that is kept."""
    frames = [
        pd.DataFrame({**written, "shop": name, "sold": values})[kept]
        for name, values in series.items()
    ]
    frame = pd.concat(frames)
    values = long_of(stamps, series)
    gone = set(stamps[~kept])
    values = {key: value for key, value in values.items() if key[1] not in gone}
    return Rows(frame if len(series) > 1 else frame.drop(columns="shop"), values)


def wide(written: Columns, stamps: Stamps, series: Mapping[str, list[float]]) -> Rows:
    """A row for each series, the stamps in the header."""
    header = [" ".join(map(str, cells)) for cells in zip(*written.values(), strict=True)]
    frame = pd.DataFrame(list(series.values()), columns=header)
    frame.insert(0, "shop", [name or "all" for name in series])
    return Rows(frame, long_of(stamps, {name or "all": each for name, each in series.items()}))


def calendar(draw: st.DrawFn) -> Rows:
    """A row for each year or day, the months, quarters or hours in the header."""
    freq = draw(st.sampled_from(list(CALENDARS)))
    header = draw(st.sampled_from(CALENDARS[freq]))
    names = draw(st.sampled_from([("",), ("north", "süd", "a b")]))
    of_year = freq in ("MS", "QS")
    count = draw(st.integers(3, 6))
    first = draw(st.dates(*RANGE))
    first = first.replace(month=1, day=1) if of_year else first
    stamps = pd.date_range(first, periods=count * len(header), freq=freq).as_unit("us")
    styles = ["%Y"] if of_year else ["%Y-%m-%d", "%d.%m.%Y", "%Y%m%d", "%d %b %Y"]
    begins = stamps[:: len(header)].strftime(draw(st.sampled_from(styles)))
    series = {name: values_of(len(stamps), k) for k, name in enumerate(names)}
    frames = [
        pd.DataFrame(np.reshape(values, (count, -1)), columns=header).assign(station=name)
        for name, values in series.items()
    ]
    frame = pd.concat(frames, ignore_index=True)
    frame.insert(0, "Year" if of_year else "date", np.tile(begins, len(names)))
    return Rows(frame if len(names) > 1 else frame.drop(columns="station"), long_of(stamps, series))


def outcome(rows: Rows, path: Path) -> str:
    rows.frame.to_csv(path, index=False)
    found = read(path)
    if found is None:
        return REFUSED
    if not isinstance(found, Read):
        return ASKED
    require_same(rows, found)
    return EQUAL


def require_same(rows: Rows, found: Read) -> None:
    """Every value stands at its stamp, and what is beside them lies where no row was."""
    one = found.data.series_id is None
    values = {
        (
            "" if one else name,
            stamp.tz_convert("UTC").tz_localize(None) if stamp.tz else stamp,
        ): value
        for (name, stamp), value in found.values.items()
    }
    written = {("" if one else name, stamp): value for (name, stamp), value in rows.values.items()}
    assert len(written) == len(rows.values)
    differ = {key: value for key, value in written.items() if values.get(key) != value}
    assert not differ, (found.data, list(differ.items())[:3], list(values.items())[:3])
    names = len({name for name, _ in written})
    assert len(values) - len(written) <= names * MOST_HOLES


def test_stamps_are_read_as_they_were_written_or_asked_about_or_refused() -> None:
    require_law(tables(), outcome, least_equal=0.6)
