"""A column of time stamps, however written, to integers or a DatetimeIndex."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from lstm_forecast.config.stamp_format import STEPS
from lstm_forecast.tables.faults import SHOWN_PLACES, Finding
from lstm_forecast.tables.names import words_of
from lstm_forecast.tables.numbers.style import SAMPLED_CELLS
from lstm_forecast.tables.read import Table
from lstm_forecast.tables.stamps.digits import (
    are_rather_dates,
    date_in_digits,
    digit_styles,
    moment_in_digits,
)
from lstm_forecast.tables.stamps.eastern import require_common_era
from lstm_forecast.tables.stamps.formats import (
    is_beyond_strptime,
    is_known,
    parts_of,
    stamps_by,
    written_by,
)
from lstm_forecast.tables.stamps.guesses import (
    DIGITS_OF_DATE,
    DIGITS_OF_MONTH,
    DIGITS_OF_WEEK,
    NAMES_OF_WEEKS,
    guesses,
)
from lstm_forecast.tables.stamps.numbers import (
    COUNTERS,
    MICROSECONDS_OF,
    numbered_stamps,
    numbers_by,
    units_of,
)
from lstm_forecast.tables.stamps.parts import joined, part_of
from lstm_forecast.tables.stamps.period_checks import (
    require_every_day,
    require_hours_of_clocks,
)
from lstm_forecast.tables.stamps.periods import period_notes, periods
from lstm_forecast.tables.stamps.reading import (
    ISO,
    only_reading,
    parse_numbers,
    parse_text,
    readings_of,
    refuse_rows,
    unread,
)
from lstm_forecast.tables.stamps.several_periods import hold_several_periods
from lstm_forecast.tables.stamps.weeks import require_iso_weeks
from lstm_forecast.tables.stamps.zones import in_zone, zone_of_letters, zone_of_offsets

__all__ = [
    "DAYS_END_AT_24", "NO_STAMPS", "StampStyle", "find_style", "joined", "looks_like_time",
    "parse_stamps", "written_stamps", "zoned_stamps",
]  # fmt: skip

NO_STAMPS = ("", "nan", "NaN", "NaT")  # which pandas reads as stamps that are missing
SHORTEST_STAMP = 6  # characters
MOST_ODD_STAMPS = 0.1  # share of the first cells that are none in a column of stamps
OFFSET = r"(?<=\d)( ?[+-]\d\d:?\d\d)$"  # from UTC, behind a time of day
DAYS_END_AT_24 = "hour 24 is 0:00 of the next day"
HOUR_24 = r"[ T]24(?:\D|$)"  # it may be, or another number beside it


@dataclass(frozen=True)
class StampStyle:
    """How the stamps of a table are written, as keys of the config's section data."""

    format: str | None  # None where none is needed
    timezone: str | None = None  # that letters behind the stamps tell
    findings: tuple[Finding, ...] = ()  # what is worth knowing of the reading


def parse_stamps(
    table: Table, *, column: str, timestamp_format: str | None = None, timezone: str | None = None
) -> pd.DatetimeIndex | pd.Index:
    """Stamps of every row: an integer Index for step numbers, else a DatetimeIndex, aware if the
    data name a zone, by letters that may be those of a ``timezone``.

    Raises DataError with the place of the first cell that is not a stamp, or that is one day or
    another.
    """
    cells = table.frame[column]
    missing = cells.isna() | cells.isin(NO_STAMPS)
    remedy = "; set data.other_stamps: skip, which leaves rows without one out"
    refuse_rows(table, column, missing, "no time stamp", remedy)
    if timestamp_format is None and _whole_numbers(cells):
        return pd.Index(cells.astype("int64"))
    if isinstance(cells.dtype, pd.DatetimeTZDtype) or pd.api.types.is_datetime64_dtype(cells):
        return pd.DatetimeIndex(cells).as_unit("us")
    if timestamp_format == STEPS or timestamp_format in MICROSECONDS_OF:
        return parse_numbers(table, cells, column, timestamp_format)
    text = cells.astype("str")
    _, stamps = parse_text(table, text, column, timestamp_format, timezone)
    refuse_rows(table, column, stamps.isna(), "no time stamp")  # pandas reads nan as one
    return stamps.as_unit("us")


def zoned_stamps(
    table: Table,
    *,
    column: str,
    timestamp_format: str | None,
    series_columns: Sequence[str],
    timezone: str | None,
    dst: str,
) -> tuple[pd.DatetimeIndex | pd.Index, list[Finding]]:
    """Stamps of every row as ``parse_stamps`` gives them, and in a zone, if one is given, as
    ``in_zone`` does.

    Raises DataError as these do.
    """
    stamps = parse_stamps(
        table, column=column, timestamp_format=timestamp_format, timezone=timezone
    )
    if timezone is None or not isinstance(stamps, pd.DatetimeIndex):
        return stamps, []
    return in_zone(
        table,
        stamps,
        column=column,
        series_columns=series_columns,
        timezone=timezone,
        dst=dst,
    )


def written_stamps(stamps: pd.DatetimeIndex, timestamp_format: str) -> pd.Index:
    """Stamps as a format writes them, or as the numbers that it names: ``parse_stamps`` reads them
    again.
    """
    if timestamp_format in MICROSECONDS_OF:
        return numbers_by(timestamp_format, stamps)
    return written_by(timestamp_format, stamps)


def find_style(
    table: Table,
    columns: Sequence[str],
    *,
    timestamp_format: str | None = None,
    timezone: str | None = None,
) -> StampStyle:
    """How the stamps in the ``columns`` are written, by all of their cells; what is given is kept.

    Raises DataError as ``parse_stamps`` does, and where cells can be read in several ways.
    """
    table, column, usual = joined(table, columns)
    cells = table.frame[column]
    given = cells.notna() & (cells != "")
    if not given.all():
        table = replace(table, frame=table.frame[given])
        cells = cells[given]
    if not len(cells) or pd.api.types.is_datetime64_any_dtype(cells):
        return StampStyle(timestamp_format)
    years = pd.api.types.is_string_dtype(cells) or part_of(column) == "year"
    if timestamp_format is None and years:
        require_common_era(table, cells.astype("str"), column)
    found = timestamp_format or _found_format(table, cells, column, usual, timezone)
    style = found or usual
    if style is None and timezone is None:
        return _with_offsets(table, cells.astype("str"))
    if style is None or style == STEPS or style in MICROSECONDS_OF:
        return StampStyle(found)
    cells = cells.astype("str")
    zone, notes = None, [*_hours_24(table, cells, column, style)]
    notes += period_notes(table, cells, style)
    if timestamp_format is None:
        _require_one_meaning(table, cells, column, style)
    if timestamp_format or "%Z" in style:
        parse_text(table, cells, column, style, timezone)
    if "%Z" in style:
        zone = _zone(cells, style) if timezone is None else None
        notes += _letters(table, cells, style, zone or timezone)
    return StampStyle(found, zone, tuple(notes))


def _require_one_meaning(table: Table, cells: pd.Series, column: str, style: str) -> None:
    """Raise DataError for weeks and parts of days that may be others by a style that was found."""
    require_iso_weeks(table, cells, column, style)
    require_every_day(table, cells, column, style)
    require_hours_of_clocks(table, cells, column, style)


def _with_offsets(table: Table, cells: pd.Series) -> StampStyle:
    """The style of stamps in ISO 8601, and the zone that changing offsets behind them tell."""
    offsets = cells.str.extract(OFFSET, expand=False)
    if offsets.isna().any() or offsets.nunique() == 1:
        return StampStyle(None)
    stamps = pd.DatetimeIndex(pd.to_datetime(cells, format=ISO, utc=True))
    local = pd.DatetimeIndex(pd.to_datetime(cells.str.replace(OFFSET, "", regex=True), format=ISO))
    zone = zone_of_offsets(stamps, local)
    if zone is None:
        return StampStyle(None)
    found = ", ".join(sorted(offsets.str.strip().unique()))
    text = f"the offsets {found} behind stamps are those of {zone}"
    note = Finding("stamps", "note", len(cells), text, (table.place(0),))
    return StampStyle(None, zone, (note,))


def looks_like_time(cells: pd.Series, name: str = "") -> bool:
    """Whether nearly all of the first cells are dates or stamps in one of the usual formats."""
    if pd.api.types.is_datetime64_any_dtype(cells):
        return True
    if not pd.api.types.is_string_dtype(cells):
        return False
    cells = cells[cells != ""].drop_duplicates().head(SAMPLED_CELLS)
    if hold_several_periods(cells, name):
        return True
    if styles := periods(cells, name):
        return any(_misfits(cells, style).mean() < MOST_ODD_STAMPS for style in styles)
    cells = cells[cells.str.len() >= SHORTEST_STAMP]
    return len(cells) > 0 and any(
        _misfits(cells, style).mean() < MOST_ODD_STAMPS for style in [ISO, *guesses(cells, name)]
    )


def _misfits(cells: pd.Series, style: str) -> NDArray[np.bool_]:
    """Which cells are not written in a style, whatever letters at their end mean."""
    if "%Z" not in style:
        return unread(cells, style)
    return parts_of(style, cells).isna().any(axis=1).to_numpy()


def _whole_numbers(cells: pd.Series) -> bool:
    """Whether the cells number steps. 20240131 and 202401 are dates."""
    if not pd.api.types.is_integer_dtype(cells) and not (
        pd.api.types.is_string_dtype(cells) and cells.str.fullmatch(r"[+-]?\d{1,18}").all()
    ):
        return False
    head = cells.head(SAMPLED_CELLS).astype("str")
    return (
        not head.str.fullmatch(DIGITS_OF_DATE).all()
        and not head.str.fullmatch(DIGITS_OF_MONTH).all()
    )


def _found_format(
    table: Table, cells: pd.Series, column: str, usual: str | None, timezone: str | None
) -> str | None:
    """The format of the cells; None where none is needed: ISO 8601, step numbers, and parts in
    columns that their names tell.
    """
    if usual is not None and not unread(cells.drop_duplicates(), usual).any():
        return usual if is_beyond_strptime(usual) else None
    if moment := moment_in_digits(cells):
        return moment
    units = units_of(cells, column)
    if units or _whole_numbers(cells) or pd.api.types.is_float_dtype(cells):
        return _format_of_numbers(table, cells, column, units)
    cells, of_periods = cells.astype("str"), list[str]()
    if periods(cells.head(SAMPLED_CELLS), column):
        of_periods = periods(cells.drop_duplicates(), column)
        if readings := readings_of(table, cells, column, of_periods):
            return only_reading(table, cells, column, readings)[0]
    if _may_be_quarters(cells):
        styles = guesses(cells.drop_duplicates(), column)
        if any("%q" in style for style in styles):
            return only_reading(table, cells, column, readings_of(table, cells, column, styles))[0]
    style, _ = parse_text(table, cells, column, None, timezone, tried=of_periods)
    return None if style == ISO else style


def _format_of_numbers(
    table: Table, cells: pd.Series, column: str, units: Sequence[str]
) -> str | None:
    """What numbers count: moments, days or weeks; None for steps."""
    text = cells.astype("str")
    readings = {unit: numbered_stamps(unit, cells) for unit in units}
    if are_rather_dates(cells, column):
        if not readings:
            return date_in_digits(table, cells, column)
        styles = digit_styles(cells, column)
        readings |= readings_of(table, text, column, styles)
        return only_reading(table, text, column, readings)[0]
    weeks = text.head(SAMPLED_CELLS).str.fullmatch(DIGITS_OF_WEEK).all()
    if not units and weeks and COUNTERS.isdisjoint(words_of(column)):
        styles = guesses(text.drop_duplicates(), column)
        if part_of(column) != "week" and NAMES_OF_WEEKS.isdisjoint(words_of(column)):
            styles += digit_styles(cells, column)
        readings = readings_of(table, text, column, styles)
    if not readings and not pd.api.types.is_float_dtype(cells):
        return date_in_digits(table, cells, column)
    return only_reading(table, text, column, readings)[0] if readings else None


def _may_be_quarters(cells: pd.Series) -> bool:
    """Whether texts like 2008-1, which ISO 8601 takes for months, may be quarters."""
    return all(
        each.str.fullmatch(r"\d{4}[-/. ][1-4]").all() for each in (cells.head(SAMPLED_CELLS), cells)
    )


def _zone(cells: pd.Series, style: str) -> str | None:
    """The zone that letters behind stamps tell without doubt."""
    distinct = cells.drop_duplicates()
    stamps, local = stamps_by(style, distinct)
    letters = parts_of(style, distinct)["Z"].str.upper().unique()
    return zone_of_letters(letters.tolist(), stamps, local)


def _letters(table: Table, cells: pd.Series, style: str, zone: str | None) -> list[Finding]:
    """What letters behind stamps are taken for."""
    letters = parts_of(style, cells.drop_duplicates())["Z"].dropna().str.upper().unique()
    meaning = f"those of {zone}" if zone else "read as offsets from UTC"
    text = f"the letters {', '.join(sorted(letters))} behind stamps are {meaning}"
    return [Finding("stamps", "note", len(cells), text, (table.place(0),))]


def _hours_24(table: Table, cells: pd.Series, column: str, style: str) -> Iterator[Finding]:
    """That some stamps lie in the hour 24."""
    if "%H" not in style or not is_known(style):
        return
    rows = np.flatnonzero(cells.str.contains(HOUR_24))
    rows = rows[(parts_of(style, cells.iloc[rows])["H"] == "24").to_numpy()]
    if len(rows):
        places = tuple(
            f"{table.place(int(row))}: column {column}: {cells.iloc[row]}"
            for row in rows[:SHOWN_PLACES]
        )
        yield Finding("stamps", "note", len(rows), DAYS_END_AT_24, places)
