"""Stamps as people write them: what is read follows from all cells, or is refused with a place."""

import subprocess
import sys
from collections.abc import Sequence
from datetime import date

import numpy as np
import pandas as pd
import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from lstm_forecast.errors import DataError
from lstm_forecast.tables.read import Table
from lstm_forecast.tables.stamps.columns import (
    find_style,
    joined,
    looks_like_time,
    parse_stamps,
    written_stamps,
)
from lstm_forecast.tables.stamps.month_names import LANGUAGES, languages_of, month_numbers
from tests.unit.conftest import table_of

# Formats that are found, by the frequency that fits them.
STYLES = {
    "W-MON": [
        "%G-W%V", "%GW%V", "W%V-%G", "%G%V", "KW %V/%G", "%G-W%V-%u", "%G/%V", "%V.%G", "wk%V %G",
        "%G Week %V",
    ],
    "MS": [
        "%b-%y", "%b %Y", "%Y %B", "%B %Y", "%m/%Y", "%Y-%b", "%B, %Y", "%YM%m", "M%m-%Y", "%b'%y",
        "%Y%m", "%m.%Y",
    ],
    "QS": [
        "%YQ%q", "%Y-Q%q", "Q%q %Y", "Q%q/%Y", "%Y Q%q", "%YK%q", "T%q-%Y", "Q%q '%y", "%yQ%q",
        "Quarter %q, %Y", "%Y-%q. Quartal",
    ],
    "h": [
        "%d.%m.%Y %H:%M", "%Y/%m/%d %H:%M:%S", "%d %b %Y %H:%M", "%B %d, %Y %I:%M %p", "seconds",
        "milliseconds", "microseconds", "nanoseconds", "%d/%m/%Y %H:%M hs.", "%b %d, %Y %H:%M Hrs",
        "es: %d de %B de %Y %H:%M hs.", "%Y-%m-%d %H:%M:%S Uhr", "%d-%m-%Y %H:%Mu",
        "de: %d. %B %Y, %H.%M Uhr", "%d.%m.%Y, %H.%M Uhr", "de: %d. %b %Y %H.%M.%S",
        "%Y-%m-%d kl. %H.%M", "fi: %d. %B %Y klo %H.%M", "%d %b %Y, %H.%M", "%d.%m.%Y um %H:%M",
    ],
    "D": ["%d.%m.%Y", "%d. %B %Y", "%d-%b-%y", "%A, %d %B %Y", "excel", "%d de %B de %Y"],
}  # fmt: skip
STYLED = [(freq, style) for freq, styles in STYLES.items() for style in styles]
FOUR = (1, 2, 3, 4)
AWARE = ("seconds", "milliseconds", "microseconds", "nanoseconds")


def texts(*cells: str, name: str = "when") -> Table:
    return table_of(**{name: pd.Series(cells, dtype="str")})


def table_by(style: str, stamps: pd.DatetimeIndex, name: str = "date") -> Table:
    cells = written_stamps(stamps, style).astype("str")
    return table_of(**{name: pd.Series(cells, dtype="str")})


def read(table: Table, *columns: str) -> pd.DatetimeIndex:
    """The stamps of the columns as training reads them by what was found."""
    columns = columns or tuple(map(str, table.frame.columns))
    found = find_style(table, columns)
    whole, column, style = joined(table, columns, found.format)
    stamps = parse_stamps(whole, column=column, timestamp_format=style, timezone=found.timezone)
    assert isinstance(stamps, pd.DatetimeIndex)
    return stamps if found.timezone is None else stamps.tz_convert(found.timezone)


def refused(table: Table, *columns: str) -> str:
    with pytest.raises(DataError) as caught:
        read(table, *columns)
    return str(caught.value)


def dates(freq: str, periods: int, start: str = "2016-01-04") -> pd.DatetimeIndex:
    return pd.date_range(start, periods=periods, freq=freq).as_unit("us")


@pytest.mark.parametrize(("freq", "style"), STYLED)
def test_a_long_column_is_read_back_whatever_its_style(freq: str, style: str) -> None:
    stamps = dates(freq, 400 if freq == "h" else 130)  # of two digits, before 2050
    found = read(table_by(style, stamps))
    assert found.equals(stamps.tz_localize("UTC") if style in AWARE else stamps)


@settings(max_examples=300, deadline=None)
@given(
    st.sampled_from(STYLED), st.dates(date(1991, 1, 1), date(2035, 1, 1)),
    st.integers(1, 70), st.sampled_from(["when", "week", "quarter", "date", "period"]),
)  # fmt: skip
def test_a_column_of_any_length_is_read_back_or_refused_and_never_read_otherwise(
    styled: tuple[str, str], start: date, periods: int, name: str
) -> None:
    freq, style = styled
    stamps = dates(freq, periods, str(start))
    assume("%y" not in style or stamps.max().year < 2050)  # from where on it is the last century
    # the first weeks of a year alone are told from months by nothing but their name
    assume(style not in ("%G%V", "%G/%V", "%V.%G") or stamps.isocalendar()["week"].max() > 12)
    table = table_by(style, stamps, name)
    try:
        found = find_style(table, [name])
        parsed = parse_stamps(table, column=name, timestamp_format=found.format)
    except DataError as error:
        assert str(error).startswith("data, row ")
        assert "data.timestamp_format" in str(error)
        return
    if found.format is None and not isinstance(parsed, pd.DatetimeIndex):
        assert style in ("excel", "%G%V", *AWARE)  # whole numbers, which count steps
    else:
        assert isinstance(parsed, pd.DatetimeIndex)
        assert parsed.tz_localize(None).equals(stamps)


@settings(max_examples=200, deadline=None)
@given(
    st.sampled_from(LANGUAGES), st.sampled_from(["%b %Y", "%B %Y", "%d. %B %Y", "%d-%b-%y"]),
    st.integers(1, 30), st.sampled_from([str, str.upper, str.lower]),
)  # fmt: skip
def test_names_of_months_are_read_back_in_any_language_or_refused(
    language: str, style: str, periods: int, capitals: type[str]
) -> None:
    stamps = dates("D" if "%d" in style else "MS", periods, "2019-10-01")
    cells = written_stamps(stamps, f"{language}: {style}").map(capitals)
    table = texts(*cells)
    try:
        assert read(table).equals(stamps)
    except DataError as error:
        assert "may be" in str(error)  # in another language, or a day of a year that is not told


@pytest.mark.parametrize("language", LANGUAGES)
def test_a_year_of_months_is_read_in_every_language(language: str) -> None:
    months = dates("MS", 24)
    for style in ("%B %Y", "%b %Y", "%Y %b"):
        assert read(table_by(f"{language}: {style}", months)).equals(months)
    days = dates("D", 400)
    found = find_style(table_by(f"{language}: %d. %B %Y", days), ["date"])
    again = written_stamps(days, str(found.format))
    assert parse_stamps(texts(*again), column="when", timestamp_format=found.format).equals(days)


@pytest.mark.parametrize(
    ("cells", "first"),
    [
        (["Mrz 2020", "Apr 2020", "Mai 2020"], "2020-03-01"),
        (["janv. 2020", "févr. 2020", "mars 2020"], "2020-01-01"),
        (["fevrier 2020", "aout 2020"], "2020-02-01"),
        (["Jan. 2020", "Feb. 2020", "Sept. 2020"], "2020-01-01"),
        (["1 de enero de 2020", "2 de enero de 2020"], "2020-01-01"),
        (["2008-1st Quarter", "2008-2nd Quarter", "2008-3rd Quarter"], "2008-01-01"),
        (["4th quarter 2008", "1st quarter 2009"], "2008-10-01"),
        (["201813", "201814"], "2018-03-26"),
        (["2020-W53", "2021-W01"], "2020-12-28"),
        (["Mon, 01 Jan 2024 00:00:00 GMT", "Tue, 02 Jan 2024 00:00:00 GMT"], "2024-01-01"),
    ],
)
def test_other_spellings_are_read(cells: Sequence[str], first: str) -> None:
    stamps = read(texts(*cells))
    assert str(stamps[0])[:10] == first
    assert looks_like_time(pd.Series(cells, dtype="str"))
    assert stamps.is_monotonic_increasing


def test_english_names_of_months_mean_nothing_else_in_other_languages() -> None:
    for name, month in month_numbers("en").items():
        others = {month_numbers(each).get(name, month) for each in LANGUAGES}
        assert others == {month}
    assert languages_of(["listopad"]) == ["pl", "hr"]


def test_other_languages_are_loaded_for_what_is_not_english_alone() -> None:
    code = (
        "import sys, pandas as pd; from lstm_forecast.tables.stamps.columns import looks_like_time;"
        " found = [looks_like_time(pd.Series([cell] * 3, dtype='str')) for cell in sys.argv[1:]];"
        " print(found, 'babel' in sys.modules)"
    )
    told = [
        subprocess.run(
            [sys.executable, "-c", code, *cells], capture_output=True, text=True, check=True
        ).stdout
        for cells in (["2024-01-31", "January 2020", "north of it", "2018-W01"], ["Mai 2020"])
    ]
    assert told == ["[True, True, False, True] False\n", "[True] True\n"]


# Several columns


@pytest.mark.parametrize(
    ("names", "formats", "freq"),
    [
        (("year", "week"), ("%G", "%V"), "W-MON"),
        (("ISO_Year", "ISO week"), ("%G", "%V"), "W-MON"),
        (("Jahr", "KW"), ("%G", "KW%V"), "W-MON"),
        (("Year", "WeekNum"), ("%G", "W%V"), "W-MON"),
        (("year", "quarter"), ("%Y", "%q"), "QS"),
        (("YEAR", "Qtr"), ("%Y", "Q%q"), "QS"),
        (("year", "month"), ("%Y", "%m"), "MS"),
        (("Year", "Month"), ("%Y", "%B"), "MS"),
        (("yr", "mon"), ("%Y", "%b"), "MS"),
        (("Jahr", "Monat"), ("%Y", "de: %B"), "MS"),
        (("date", "hour"), ("%Y-%m-%d", "%H"), "h"),
        (("Datum", "Stunde"), ("%d.%m.%Y", "%H"), "h"),
        (("date", "time"), ("%d/%m/%Y", "%H:%M"), "h"),
        (("year", "month", "day", "hour"), ("%Y", "%m", "%d", "%H"), "h"),
    ],
)
def test_parts_in_several_columns_are_read_back(
    names: tuple[str, ...], formats: tuple[str, ...], freq: str
) -> None:
    stamps = dates(freq, 800)
    columns = {
        name: pd.Series(written_stamps(stamps, each), dtype="str")
        for name, each in zip(names, formats, strict=True)
    }
    assert read(table_of(**columns), *names).equals(stamps)


def test_a_week_that_its_year_does_not_have_is_refused_with_its_place() -> None:
    table = table_of(year=["2020", "2021", "2021"], week=["53", "52", "53"])
    assert refused(table, "year", "week").startswith(
        "data, row 3: column year week: expected a time stamp by ISO 8601 (2024-01-31 18:00) or"
        " '%G %V', received '2021 53' (1 such row)"
    )


def test_weeks_53_that_iso_years_do_not_have_are_said_to_be_counted_in_another_way() -> None:
    begins = pd.date_range("2013-12-29", periods=60, freq="7D")  # of weeks as the CDC counts them
    weeks = [("2014", str(k)) for k in range(1, 54)] + [("2015", str(k)) for k in range(1, 8)]
    years, numbers = map(list, zip(*weeks, strict=True))
    said = refused(table_of(YEAR=years, WEEK=numbers), "YEAR", "WEEK")
    assert said.startswith("data, row 53: ") and "correct them" not in said
    assert "2014 has no week 53 in ISO 8601, so that weeks may be counted in another way" in said
    assert "keep all rows, and write the day that each week begins with" in said
    table = table_of(begin=begins.strftime("%Y-%m-%d").tolist())
    assert read(table, "begin").equals(begins.as_unit("us"))


# Numbers


@pytest.mark.parametrize("name", ["step", "index", "t", "row_id"])
@pytest.mark.parametrize("first", [43_831, 201_813, 1_577_836_800])
def test_whole_numbers_in_a_column_that_counts_are_steps(name: str, first: int) -> None:
    cells = list(map(str, range(first, first + 20)))
    assert find_style(texts(*cells, name=name), [name]).format is None


def test_years_are_steps() -> None:
    cells = list(map(str, range(1900, 2100)))
    assert find_style(texts(*cells, name="year"), ["year"]).format is None


def test_the_name_of_a_format_makes_steps_of_what_looks_like_dates() -> None:
    table = texts("20240131", "20240201", name="date")
    steps = parse_stamps(table, column="date", timestamp_format="steps")
    assert steps.tolist() == [20240131, 20240201]
    with pytest.raises(DataError, match=r"row 2: column date: expected a number as of .* steps"):
        parse_stamps(texts("1", "1.5", name="date"), column="date", timestamp_format="steps")


@pytest.mark.parametrize("decimals", [5, 7, 10, 12])
def test_days_of_excel_have_their_times_of_day_however_they_are_rounded(decimals: int) -> None:
    stamps = dates("h", 500)
    numbers = written_stamps(stamps, "excel")
    cells = [f"{number:.{decimals}f}" for number in numbers]
    assert read(texts(*cells, name="Date")).equals(stamps)


@pytest.mark.parametrize("kind", ["int64", "float64"])
def test_moments_are_read_from_numbers_of_any_type(kind: str) -> None:
    stamps = dates("h", 50).tz_localize("UTC")
    table = table_of(ts=written_stamps(stamps, "seconds").astype(kind))
    assert read(table).equals(stamps)
    assert find_style(table, ["ts"]).format == "seconds"


def test_a_number_that_is_none_is_located() -> None:
    table = texts("1577836800", "soon", "1577840400")
    with pytest.raises(DataError, match=r"row 2: column when: expected a number .*'soon' \(1"):
        parse_stamps(table, column="when", timestamp_format="seconds")


# What may be one thing or another


@pytest.mark.parametrize(
    ("name", "cells", "formats"),
    [
        ("week", ["202401", "202402", "202403"], ("%Y%m", "%G%V")),
        ("week", ["1/2024", "2/2024", "3/2024"], ("%m/%Y", "%V/%G")),
        ("period", [f"{year}-{k}" for year in (2008, 2009) for k in FOUR], ("%Y-%m", "%Y-%q")),
        ("period", [f"{k}/{year}" for year in (2008, 2009) for k in FOUR], ("%m/%Y", "%q/%Y")),
        ("when", ["listopad 2019", "listopad 2020"], ("pl: %B %Y", "hr: %B %Y")),
        ("date", ["20100", "20131"], ("excel", "days")),
        ("when", ["01/02/2024 24:00", "02/02/2024 24:00"], ("%m/%d/%Y %H:%M", "%d/%m/%Y %H:%M")),
    ],
)  # fmt: skip
def test_two_readings_are_refused_and_each_remedy_gives_its_own(
    name: str, cells: Sequence[str], formats: tuple[str, str]
) -> None:
    table = texts(*cells, name=name)
    message = refused(table, name)
    assert message.startswith("data, row ")
    assert message.endswith(f"set data.timestamp_format: {formats[0]!r} or {formats[1]!r}")
    first, second = (parse_stamps(table, column=name, timestamp_format=each) for each in formats)
    assert (first != second).any()


def test_days_without_their_year_are_no_months_of_a_year() -> None:
    cells = dates("D", 60).strftime("%b-%d")
    message = refused(texts(*cells))
    assert "'Jan-04' may be a month of a year, or a day without its year (60 such rows)" in message
    assert "set data.timestamp_format: '%b-%y' for months" in message
    months = parse_stamps(texts(*cells), column="when", timestamp_format="%b-%y")
    assert str(months[0]) == "2004-01-01 00:00:00"


# Hour 24, and zones


def hour_24(stamps: pd.DatetimeIndex, style: str) -> list[str]:
    """The stamps as those write them to whom a day ends with 24:00."""
    before = (stamps - pd.Timedelta("1D")).strftime(style.replace("%H", "24"))
    return list(np.where(stamps.hour == 0, before, stamps.strftime(style)))


@pytest.mark.parametrize(
    "style",
    ["%Y/%m/%d %H:%M", "%Y-%m-%dT%H:%M:%S", "%d.%m.%Y %H:%M", "%Y-%m-%d %H", "%d %b %Y %H:%M"],
)
@pytest.mark.parametrize("start", ["2016-02-27 01:00", "2016-12-31 00:00"])
def test_hour_24_is_the_beginning_of_the_next_day_and_told(style: str, start: str) -> None:
    stamps = dates("h", 400, start)
    table = texts(*hour_24(stamps, style))
    assert read(table).equals(stamps)
    (told,) = find_style(table, ["when"]).findings
    assert told.text == "hour 24 is 0:00 of the next day"
    assert told.count == (stamps.hour == 0).sum()


@pytest.mark.parametrize("cell", ["2022-07-01 24:30", "2022-07-01 25:00", "2022-07-01 24:00:01"])
def test_no_other_time_is_behind_hour_24(cell: str) -> None:
    cells = [cell.replace("25", "12").replace("24", "12"), cell]
    assert "data, row 2: column when: expected a time stamp" in refused(texts(*cells))


ZONES = [
    "Europe/Berlin", "Europe/London", "Europe/Lisbon", "Europe/Athens", "America/New_York",
    "America/Chicago", "America/Denver", "America/Los_Angeles", "Australia/Sydney",
    "Pacific/Auckland", "America/Halifax", "Asia/Jerusalem",
]  # fmt: skip


@pytest.mark.parametrize("style", ["%Y-%m-%d %H:%M:%S %Z", "%d.%m.%Y %H:%M %Z", "%Y-%m-%dT%H:%M%Z"])
@pytest.mark.parametrize("zone", ZONES)
def test_letters_on_both_sides_of_a_change_tell_the_zone(zone: str, style: str) -> None:
    moments = pd.date_range("2024-02-01", periods=9000, freq="h", tz="UTC").as_unit("us")
    stamps = moments.tz_convert(zone)
    table = texts(*stamps.strftime(style))
    found = find_style(table, ["when"])
    assert (found.format, found.timezone) == (style, zone)
    assert read(table).equals(stamps)
    assert f"behind stamps are those of {zone}" in found.findings[0].text
    assert read(texts(*written_stamps(stamps, style))).equals(stamps)


@pytest.mark.parametrize(
    ("zone", "hours"),
    [("CET", 1), ("EST", -5), ("JST", 9), ("UTC", 0), ("UTC+01:00", 1), ("GMT-3", -3)],
)
def test_letters_of_one_offset_are_that_and_no_zone(zone: str, hours: int) -> None:
    local = dates("h", 50)
    table = texts(*local.strftime(f"%Y-%m-%d %H:%M {zone}"))
    found = find_style(table, ["when"])
    assert found.timezone is None
    stamps = read(table)
    assert stamps.tz_localize(None).equals(local)
    assert stamps[0].utcoffset() == pd.Timedelta(hours=hours)


def test_letters_that_no_zone_has_at_that_time_become_utc() -> None:
    cells = ["2024-01-01 12:00 CEST", "2024-07-01 12:00 CET"]
    assert find_style(texts(*cells), ["when"]).timezone is None
    assert [str(stamp) for stamp in read(texts(*cells))] == [
        "2024-01-01 10:00:00+00:00",
        "2024-07-01 11:00:00+00:00",
    ]


def test_zones_that_part_in_the_years_ahead_are_not_told_by_letters() -> None:
    days = pd.DatetimeIndex(["2021-01-15 12:00", "2021-07-15 12:00"]).tz_localize("America/Chicago")
    assert find_style(texts(*days.strftime("%Y-%m-%d %H:%M %Z")), ["when"]).timezone is None


@pytest.mark.parametrize(
    ("letters", "zones"),
    [
        ("CST", {"America/Chicago": -6, "Asia/Shanghai": 8}),
        ("IST", {"Asia/Kolkata": 5.5, "Asia/Jerusalem": 2, "Europe/Dublin": 1}),
        ("BST", {"Europe/London": 1, "Asia/Dhaka": 6}),
        ("AST", {"America/Halifax": -4, "Asia/Riyadh": 3}),
    ],
)
def test_letters_of_several_zones_are_refused_and_each_remedy_works(
    letters: str, zones: dict[str, float]
) -> None:
    table = texts(f"2024-01-31 12:00 {letters}", f"2024-01-31 13:00 {letters}")
    message = refused(table)
    assert f"data, row 1: column when: {letters} behind a stamp may be that of" in message
    literal = f"%Y-%m-%d %H:%M {letters}"
    assert f"set data.timezone: {' or '.join(zones)}, or" in message
    assert f"data.timestamp_format: {literal!r} for stamps without a zone" in message
    for zone, hours in zones.items():
        stamps = parse_stamps(table, column="when", timezone=zone)
        assert isinstance(stamps, pd.DatetimeIndex)
        assert stamps[0].utcoffset() == pd.Timedelta(hours=hours)
    naive = parse_stamps(table, column="when", timestamp_format=literal)
    assert str(naive[0]) == "2024-01-31 12:00:00"


@pytest.mark.parametrize(
    "cells",
    [
        ["100% Jan 2020"],
        ["{0} W1 2018"],
        ["12.2024 CET"],
        ["%d.%m.%Y"],
        ["2024-01 CST"],
        ["\u0000 Q1 2008"],
    ],
)
def test_texts_that_only_look_like_stamps_are_none(cells: list[str]) -> None:
    assert not looks_like_time(pd.Series(cells, dtype="str"))
    assert "data, row 1: column when: expected a time stamp" in refused(texts(*cells))


def test_blanks_that_do_not_break_are_blanks() -> None:
    assert (
        str(read(texts("1.\u00a0März\u00a02020", "2.\u00a0März\u00a02020"))[1])
        == "2020-03-02 00:00:00"
    )


# What helps where nothing fits


def test_cells_of_another_format_than_the_others_are_told_with_it() -> None:
    message = refused(texts("2024-W01", "2024-W02", "31.01.2024", "2024-W04"))
    assert message == (
        "data, row 3: column when: expected a time stamp by ISO 8601 (2024-01-31 18:00) or"
        " '%G-W%V', received '31.01.2024' (1 such row); correct them, as all rows need one"
        " format, and '%d.%m.%Y' fits this one"
    )


def test_where_nothing_is_a_stamp_an_example_of_a_format_is_given() -> None:
    message = refused(texts("31|1|2024", "1|2|2024"))
    assert message.endswith(
        "received '31|1|2024' (2 such rows); set data.timestamp_format to how they are written,"
        " such as '%d.%m.%Y %H:%M' for 31.01.2024 18:00, with %* for what is not to be read"
    )
    stamps = parse_stamps(
        texts("31|1|2024", "1|2|2024"), column="when", timestamp_format="%d|%m|%Y"
    )
    assert str(stamps[1]) == "2024-02-01 00:00:00"


def test_numbers_with_a_fraction_that_no_format_was_given_for_name_theirs() -> None:
    table = texts("1577836800.0", "1577840400.5")
    with pytest.raises(DataError, match=r"set data.timestamp_format: seconds"):
        parse_stamps(table, column="when")
    assert find_style(table, ["when"]).format == "seconds"


@pytest.mark.parametrize("style", ["%q", "%V-%Y", "xx: %B %Y", "%Y-%m-%Y", "%H:%M %Z"])
def test_a_format_that_is_none_is_an_error_of_its_key(style: str) -> None:
    with pytest.raises(DataError, match=r"data.timestamp_format: "):
        parse_stamps(texts("2024-01"), column="when", timestamp_format=style)
    with pytest.raises(DataError, match=r"data.timestamp_format: "):
        parse_stamps(texts("2024-01"), column="when", timestamp_format=style, timezone="UTC")
