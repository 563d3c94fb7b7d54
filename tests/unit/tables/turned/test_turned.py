"""Tables that are turned round, in other spellings than those of the shared cases: what is written
comes back equal, or is refused with a place.
"""

import re
import tempfile
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
from hypothesis import given, settings
from hypothesis import strategies as st

from lstm_forecast.config.table import DataConfig
from lstm_forecast.errors import DataError
from lstm_forecast.panel.survey import read_described
from lstm_forecast.tables.first_look import Given, first_look
from lstm_forecast.tables.source import Source, given_source
from lstm_forecast.tables.stamps.month_names import month_names

PLACE = re.compile(r"t\.(?:de\.)?csv:\d+|t\.parquet, (?:row|header)|the frame, (?:row|header)")
Stamps = pd.DatetimeIndex | pd.Index
Long = dict[tuple[str, Any], float]  # by series and stamp; NaN is a missing value


def described(source: Source, **said: Any) -> DataConfig:
    return first_look(source, Given(**said)).data


def read_back(source: Source, **said: Any) -> Long:
    """The values of the table by the config that a first look makes."""
    data = described(source, **said)
    assert data.layout in ("wide", "calendar")
    frame = read_described(data, source).frame
    ids = [""] * len(frame) if data.series_id is None else frame[data.series_id].tolist()
    (target,) = data.targets
    stamps = frame[" ".join(data.stamp_columns)].tolist()
    keys = list(zip(map(str, ids), stamps, strict=True))
    assert len(set(keys)) == len(keys)
    return dict(zip(keys, frame[target].tolist(), strict=True))


def long_of(series: dict[str, Sequence[float]], stamps: Stamps) -> Long:
    """The rows that series have: those between their first and their last value."""
    rows: Long = {}
    for name, values in series.items():
        given_at = np.flatnonzero(~np.isnan(values))
        for k in range(given_at[0], given_at[-1] + 1) if len(given_at) else ():
            rows[name, stamps[k]] = values[k]
    return rows


def same(found: Long, expected: Long) -> bool:
    return found.keys() == expected.keys() and bool(
        np.array_equal(list(found.values()), [expected[key] for key in found], equal_nan=True)
    )


def plain(stamps: pd.DatetimeIndex, style: str) -> list[str]:
    """Stamps by a format, their months and days without zeros in front."""
    return [re.sub(r"\b0(?=\d/)", "", stamp.strftime(style)) for stamp in stamps]


def by(style: str) -> Callable[[pd.DatetimeIndex], list[str]]:
    return lambda stamps: stamps.strftime(style).tolist()


# Spellings of stamps in a header, by how far they are apart.
HEADERS: dict[str, list[Callable[[Any], list[str]]]] = {
    "D": [
        by("%Y-%m-%d"), by("%d.%m.%Y"), by("%Y%m%d"), by("X%Y.%m.%d"), by("%b %d, %Y"),
        by("%d %B %Y"), by("sales_%Y-%m-%d"), lambda stamps: plain(stamps, "%m/%d/%y"),
    ],
    "MS": [by("%Y-%m"), by("%b-%y"), by("%B %Y"), by("%Y%m"), by("%m/%Y"), by("M %Y-%m")],
    "QS": [
        lambda stamps: [f"{each.year}Q{each.quarter}" for each in stamps],
        lambda stamps: [f"Q{each.quarter} {each.year}" for each in stamps],
    ],
    "h": [by("%Y-%m-%d %H:%M"), by("%d.%m.%Y %H:%M")],
    "steps": [
        lambda steps, before=before: [f"{before}{step}" for step in steps]
        for before in ("d_", "V", "t+", "T", "", "Week ", "x")
    ],
}  # fmt: skip
NAMES = ("north", "süd", "7", "a b")


@st.composite
def wide_tables(draw: st.DrawFn) -> tuple[pd.DataFrame, Long]:
    """A table with a row for each series, its ends ragged and with holes, and its values."""
    freq = draw(st.sampled_from(list(HEADERS)))
    n = draw(st.integers(3, 40))
    first = draw(st.dates(pd.Timestamp("1990-01-01").date(), pd.Timestamp("2024-12-31").date()))
    stamps: Stamps = (
        pd.RangeIndex(first.day, first.day + n)
        if freq == "steps"
        else pd.date_range(first, periods=n, freq=freq)
    )
    names = draw(st.lists(st.sampled_from(NAMES), min_size=2, max_size=4, unique=True))
    values = st.one_of(st.just(np.nan), st.integers(-50, 5000), st.floats(-9, 9, width=16))
    lists = st.lists(values, min_size=n, max_size=n)
    series = {name: [float(each) for each in draw(lists)] for name in names}
    series[names[0]][0] = 1.25  # a table without any value is none
    header = draw(st.sampled_from(HEADERS[freq]))(stamps)
    frame = pd.DataFrame([series[name] for name in names], columns=header)
    frame.insert(draw(st.sampled_from([0, n])), "shop", names)
    if draw(st.booleans()):
        frame.insert(0, "region", "west")
    return frame, long_of(series, stamps)


MONTHS = pd.date_range("2001-01-01", periods=12, freq="MS")
CALENDARS: dict[str, list[list[str]]] = {
    "MS": [
        [f"{month:%b}" for month in MONTHS], [f"{month:%B}".upper() for month in MONTHS],
        [str(month) for month in range(1, 13)], [f"{month:02}" for month in range(1, 13)],
        [f"M{month:02}" for month in range(1, 13)], [f"Month {k}" for k in range(1, 13)],
        *(list(month_names(each, short=False)) for each in ("de", "fr", "es", "fi", "tr")),
        list(month_names("pl", short=True)),
    ],
    "QS": [[f"Q{k}" for k in range(1, 5)], [f"Quartal {k}" for k in range(1, 5)]],
    "h": [
        [str(k) for k in range(24)], [f"{k:02}:00" for k in range(24)],
        [f"h{k}" for k in range(24)], [f"{pd.Timestamp(2020, 1, 1, k):%I %p}" for k in range(24)],
        [f"{k:02}:00:00" for k in range(24)], [f"{k:02}00" for k in range(24)],
    ],
    "30min": [[f"{k // 2}:{k % 2 * 30:02}" for k in range(48)]],
    "15min": [[f"{k // 4:02}:{k % 4 * 15:02}" for k in range(96)]],
}  # fmt: skip


@st.composite
def calendars(draw: st.DrawFn) -> tuple[pd.DataFrame, Long]:
    """A table with the parts of stamps in its header, and its values."""
    freq = draw(st.sampled_from(list(CALENDARS)))
    header = draw(st.sampled_from(CALENDARS[freq]))
    of_year = freq in ("MS", "QS")
    n_rows = draw(st.integers(2, 5))
    stamps = pd.date_range("2011-05-16" if not of_year else "1998", periods=1, freq="D")
    stamps = pd.date_range(stamps[0], periods=n_rows * len(header), freq=freq)
    style = "%Y" if of_year else draw(st.sampled_from(["%Y-%m-%d", "%d.%m.%Y", "%Y%m%d"]))
    rows = stamps[:: len(header)].strftime(style).tolist()
    column = draw(st.sampled_from(["Year", "year"] if of_year else ["date", "Day"]))
    names = draw(st.sampled_from([[""], ["oslo"], ["oslo", "rome", "lima"]]))
    size = len(stamps)
    lists = st.lists(st.one_of(st.just(np.nan), st.integers(0, 500)), min_size=size, max_size=size)
    series = {name: [float(each) for each in draw(lists)] for name in names}
    series[names[0]][1] = 4.5
    frames = [
        pd.DataFrame(np.reshape(series[name], (n_rows, -1)), columns=header).assign(
            **{column: rows}, station=name
        )
        for name in names
    ]
    frame = pd.concat(frames, ignore_index=True)
    beside = [column] if names == [""] else ["station", column]
    if len(names) == 1:  # one station needs no key
        series = {"": series[names[0]]}
    frame = frame[[*beside, *header]]
    if draw(st.booleans()):
        frame["Total"] = frame[header].sum(axis=1, skipna=False)
    if draw(st.booleans()):
        frame = frame[::-1]
    return frame, long_of(series, stamps)


def written(frame: pd.DataFrame, folder: str, kind: str) -> Source:
    """The table in a file, or as it is."""
    if kind == "frame":
        return given_source(frame.reset_index(drop=True))
    path = Path(folder) / f"t.{kind}"
    if kind == "csv":
        frame.to_csv(path, index=False)
    elif kind == "de.csv":
        frame.to_csv(path, index=False, sep=";", decimal=",")
    else:
        frame.to_parquet(path, index=False)
    return path


def require_back_or_refused(frame: pd.DataFrame, expected: Long, kind: str) -> None:
    with tempfile.TemporaryDirectory() as folder:
        try:
            found = read_back(written(frame, folder, kind))
        except DataError as error:
            assert PLACE.search(str(error))
            return
    assert same(found, expected)


@settings(max_examples=60, deadline=None)
@given(table=wide_tables(), kind=st.sampled_from(["csv", "de.csv", "parquet", "frame"]))
def test_a_row_of_each_series_comes_back_or_is_refused_with_a_place(
    table: tuple[pd.DataFrame, Long], kind: str
) -> None:
    require_back_or_refused(*table, kind)


@settings(max_examples=60, deadline=None)
@given(table=calendars(), kind=st.sampled_from(["csv", "de.csv", "parquet", "frame"]))
def test_a_calendar_comes_back_or_is_refused_with_a_place(
    table: tuple[pd.DataFrame, Long], kind: str
) -> None:
    require_back_or_refused(*table, kind)
