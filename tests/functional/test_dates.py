"""Dates as people write them: found by ``init``, read alike by ``check`` and ``quick``, and written
back by ``template``.
"""

import json
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from typer.testing import CliRunner

from lstm_forecast.cli import app
from lstm_forecast.config.loading import load_config
from lstm_forecast.config.table import DataConfig
from lstm_forecast.forecasting.written_stamps import WrittenStamps, written_as
from lstm_forecast.panel.future import future_stamps, future_table
from lstm_forecast.panel.panel import Panel
from lstm_forecast.panel.survey import survey_panel
from lstm_forecast.tables.faults import refuse
from lstm_forecast.tables.stamps.columns import written_stamps
from tests.benchmarks.files import CASES, case_file
from tests.functional.test_cli import invoke, read_csv

needs_cases = pytest.mark.skipif(not CASES.exists(), reason="the shared cases are not here")


def init(table: Path, *arguments: str, expect: int = 0) -> tuple[DataConfig, str]:
    """What init writes about the data, and what it says."""
    config = Path("configs") / "found.yaml"
    result = CliRunner().invoke(
        app, ["init", str(table), "--output", str(config), "--force", *arguments]
    )
    assert result.exit_code == expect, result.output
    if expect:
        return DataConfig(path="x", timestamp="x", targets="x"), result.stderr
    return load_config(config, environment={}).data, result.stderr


def panel_by(data: DataConfig, table: Path) -> Panel:
    panel, findings, _ = survey_panel(data, table)
    refuse(findings)
    return panel


def write(folder: Path, **columns: object) -> Path:
    path = folder / "table.csv"
    rows = len(next(iter(columns.values())))  # type: ignore[arg-type]
    pd.DataFrame({**columns, "sales": np.arange(rows) * 7 % 23}).to_csv(path, index=False)
    return path


CASE = {
    "year_week_columns.csv": ("%G %V", "W-MON", "2018-01-01", "2022-01-03"),
    "iso_weeks.csv": ("%G-W%V", "W-MON", "2018-01-01", "2022-01-03"),
    "year_quarter_columns.csv": ("%Y %q", "QS-JAN", "2008-01-01", "2020-01-01"),
    "quarters.csv": ("%YQ%q", "QS-JAN", "2008-01-01", "2020-01-01"),
    "year_month_name.csv": ("%Y %B", "MS", "2010-01-01", "2020-01-01"),
    "excel_serial_monthly.csv": ("excel", "MS", "2012-01-01", "2020-01-01"),
    "epoch_seconds.csv": ("seconds", "h", "2020-01-01", "2020-02-10 00:00:00+00:00"),
    "hour_24.csv": ("%Y/%m/%d %H:%M", "h", "2022-07-01 01:00:00", "2022-08-10 01:00:00"),
    "zone_letters.csv": (
        "%Y-%m-%d %H:%M:%S %Z", "h", "2017-10-20 02:00:00+02:00", "2017-11-19 01:00:00+01:00",
    ),
}  # fmt: skip


@needs_cases
@pytest.mark.parametrize("name", CASE)
def test_tables_of_people_are_read_from_first_to_last_and_forecast_from_there(
    name: str, folder: Path
) -> None:
    style, freq, first, next_one = CASE[name]
    table = case_file(name)
    data, said = init(table)
    assert (data.timestamp_format, data.freq, data.series_id) == (style, freq, None)
    assert f"read as {style}, freq {freq}" in said
    panel = panel_by(data, table)
    assert str(panel.layout.grid.stamps(np.array([0]))[0]).startswith(first)
    assert len(panel.values) == len(pd.read_csv(table))
    assert len(panel.layout.spans) == 2, "a gap"
    checked = invoke("check", "--config", Path("configs") / "found.yaml", "--json")
    assert json.loads(checked.stdout)["problems"] == []
    forecast = read_csv(invoke("quick", table, "--horizon", "3"))
    assert str(forecast["ds"].iloc[0]) == next_one


@needs_cases
def test_letters_of_zones_leave_no_gap_and_no_double_over_the_change(folder: Path) -> None:
    data, said = init(case_file("zone_letters.csv"))
    assert data.timezone == "Europe/Berlin"
    assert "the letters CEST, CET behind stamps are those of Europe/Berlin" in said
    assert (data.duplicates, data.gaps) == ("error", "error")


@needs_cases
def test_hour_24_is_told(folder: Path) -> None:
    _, said = init(case_file("hour_24.csv"))
    assert "hour 24 is 0:00 of the next day: 40 rows" in said
    checked = json.loads(invoke("check", case_file("hour_24.csv"), "--json").stdout)
    (told,) = (each for each in checked["findings"] if each["kind"] == "stamps")
    assert (told["level"], told["count"]) == ("note", 40)


# What is a time, and what only looks like one


WEEKS = pd.date_range("2018-01-01", periods=150, freq="W-MON")
HOURS = pd.date_range("2022-06-30 01:00", periods=200, freq="h")


@pytest.mark.parametrize(
    ("name", "unit", "style"),
    [
        ("foo", "s", "seconds"),
        ("event_time", "ms", "milliseconds"),
        ("openTime", "us", "microseconds"),
        ("x", "ns", "nanoseconds"),
    ],
)
def test_regular_moments_are_the_time_whatever_their_column_is_called(
    folder: Path, name: str, unit: str, style: str
) -> None:
    data, _ = init(write(folder, **{name: HOURS.as_unit(unit).asi8}))
    assert (data.timestamp, data.timestamp_format, data.freq) == (name, style, "h")


def test_two_columns_that_may_be_moments_are_left_to_the_user(folder: Path) -> None:
    moments = HOURS.as_unit("s").asi8
    table = write(folder, a=moments, b=moments + 60)
    _, said = init(table, expect=4)
    assert "no column looks like a time" in said
    assert "name one with --timestamp: a ('1656550800'), b ('1656550860'), sales ('0')" in said
    data, _ = init(table, "--timestamp", "a")
    assert data.timestamp_format == "seconds"


def test_prices_of_the_size_of_moments_are_no_time(folder: Path) -> None:
    prices = np.random.default_rng(0).integers(1_500_000_000, 1_700_000_000, 100)
    assert "no column looks like a time" in init(write(folder, revenue=prices), expect=4)[1]


def test_days_of_excel_need_a_name_of_a_date(folder: Path) -> None:
    data, _ = init(write(folder, step=np.arange(43_831, 43_931)))
    assert (data.timestamp_format, data.freq) == (None, "1")
    data, _ = init(write(folder, order_date=np.arange(43_831, 43_931)))
    assert (data.timestamp_format, data.freq) == ("excel", "D")
    assert (
        "no column looks like a time"
        in init(write(folder, week_sales=np.arange(43_831, 43_931)), expect=4)[1]
    )


def test_a_date_and_an_hour_that_ends_are_one_stamp(folder: Path) -> None:
    begins = HOURS - pd.Timedelta("1h")
    data, said = init(write(folder, date=begins.strftime("%Y-%m-%d"), hour=begins.hour + 1))
    assert data.timestamp == ("date", "hour")
    assert "hour 24 is 0:00 of the next day" in said
    stamps = panel_by(data, folder / "table.csv").layout.grid.stamps(np.arange(200))
    assert list(stamps) == list(HOURS)


@pytest.mark.parametrize(
    ("names", "styles"),
    [
        (("year", "week"), ("%G", "%V")),
        (("ISO_Year", "IsoWeek"), ("%G", "%V")),
        (("Jahr", "KW"), ("%G", "KW%V")),
    ],
)
def test_a_year_and_a_week_are_no_series(
    folder: Path, names: tuple[str, str], styles: tuple[str, str]
) -> None:
    columns = {name: WEEKS.strftime(style) for name, style in zip(names, styles, strict=True)}
    data, _ = init(write(folder, **columns))
    assert (data.timestamp, data.series_id, data.freq) == (names, None, "W-MON")


def test_hours_from_1_to_24_beside_a_year_a_month_and_a_day_are_told(folder: Path) -> None:
    begins = HOURS - pd.Timedelta("1h")
    parts = {"year": begins.year, "month": begins.month, "day": begins.day}
    table = write(folder, **parts, hour=begins.hour + 1, minute=24 * (begins.hour < 0))
    data, said = init(table)
    assert data.timestamp == ("year", "month", "day", "hour", "minute")
    assert f"hour 24 is 0:00 of the next day: {(HOURS.hour == 0).sum()} rows" in said
    assert list(panel_by(data, table).layout.grid.stamps(np.arange(200))) == list(HOURS)


def test_a_year_alone_counts_steps(folder: Path) -> None:
    data, _ = init(write(folder, year=np.arange(1900, 2000)))
    assert (data.timestamp, data.timestamp_format, data.freq) == ("year", None, "1")


def test_weeks_of_one_year_are_weeks(folder: Path) -> None:
    data, _ = init(write(folder, year=[2021] * 50, week=np.arange(1, 51)))
    assert (data.timestamp, data.freq) == (("year", "week"), "W-MON")


def test_columns_of_a_table_without_a_time_are_shown_with_a_cell_each(folder: Path) -> None:
    table = write(folder, **{f"c{k}": [f"word {k}"] * 20 for k in range(12)})
    _, said = init(table, expect=4)
    assert "c0 ('word 0'), c1 ('word 1')" in said
    assert "c9 ('word 9') and 3 more" in said


# Remedies


@pytest.mark.parametrize("style", ["pl: %B %Y", "hr: %B %Y"])
def test_a_name_of_several_months_is_settled_by_the_language(folder: Path, style: str) -> None:
    table = write(folder, when=[f"listopad {year}" for year in range(2000, 2020)])
    _, said = init(table, expect=4)
    assert "'listopad 2000' may be 2000-11-01 00:00:00 or 2000-10-01 00:00:00" in said
    assert "set data.timestamp_format: 'pl: %B %Y' or 'hr: %B %Y'" in said
    data, _ = init(table, "--timestamp-format", style)
    month = {"pl": 11, "hr": 10}[style[:2]]
    first = panel_by(data, table).layout.grid.stamps(np.array([0]))[0]
    assert first == pd.Timestamp(2000, month, 1)


def test_letters_of_several_zones_are_settled_by_both_remedies(folder: Path) -> None:
    table = write(folder, when=HOURS.strftime("%Y-%m-%d %H:%M CST"))
    _, said = init(table, expect=4)
    assert "CST behind a stamp may be that of America/Chicago (-06:00) or Asia/Shanghai" in said
    data, _ = init(table, "--timestamp-format", "%Y-%m-%d %H:%M CST")
    assert panel_by(data, table).layout.grid.zone is None
    for zone in ("America/Chicago", "Asia/Shanghai"):
        forecast = read_csv(
            invoke("quick", table, "--horizon", "2", "--set", f"data.timezone={zone}")
        )
        moment = pd.Timestamp(forecast["ds"].iloc[0])
        hours = {"America/Chicago": -6, "Asia/Shanghai": 8}[zone]
        ahead = pd.Timedelta(hours=hours)
        assert moment.tz_convert("UTC").tz_localize(None) == HOURS[-1] + pd.Timedelta("1h") - ahead


def test_steps_are_settled_where_numbers_look_like_dates(folder: Path) -> None:
    table = write(folder, date=np.arange(20_100, 20_200))
    _, said = init(table, expect=4)
    assert "set data.timestamp_format: 'excel' or 'days'" in said
    for style, first in (("excel", "1955-01-11"), ("days", "2025-01-12"), ("steps", "20100")):
        data, _ = init(table, "--timestamp-format", style)
        stamp = panel_by(data, table).layout.grid.stamps(np.array([0]))[0]
        assert str(stamp).startswith(first)


@pytest.mark.parametrize("style", ["second", "iso", "YYYY-MM-DD"])
def test_a_format_that_says_nothing_is_refused_with_what_there_is(folder: Path, style: str) -> None:
    table = write(folder, ds=HOURS)
    _, said = init(table, "--timestamp-format", style, expect=3)
    assert "data.timestamp_format: must be a format of strptime such as %d.%m.%Y %H:%M" in said
    config = folder / "c.yaml"
    config.write_text(
        "name: a\ndata: {path: table.csv, timestamp: ds, targets: sales, timestamp_format:"
        f" '{style}'}}\nwindows: {{horizon: 3}}\n"
    )
    result = CliRunner().invoke(app, ["check", "--config", str(config)])
    assert result.exit_code == 3
    assert "seconds, milliseconds, microseconds, nanoseconds, days, excel, steps" in result.stderr


# Written back


@pytest.mark.parametrize(
    ("style", "freq"),
    [
        ("%G-W%V", "W-MON"), ("%YQ%q", "QS-OCT"), ("%b-%y", "MS"), ("de: %B %Y", "MS"),
        ("fr: %d %b %Y", "D"), ("excel", "D"), ("seconds", "h"), ("nanoseconds", "15min"),
        ("%d.%m.%Y %H:%M %Z", "h"),
    ],
)  # fmt: skip
def test_rows_of_the_future_are_written_as_the_history_is_and_read_alike(
    folder: Path, style: str, freq: str
) -> None:
    zone = "Europe/Berlin" if "%Z" in style else None
    start = "2023-10-20" if zone else "1991-10-01"  # over the end of summer time
    stamps = pd.date_range(start, periods=400, freq=freq, tz=zone).as_unit("us")
    whole = written_stamps(stamps[:300], style)
    table = write(folder, date=whole, price=np.arange(300) % 5)
    data, _ = init(table, "--target", "sales")
    data = data.model_copy(
        update={"covariates": data.covariates.model_copy(update={"future": ("price",)})}
    )
    assert data.timestamp_format == style
    panel = panel_by(data, table)
    empty = future_table(panel, horizon=100, timestamp="date", series_columns=())
    empty = WrittenStamps(("date",), style).put_into(empty)
    assert list(empty["date"]) == list(written_stamps(stamps[300:], style))
    later = write(folder, date=[*whole, *empty["date"]], price=np.arange(400) % 5)
    longer = panel_by(data.model_copy(update={"future_rows": "keep"}), later)
    expected = panel.layout.grid.stamps(future_stamps(panel.layout, 100).ravel())
    assert list(longer.layout.grid.stamps(np.arange(300, 400))) == list(expected)


def test_rows_of_the_future_have_the_columns_that_hold_the_stamps(folder: Path) -> None:
    stamps = pd.date_range("2023-10-20", periods=400, freq="h").as_unit("us")
    dates, hours = stamps.strftime("%d.%m.%Y"), stamps.hour.astype("str")
    table = write(folder, date=dates[:300], hour=hours[:300], price=np.arange(300) % 5)
    data, _ = init(table, "--target", "sales")
    known = data.covariates.model_copy(update={"future": ("price",)})
    data = data.model_copy(update={"covariates": known})
    panel, written = panel_by(data, table), written_as(data)
    assert written is not None
    empty = written.put_into(
        future_table(panel, horizon=100, timestamp="date hour", series_columns=())
    )
    assert list(empty.columns) == ["date", "hour", "price"]
    later = write(
        folder,
        date=[*dates[:300], *empty["date"]],
        hour=[*hours[:300], *empty["hour"]],
        price=np.arange(400) % 5,
    )
    longer = panel_by(data.model_copy(update={"future_rows": "keep"}), later)
    assert list(longer.layout.grid.stamps(np.arange(300, 400))) == list(stamps[300:])
