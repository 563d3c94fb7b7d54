"""Cells to time stamps by formats, one or several that may fit, and what is said of cells that none
fits.
"""

import re
from collections.abc import Iterable, Mapping, Sequence
from typing import Any, Literal

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from lstm_forecast.config.stamp_format import STEPS
from lstm_forecast.errors import DataError
from lstm_forecast.tables.faults import rows_told
from lstm_forecast.tables.read import Table
from lstm_forecast.tables.stamps.formats import is_beyond_strptime, parts_of, stamps_by
from lstm_forecast.tables.stamps.guesses import guesses, is_day_of_month
from lstm_forecast.tables.stamps.languages import language_remedy
from lstm_forecast.tables.stamps.likely import likely
from lstm_forecast.tables.stamps.numbers import numbered_stamps, units_of
from lstm_forecast.tables.stamps.period_checks import absent_period, require_equal_days
from lstm_forecast.tables.stamps.periods_of_day import period_in
from lstm_forecast.tables.stamps.second_hours import second_hour_problem
from lstm_forecast.tables.stamps.times_alone import are_times_alone, times_alone
from lstm_forecast.tables.stamps.weeks import week_53_remedy
from lstm_forecast.tables.stamps.zones import letter_offsets, letter_readings

__all__ = [
    "ISO", "STEP", "only_reading", "parse_numbers", "parse_text", "readings_of", "refuse_rows",
    "unread",
]  # fmt: skip

ISO = "ISO8601"
OF_A_YEAR = r"(?:1[5-9]|20)\d\d(?!\d)"  # what is in stamps of any period
STEP = r"[+-]?\d{1,18}"
# 02.01. and Mon 2 January
DAY_WITHOUT_YEAR = r"(?:[^\W\d]+,? )?(?:\d\d?[./ -]+(?:\d\d?|[^\W\d]{3,})|[^\W\d]{3,}\.? \d\d?)\.?"
EXAMPLE = "'%d.%m.%Y %H:%M' for 31.01.2024 18:00, with %* for what is not to be read"


def parse_text(
    table: Table,
    cells: pd.Series,
    column: str,
    timestamp_format: str | None,
    timezone: str | None = None,
    *,
    tried: Sequence[str] = (),
) -> tuple[str, pd.DatetimeIndex]:
    """The format of the cells, which is looked for if it is not given, and what they say.

    Raises DataError where they say nothing, or one thing or another; formats that were ``tried``
    are named then.
    """
    styles = [timestamp_format or ISO]
    readings = readings_of(table, cells, column, styles, timezone)
    if not readings and timestamp_format is None:
        distinct = cells.drop_duplicates()
        styles += guesses(distinct, column)
        _refuse_days_without_year(table, cells, column, distinct, styles[1:])
        readings = readings_of(table, cells, column, styles[1:], timezone)
    if not readings:
        raise _unreadable(table, cells, column, [*styles, *tried], timestamp_format, timezone)
    return only_reading(table, cells, column, readings)


def parse_numbers(table: Table, cells: pd.Series, column: str, unit: str) -> pd.Index:
    """Stamps that are numbers of a ``unit``, or whole numbers of steps.

    Raises DataError with the place of the first cell that is no such number.
    """
    moments = None if unit == STEPS else numbered_stamps(unit, cells)
    bad = ~cells.astype("str").str.fullmatch(STEP) if moments is None else moments.isna()
    received = str(cells.iloc[int(np.argmax(bad))])
    expected = f"a number as of data.timestamp_format: {unit}"
    refuse_rows(table, column, bad, f"expected {expected}, received {received!r}")
    return pd.Index(cells.astype("int64")) if moments is None else moments


def readings_of(
    table: Table, cells: pd.Series, column: str, styles: Iterable[str], timezone: str | None = None
) -> dict[str, pd.DatetimeIndex]:
    """Stamps by the styles that fit all cells.

    Raises DataError where some have an offset and others none, or letters of several zones.
    """
    readings = {}
    for style in styles:
        found = None if is_beyond_strptime(style) else _by_pandas(table, cells, column, style)
        if found is None and style != ISO:
            found = _by_format(table, cells, column, style, timezone)
        if found is not None:
            readings[style] = found
    return readings


def only_reading(
    table: Table, cells: pd.Series, column: str, readings: Mapping[str, pd.DatetimeIndex]
) -> tuple[str, pd.DatetimeIndex]:
    """The one reading that there is, or the one by which alone the stamps are regular or in order.

    Raises DataError where another one says something else.
    """
    readings = likely(readings, cells)
    (style, stamps), *others = readings.items()
    for other, there in others:
        if style.startswith("%Y") and other.startswith("%Y") and "%d" in other:
            continue  # behind a year the month comes first, as in ISO 8601
        differ = np.asarray(stamps.tz_localize(None) != there.tz_localize(None))
        row = int(differ.argmax())
        problem = f"{cells.iloc[row]!r} may be {stamps[row]} or {there[row]}"
        if {"%m", "%d"} <= set(re.findall("%.", style)) & set(re.findall("%.", other)):
            problem = f"{cells.iloc[row]!r} may have the month or the day first"
        remedy = f"; set data.timestamp_format: {' or '.join(map(repr, readings))}"
        refuse_rows(table, column, differ, problem, remedy)
    return style, stamps


def refuse_rows(table: Table, column: str, bad: Any, problem: str, remedy: str = "") -> None:
    """Raise DataError for the first ``bad`` row, if there is one."""
    rows = np.flatnonzero(bad)
    if len(rows):
        raise DataError(
            f"{table.place(int(rows[0]))}: column {column}: {problem}"
            f" ({rows_told(len(rows))}){remedy}"
        )


def unread(cells: pd.Series, style: str) -> NDArray[np.bool_]:
    """Which cells a style does not fit.

    Raises ValueError for what is no format.
    """
    if not is_beyond_strptime(style):
        bad = _strptime(cells, style, errors="coerce", utc=True).isna().to_numpy()
        if style == ISO or not bad.any():
            return np.asarray(bad)
    try:
        return np.asarray(_distinctly(cells, style, None).isna())
    except ValueError:
        if is_beyond_strptime(style):
            raise
        return np.asarray(bad)


def _strptime(
    cells: pd.Series, style: str, *, utc: bool, errors: Literal["raise", "coerce"] = "raise"
) -> pd.Series:
    """What pandas reads by a format.

    Raises ValueError for what is no format, and unless told otherwise for what does not fit.
    """
    try:
        return pd.to_datetime(cells, format=style, utc=utc, errors=errors)
    except re.error as error:  # of a directive that is there twice
        raise ValueError(f"{style!r}: {error}") from None


def _by_pandas(table: Table, cells: pd.Series, column: str, style: str) -> pd.DatetimeIndex | None:
    """Stamps by a style of strptime; None where it does not fit all cells."""
    for utc in (False, True):
        try:
            return pd.DatetimeIndex(_strptime(cells, style, utc=utc))
        except ValueError as error:
            if "Mixed timezones" not in str(error):
                break
        if style == ISO:  # another Z makes all but the naive ones unreadable
            naive = _strptime(cells + "Z", style, utc=True, errors="coerce").notna()
            refuse_rows(table, column, naive, "no offset, where other stamps have one")
    return None


def _by_format(
    table: Table, cells: pd.Series, column: str, style: str, timezone: str | None
) -> pd.DatetimeIndex | None:
    """Stamps by a format of ours; None where it does not fit all cells."""
    try:
        if timezone is None:
            require_equal_days(table, cells, column, style)
        stamps = _distinctly(cells, style, timezone)
    except ValueError:
        return None
    if not stamps.hasnans:
        return stamps
    if "%Z" in style:
        _refuse_letters(table, cells, column, style, timezone)
    return None


def _distinctly(cells: pd.Series, style: str, timezone: str | None) -> pd.DatetimeIndex:
    """Stamps by a format of ours, each text read once."""
    codes, distinct = pd.factorize(cells)
    stamps, _ = stamps_by(style, pd.Series(distinct, dtype="str"), timezone=timezone)
    return stamps.take(codes)


def _refuse_letters(
    table: Table, cells: pd.Series, column: str, style: str, timezone: str | None
) -> None:
    """Raise DataError for letters behind stamps that mean several zones."""
    letters = parts_of(style, cells)["Z"].str.upper()
    given = set(letters.dropna().unique())
    known = letter_offsets(given, timezone)
    for each in sorted(given - known.keys()):
        if zones := letter_readings(each):
            meant = " or ".join(f"{zone} ({_offset(ahead)})" for zone, ahead in zones.items())
            bad = (letters == each).fillna(False)
            literal = style.replace("%Z", each)
            refuse_rows(
                table,
                column,
                bad,
                f"{each} behind a stamp may be that of {meant}",
                f"; set data.timezone: {' or '.join(zones)}, or data.timestamp_format:"
                f" {literal!r} for stamps without a zone",
            )


def _offset(hours: float) -> str:
    return f"{'-' if hours < 0 else '+'}{int(abs(hours)):02}:{int(abs(hours) % 1 * 60):02}"


def _refuse_days_without_year(
    table: Table, cells: pd.Series, column: str, distinct: pd.Series, styles: Sequence[str]
) -> None:
    """Raise DataError for texts like Jan-01 that may be months of a year or days of a month."""
    for style in styles:
        if is_day_of_month(distinct, style):
            refuse_rows(
                table,
                column,
                np.ones(len(cells), bool),
                f"{cells.iloc[0]!r} may be a month of a year, or a day without its year",
                f"; set data.timestamp_format: {style!r} for months, or write days with their year",
            )


def _unreadable(
    table: Table,
    cells: pd.Series,
    column: str,
    styles: list[str],
    timestamp_format: str | None,
    timezone: str | None,
) -> DataError:
    try:
        bad = np.flatnonzero(min((unread(cells, style) for style in styles), key=np.count_nonzero))
    except ValueError as error:
        return DataError(f"data.timestamp_format: {error}")
    if not len(bad):
        style = next(style for style in styles if not unread(cells, style).any())
        return absent_period(table, cells, column, style, timezone)
    if timezone and (found := next((each for each in styles if _has_periods(each, cells)), None)):
        return absent_period(table, cells, column, found, timezone)
    received = f"received {cells.iloc[bad[0]]!r} ({rows_told(len(bad))})"
    place = f"{table.place(int(bad[0]))}: column {column}: expected"
    if problem := second_hour_problem(cells.iloc[bad], cells):
        return DataError(place.removesuffix("expected") + problem)
    if timestamp_format:
        remedy = language_remedy(cells, timestamp_format)
        if "%d" not in timestamp_format and cells.iloc[bad].str.contains(OF_A_YEAR).all():
            remedy = remedy or "; set data.other_stamps: skip, which leaves such rows out"
        return DataError(f"{place} a stamp like {timestamp_format}, {received}{remedy}")
    others = [style for style in styles[1:] if not re.match("%Y-%[md]-", style)]
    tried = " or ".join(["ISO 8601 (2024-01-31 18:00)", *map(repr, others)])
    remedy = _remedy(cells, column, cells.iloc[bad], styles)
    return DataError(f"{place} a time stamp by {tried}, {received}; {remedy}")


def _has_periods(style: str, cells: pd.Series) -> bool:
    """Whether all cells are dates with the number of a period, whether or not there is such one."""
    return period_in(style) is not None and bool(parts_of(style, cells).notna().all(axis=None))


def _remedy(cells: pd.Series, column: str, wrong: pd.Series, styles: list[str]) -> str:
    """What to do about ``wrong`` cells that none of the ``styles`` that were tried fits."""
    if units := units_of(cells, column):
        return f"set data.timestamp_format: {' or '.join(units)}"
    if are_times_alone(cells):
        return times_alone(str(cells.iloc[0]))
    if cells.str.fullmatch(DAY_WITHOUT_YEAR).all():
        return "write their year into the table"
    if len(wrong) == len(cells):
        return f"set data.timestamp_format to how they are written, such as {EXAMPLE}"
    if other_weeks := week_53_remedy(wrong, styles):
        return other_weeks
    other = [style for style in guesses(wrong.drop_duplicates(), column) if style not in styles]
    also = f", as all rows need one format, and {other[0]!r} fits this one" if other else ""
    return f"correct them{also}"
