"""Labels of periods, dates in digits, and stamps that repeat or stand in few rows: read by what all
cells say, or refused with what decides.
"""

from collections.abc import Sequence
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from lstm_forecast.errors import DataError
from lstm_forecast.tables.stamps.columns import find_style, joined, parse_stamps, written_stamps
from tests.functional.test_dates import init, panel_by
from tests.unit.conftest import table_of

DAYS = pd.date_range("2019-11-20", periods=120, freq="D")
HOURS = pd.date_range("2023-10-13", periods=400, freq="h")
YEARS = range(1994, 2014)
HALVES = [(year, half) for year in YEARS for half in (1, 2)]
QUARTERS = pd.date_range("2008-01-01", periods=40, freq="QS")
MONTHS = pd.date_range("2012-01-01", periods=36, freq="MS")


def write(folder: Path, **columns: object) -> Path:
    """A table of these columns and one to be forecast."""
    path = folder / "table.csv"
    frame = pd.DataFrame({name: list(cells) for name, cells in columns.items()})  # type: ignore[call-overload]
    frame.assign(sales=np.arange(len(frame)) * 7 % 23).to_csv(path, index=False)
    return path


def times(form: str, hours: int) -> list[str]:
    later = HOURS + pd.Timedelta(hours=hours)
    return [f"{a:{form}} - {b:{form}}" for a, b in zip(HOURS, later, strict=True)]


def dekads(year: str, month: str, dekad: str, numbers: Sequence[str]) -> dict[str, object]:
    """Columns of the parts of dekads."""
    rows = [(day.year, day.month, number) for day in MONTHS for number in numbers]
    return dict(zip((year, month, dekad), zip(*rows, strict=True), strict=True))


READ = {
    "year and day of year": ({"YEAR": DAYS.year, "DOY": DAYS.day_of_year}, "D", "2019-11-20"),
    "Year and yday": ({"yr": DAYS.year, "yday": DAYS.day_of_year}, "D", "2019-11-20"),
    "digits of day of year": ({"date": DAYS.strftime("%Y%j")}, "D", "2019-11-20"),
    "short digits": ({"day": DAYS.strftime("%y%j")}, "D", "2019-11-20"),
    "short dates in digits": ({"period": DAYS.strftime("%y%m%d")}, "D", "2019-11-20"),
    "ordinal dates": ({"when": DAYS.strftime("%Y-%j")}, "D", "2019-11-20"),
    "seasons like months": ({"s": [f"{k}-{(k + 1) % 100:02}" for k in range(2000, 2012)]},
        "YS-JAN", "2000-01-01"),
    "seasons over a century": ({"s": [f"{k}/{(k + 1) % 100:02}" for k in YEARS]}, "YS-JAN",
        "1994-01-01"),
    "spans of years": ({"s": [f"{k} - {k + 1}" for k in YEARS]}, "YS-JAN", "1994-01-01"),
    "fiscal years": ({"when": [f"FY{k}" for k in YEARS]}, "YS-JAN", "1994-01-01"),
    "short fiscal quarters": ({"when": [f"FY{d:%y}-Q{d.quarter}" for d in QUARTERS]}, "QS-JAN",
        "2008-01-01"),
    "fiscal year and quarter": ({"fiscal_year": [f"FY{d:%y}" for d in QUARTERS],
        "quarter": [f"Q{d.quarter}" for d in QUARTERS]}, "QS-JAN", "2008-01-01"),
    "half-years": ({"when": [f"{k}-H{h}" for k, h in HALVES]}, "2QS-JAN", "1994-01-01"),
    "half-years turned": ({"when": [f"H{h}/{k}" for k, h in HALVES]}, "2QS-JAN", "1994-01-01"),
    "short half-years": ({"when": [f"{h}H{k % 100:02}" for k, h in HALVES]}, "2QS-JAN",
        "1994-01-01"),
    "year and semester": ({"Jahr": [k for k, _ in HALVES], "Halbjahr": [h for _, h in HALVES]},
        "2QS-JAN", "1994-01-01"),
    "dekads by name": ({"dekad": [f"{m:%Y-%m}-{k}" for m in MONTHS for k in (1, 2, 3)]},
        "MS-1-11-21", "2012-01-01"),
    "Spanish dekads in a column": (dekads("Año", "Mes", "Década", "123"), "MS-1-11-21",
        "2012-01-01"),
    "Roman dekads in a column": (dekads("année", "mois", "décade", ["I", "II", "III"]),
        "MS-1-11-21", "2012-01-01"),
    "counted dekads in a column": (dekads("Ano", "Mês", "Decêndio", ["1ª", "2ª", "3ª"]),
        "MS-1-11-21", "2012-01-01"),
    "counted years": ({"Month": [f"{1 + k // 12}-{1 + k % 12:02}" for k in range(60)]}, "MS",
        "0001-01-01"),
    "counted years by name": ({"when": [f"Year {1 + k // 12}, Month {1 + k % 12}"
        for k in range(60)]}, "MS", "0001-01-01"),
    "times in numbers": ({"Date": HOURS.strftime("%Y-%m-%d"), "Time": HOURS.hour * 100}, "h",
        "2023-10-13 00:00:00"),
    "times in four digits": ({"Datum": HOURS.strftime("%d.%m.%Y"),
        "Uhrzeit": HOURS.strftime("%H%M")}, "h", "2023-10-13 00:00:00"),
    "ranges of stamps": ({"MTU": times("%d.%m.%Y %H:%M", 1)}, "h", "2023-10-13 00:00:00"),
    "ranges of times": ({"day": HOURS.strftime("%d/%m/%Y"), "time": times("%H:%M", 1)}, "h",
        "2023-10-13 00:00:00"),
    "ranges of months": ({"when": [f"{d:%b}–{d + pd.DateOffset(months=2):%b} {d:%Y}"  # noqa: RUF001
        for d in QUARTERS]}, "QS-JAN", "2008-01-01"),
}  # fmt: skip


@pytest.mark.parametrize("kind", READ)
def test_labels_are_read_as_what_all_of_them_say(folder: Path, kind: str) -> None:
    columns, freq, first = READ[kind]
    table = write(folder, **columns)
    data, said = init(table)
    assert (data.freq, data.series_id, data.targets) == (freq, None, ("sales",)), said
    panel = panel_by(data, table)
    assert str(panel.layout.grid.stamps(np.array([0]))[0]).startswith(first)
    assert len(panel.layout.spans) == 2, "a gap"
    assert len(panel.values) == len(pd.read_csv(table))


def test_what_is_read_of_a_range_and_of_a_fiscal_year_is_told(folder: Path) -> None:
    _, said = init(write(folder, season=[f"{k}/{(k + 1) % 100:02}" for k in YEARS]))
    assert "the stamp of a period is its beginning: '1994/95' is 1994-01-01" in said
    _, said = init(write(folder, when=[f"FY{k}" for k in YEARS]))
    assert "fiscal years are taken for calendar years of the same number" in said


def test_days_of_a_month_are_no_months_of_counted_years(folder: Path) -> None:
    days = pd.date_range("2022-01-03", periods=60, freq="7D")
    _, said = init(write(folder, day=days.strftime("%-m-%d")), expect=4)
    assert "column day: expected a time stamp" in said or "no column looks like a time" in said


def test_months_are_no_seasons(folder: Path) -> None:
    data, _ = init(write(folder, month=MONTHS.strftime("%Y-%m")))
    assert (data.freq, data.timestamp_format) == ("MS", None)


@pytest.mark.parametrize("style", ["%Y-%m-%d", "%Y-%m-%K"])
def test_dekads_that_may_be_days_are_refused_until_a_format_decides(
    folder: Path, style: str
) -> None:
    table = write(folder, when=[f"{m:%Y-%m}-{k}" for m in MONTHS for k in (1, 2, 3)])
    _, said = init(table, expect=4)
    assert "'2012-01-2' may be 2012-01-02 00:00:00 or 2012-01-11 00:00:00" in said
    assert "set data.timestamp_format: '%Y-%m-%d' or '%Y-%m-%K'" in said
    data, _ = init(table, "--set", f"data.timestamp_format='{style}'")
    assert (data.freq == "MS-1-11-21") is (style == "%Y-%m-%K")


def test_thirds_in_a_column_of_another_name_may_be_days(folder: Path) -> None:
    table = write(folder, **dekads("year", "month", "third", "123"))
    parts = ["--timestamp", "year", "--timestamp", "month", "--timestamp", "third"]
    _, said = init(table, *parts, expect=4)
    assert "set data.timestamp_format: '%Y %m %d' or '%Y %m %K'" in said
    data, _ = init(table, *parts, "--timestamp-format", "%Y %m %K")
    assert data.freq == "MS-1-11-21"


@pytest.mark.parametrize(("style", "freq"), [("%Y%j", "D"), ("steps", "1")])
def test_digits_that_may_be_dates_or_steps_are_refused_until_a_format_decides(
    folder: Path, style: str, freq: str
) -> None:
    table = write(folder, time=range(2020001, 2020100))
    _, said = init(table, expect=4)
    assert "'2020001' may be 2020-01-01, or the number of a step" in said
    data, _ = init(table, "--set", f"data.timestamp_format='{style}'")
    assert data.freq == freq


def test_numbers_that_count_steps_stay_steps(folder: Path) -> None:
    assert init(write(folder, step=range(2020001, 2020100)))[0].freq == "1"
    assert init(write(folder, time=range(98_700, 98_900)))[0].freq == "1"


def test_the_order_of_rows_tells_the_order_of_day_month_and_year(folder: Path) -> None:
    later = np.random.default_rng(1).exponential(20_000, 200).cumsum()
    stamps = pd.Timestamp("2023-11-03") + pd.to_timedelta(later, unit="s")
    texts = stamps.strftime("%d.%m.%y %H:%M")
    data, _ = init(write(folder, Zeit=texts))
    assert data.timestamp_format == "%d.%m.%y %H:%M"
    data, _ = init(write(folder, Zeit=texts[::-1]))
    assert data.timestamp_format == "%d.%m.%y %H:%M"


def test_who_has_sorted_texts_says_nothing_of_the_order_of_time(folder: Path) -> None:
    later = np.random.default_rng(1).exponential(90_000, 200).cumsum()
    stamps = pd.Timestamp("2021-01-03") + pd.to_timedelta(later, unit="s")
    _, said = init(write(folder, Zeit=sorted(stamps.strftime("%d.%m.%y %H:%M"))), expect=4)
    assert "set data.timestamp_format: '%d.%m.%y %H:%M' or '%y.%m.%d %H:%M'" in said


# Stamps that repeat


def autumn(zone: str, freq: str = "h") -> pd.DatetimeIndex:
    """What a clock on the wall shows."""
    stamps = pd.date_range("2021-10-01", "2021-12-01", freq=freq, tz=zone)
    return stamps.tz_localize(None)


@pytest.mark.parametrize("sites", [1, 2])
@pytest.mark.parametrize(
    ("zone", "freq", "named"),
    [
        ("Europe/Vienna", "h", "Europe/Berlin"),
        ("America/Chicago", "15min", "America/New_York"),
    ],
)
def test_an_hour_that_autumn_repeats_is_asked_about_and_its_answer_keeps_all_rows(
    folder: Path, zone: str, freq: str, named: str, sites: int
) -> None:
    stamps = autumn(zone, freq).strftime("%Y-%m-%d %H:%M").tolist()
    table = write(folder, when=stamps * sites, site=np.repeat(["a", "b"][:sites], len(stamps)))
    data, said = init(table)
    repeat = "repeats" if sites == 1 and freq == "h" else "repeat"
    assert f"{repeat} a local time that clocks show twice" in said and "(safe)" in said
    assert data.duplicates == "error"
    data, said = init(table, "--set", f"data.timezone={named}", "--set", "data.dst=first")
    assert (data.timezone, data.dst, data.duplicates) == (named, "first", "error")
    assert "question" not in said
    panel = panel_by(data, table)
    assert len(panel.values) == sites * len(stamps)
    assert len(panel.layout.spans) == sites + 1, "a gap"
    assert init(table, "--yes")[0].timezone == named


def test_a_stamp_that_no_clock_repeats_is_asked_for_no_zone(folder: Path) -> None:
    stamps = HOURS.insert(100, HOURS[99]).strftime("%Y-%m-%d %H:%M")
    data, said = init(write(folder, when=stamps))
    assert (data.duplicates, data.timezone) == ("error", None) and "clocks" not in said


def test_versions_of_one_stamp_are_asked_about_and_are_no_series(folder: Path) -> None:
    months = [(m, m + pd.DateOffset(months=k)) for m in MONTHS for k in (1, 2, 3)]
    table = write(folder, reference=[m for m, _ in months], published=[p for _, p in months])
    data, said = init(table)
    assert data.series_id is None and data.timestamp == "published"
    assert "rows may be versions of one stamp" in said
    data, said = init(table, "--timestamp", "reference", "--set", "data.duplicates=last")
    assert (data.timestamp, data.series_id) == ("reference", None) and "question" not in said
    assert len(panel_by(data, table).values) == len(MONTHS)


def test_which_of_two_dates_is_the_time_is_told_and_can_be_chosen(folder: Path) -> None:
    table = write(folder, ordered=DAYS.strftime("%Y-%m-%d"), shipped=DAYS.strftime("%Y-%m-%d"))
    data, said = init(table)
    assert "the time is ordered; shipped would do as well (--timestamp shipped)" in said
    data, _ = init(table, "--timestamp", "shipped")
    assert data.timestamp == "shipped"


# What stands in few rows, or in a column without a name


BLOCKS = {
    "year": {
        "year": [k if m == 1 else "" for k in (2015, 2016, 2017) for m in range(1, 13)],
        "month": [m for _ in range(3) for m in MONTHS[:12].strftime("%B")],
    },
    "date": {
        "date": [f"{h:%Y-%m-%d}" if h.hour == 0 else "" for h in HOURS],
        "time": HOURS.strftime("%H:%M"),
    },
    "region": {
        "region": [name if k == 0 else "" for name in "ABC" for k in range(36)],
        "month": list(MONTHS.strftime("%Y-%m")) * 3,
    },
}


@pytest.mark.parametrize("name", BLOCKS)
def test_cells_in_the_first_row_of_each_block_are_refused_until_they_are_written_in_all(
    folder: Path, name: str
) -> None:
    columns = {each: pd.Series(list(cells)).astype("str") for each, cells in BLOCKS[name].items()}
    _, said = init(write(folder, **columns), expect=4)
    assert f"column {name}: only the first row of each block has a cell" in said
    columns[name] = columns[name].replace("", np.nan).ffill()
    data, said = init(write(folder, **columns))
    assert "question" not in said
    assert data.series_id == ("region" if name == "region" else None)


def test_a_note_beside_few_rows_is_no_block(folder: Path) -> None:
    notes = ["strike" if k in (0, 50) else "" for k in range(len(DAYS))]
    data, _ = init(write(folder, note=notes, day=DAYS.strftime("%Y-%m-%d")))
    assert data.timestamp == "day" and data.series_id is None


@pytest.mark.parametrize("parts", [1, 2])
def test_an_index_without_a_name_is_neither_target_nor_series(folder: Path, parts: int) -> None:
    path = folder / "table.csv"
    part = pd.DataFrame({"v": np.arange(120) % 7, "Zeitpunkt": DAYS.strftime("%Y-%m-%d")})
    whole = pd.concat([part.assign(site=name) for name in "ab"[:parts]])
    whole.to_csv(path)  # with its index in front, of each part anew
    data, _ = init(path)
    assert (data.timestamp, data.targets) == ("Zeitpunkt", ("v",))
    assert data.series_id == ("site" if parts == 2 else None)


# What is written in a style is read back equal, or refused


WRITTEN = [
    ("%YH%h", "6MS"), ("H%h %Y", "6MS"), ("%hH%y", "6MS"), ("FY%y Q%q", "QS"), ("FY%Y", "YS"),
    ("%Y-%j", "D"), ("%Y%j", "D"), ("%y%j", "D"), ("%y%m%d", "D"), ("%Y-%m-%d %N", "h"),
]  # fmt: skip


@settings(max_examples=150, deadline=None)
@given(
    st.sampled_from(WRITTEN),
    st.integers(0, 12_000),
    st.integers(4, 80),
)
def test_what_is_written_in_a_style_is_read_back_equal_or_refused(
    written: tuple[str, str], start: int, periods: int
) -> None:
    style, freq = written
    first = pd.Timestamp("1990-01-01") + pd.Timedelta(days=start)
    stamps = pd.date_range(first, periods=periods, freq=freq).as_unit("us")
    if freq == "6MS":
        year = stamps[0].year
        stamps = pd.date_range(f"{year}-01-01", periods=periods, freq=freq).as_unit("us")
    stamps = stamps[stamps.year < 2050]  # from which on two digits are years of the last century
    # six digits without a day behind the 12th are months: 201001 to 201012
    assume(style != "%y%m%d" or stamps.day.max() > 12)
    cells = pd.Series(written_stamps(stamps, style).astype("str"), dtype="str")
    table = table_of(date=cells)
    try:
        found = find_style(table, ["date"])
    except DataError as error:
        assert "data.timestamp_format" in str(error)
        return
    table, column, given_format = joined(table, ["date"], found.format)
    read = parse_stamps(table, column=column, timestamp_format=given_format)
    assert read.equals(stamps)


@pytest.mark.parametrize("column", ["month", "date", "time"])
def test_months_of_short_years_are_no_counted_ones(folder: Path, column: str) -> None:
    texts = [f"{k % 12 + 1}/{k // 12 + 1:02}" for k in range(144)]  # 1/01 is January 2001
    _, said = init(write(folder, **{column: texts}), expect=4)
    assert "no column looks like a time" in said


# Weeks


def test_a_duration_beside_a_week_is_no_time_of_day(folder: Path) -> None:
    mondays = pd.date_range("2022-01-03", periods=80, freq="7D")
    spent = [f"{3 + k % 5}:{k % 60:02}" for k in range(80)]
    data, _ = init(write(folder, Woche=mondays.strftime("KW %V/%G"), Umfang=spent))
    assert (data.timestamp, data.freq) == ("Woche", "W-MON")


def test_weeks_that_are_counted_from_each_first_of_january_are_no_iso_weeks(folder: Path) -> None:
    sundays = pd.date_range("2020-01-05", periods=80, freq="7D")
    _, said = init(write(folder, week=sundays.strftime("%Y-%U")), expect=4)
    assert "table.csv:54: column week: 2020 has a week 53 in ISO 8601, and no row has it" in said


@pytest.mark.parametrize("left_out", [0, 30, 60])
def test_weeks_of_iso_years_may_lack_any_other_week(folder: Path, left_out: int) -> None:
    mondays = pd.date_range("2019-12-30", periods=80, freq="7D").delete(left_out)
    data, _ = init(write(folder, week=mondays.strftime("%G-%V")))
    assert (data.freq, data.timestamp_format) == ("W-MON", "%G-%V")
