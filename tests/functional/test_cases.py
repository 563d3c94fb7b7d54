"""Tables as people really have them: what ``init`` writes reads them as they were meant."""

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from lstm_forecast.commands.check import check
from lstm_forecast.commands.init import init
from lstm_forecast.commands.predict import predict
from lstm_forecast.config.loading import load_config
from lstm_forecast.config.table import DataConfig
from lstm_forecast.errors import DataError
from lstm_forecast.panel.panel import Panel
from lstm_forecast.panel.survey import survey_panel
from tests.benchmarks.files import CASES
from tests.functional.conftest import train_all

TINY = """
windows: {context_length: 6, horizon: 2, normalisation: last, evaluation_stride: 50}
preprocessing: {log: false}
model: {units: 2, segment_length: 1, segment_units: 0, linear: ridge, ensemble: 1, levels: []}
training: {epochs: 0, batch_size: 256, steps_per_epoch: 1, refit: false, fallback: false}
"""
needs_cases = pytest.mark.skipif(not CASES.exists(), reason="the shared cases are not here")


@dataclass(frozen=True)
class Case:
    """What a table is."""

    freq: str
    rows: int
    first: str
    next: str  # the first stamp that is forecast
    series: int = 1
    moved: bool = False  # whether stamps are put on the grid


READ = {
    "business_hours.csv": Case("h", 1143, "2021-01-04 09:00:00", "2021-06-30 09:00:00"),
    "closed_sundays.csv": Case("D", 429, "2022-01-03", "2023-05-18"),
    "counts.csv": Case("D", 730, "2018-01-01", "2020-01-01"),
    "demo.tsf": Case("MS", 300, "1990-01-01", "1998-05-01", series=3),
    "epoch_seconds.csv": Case("h", 960, "2020-01-01 00:00:00+00:00", "2020-02-10 00:00:00+00:00"),
    "excel_serial_monthly.csv": Case("MS", 96, "2012-01-01", "2020-01-01"),
    "footer.csv": Case("MS", 144, "1949-01-01", "1961-01-01"),
    "hour_24.csv": Case("h", 960, "2022-07-01 01:00:00", "2022-08-10 01:00:00"),
    "hz100.csv": Case("10ms", 3000, "2021-08-02", "2021-08-02 00:00:30"),
    "iso_weeks.csv": Case("W-MON", 209, "2018-01-01", "2022-01-03"),
    "jitter_20min.csv": Case("20min", 648, "2021-02-20", "2021-03-01", moved=True),
    "monthly_day15.csv": Case("MS-15", 96, "2012-01-15", "2020-01-15"),
    "preamble.csv": Case("D", 500, "2019-01-01", "2020-05-15"),
    "price_export.csv": Case("B", 500, "2019-01-01", "2020-12-01"),
    "quarters.csv": Case("QS-JAN", 48, "2008-01-01", "2020-01-01"),
    "records.jsonl": Case("D", 100, "2020-01-01", "2020-04-10"),
    "row_per_series_m5.csv": Case("1", 600, "1", "201", series=3),
    "sales.xlsx": Case("D", 300, "2020-01-01", "2020-10-27"),
    "semi_monthly.csv": Case("SMS-15", 96, "2012-01-01", "2016-01-01"),
    "some_thousands.csv": Case("D", 400, "2022-01-01", "2023-02-05"),
    "thousands.csv": Case("B", 500, "2019-01-01", "2020-12-01"),
    "trading_days.csv": Case("B", 747, "2020-01-02", "2022-12-27"),
    "two_keys.csv": Case("D", 1200, "2013-01-01", "2013-07-20", series=6),
    "year_by_month.csv": Case("MS", 480, "1980-01-01", "2020-01-01"),
    "year_month_name.csv": Case("MS", 120, "2010-01-01", "2020-01-01"),
    "year_quarter_columns.csv": Case("QS-JAN", 48, "2008-01-01", "2020-01-01"),
    "year_week_columns.csv": Case("W-MON", 209, "2018-01-01", "2022-01-03"),
    "zone_letters.csv": Case("h", 720, "2017-10-20 02:00:00+02:00", "2017-11-19 01:00:00+01:00"),
}


@needs_cases
@pytest.mark.parametrize("name", READ)
def test_init_asks_nothing_and_every_row_stands_where_it_was_meant(
    tmp_path: Path, name: str
) -> None:
    case, config = READ[name], tmp_path / "a.yaml"
    assert init(CASES / name, output=config).questions == ()
    data = load_config(config, environment={}).data
    panel, findings, table = survey_panel(data, CASES / name)
    layout = panel.layout
    newest = layout.ordinals(layout.offsets[1:] - 1).max()
    stamps = layout.grid.stamps(np.array([layout.first[0], newest + 1]))
    assert [str(stamp).removesuffix(" 00:00:00") for stamp in stamps] == [case.first, case.next]
    assert (layout.grid.freq, len(layout.ids)) == (case.freq, case.series)
    assert len(panel.values) == len(table.frame) == case.rows
    kinds = {finding.kind for finding in findings if finding.level == "settled"}
    assert kinds <= {"unsorted", "missing", "sentinels", *(["off_grid"] if case.moved else [])}


@pytest.fixture(scope="session")
def runs(once: Callable[[str, Callable[[Path], None]], Path]) -> Path:
    """The configs that ``init`` wrote for the cases, each trained for no epoch."""

    def fill(directory: Path) -> None:
        for name in READ:
            config = directory / f"{name.partition('.')[0]}.yaml"
            init(CASES / name, output=config)
            data, _, _ = config.read_text(encoding="utf-8").partition("\nwindows:")
            config.write_text(f"{data}{TINY}", encoding="utf-8")
        configs = (["-c", f"{name.partition('.')[0]}.yaml"] for name in READ)
        (directory / "stderr.txt").write_text(train_all(directory, *configs))

    return once("cases", fill)


@needs_cases
@pytest.mark.parametrize("name", READ)
def test_check_finds_nothing_and_forecasts_go_on_behind_the_last_value(
    runs: Path, name: str
) -> None:
    case, stem = READ[name], name.partition(".")[0]
    config = load_config(runs / f"{stem}.yaml", environment={})
    assert check(CASES / name, config=config).problems == ()
    made = predict(runs=runs / "runs", name=stem).table
    stamps = [str(stamp).removesuffix(" 00:00:00") for stamp in made["ds"]]
    assert case.next in stamps
    assert made["unique_id"].nunique() <= case.series
    assert len(made) == 2 * made["unique_id"].nunique()
    assert np.isfinite(made[stem]).all()


# Kinds that are in no shared case


def table_of(folder: Path, header: str, rows: Iterable[str]) -> Path:
    path = folder / "t.csv"
    path.write_text("\n".join([header, *rows, ""]), encoding="utf-8")
    return path


def read_by_init(folder: Path, table: Path) -> tuple[DataConfig, Panel]:
    assert init(table, output=folder / "t.yaml", force=True).questions == ()
    data = load_config(folder / "t.yaml", environment={}).data
    return data, survey_panel(data, table)[0]


def test_years_of_two_digits_are_no_far_future(tmp_path: Path) -> None:
    months = pd.date_range("1950-01-01", periods=240, freq="MS").strftime("%b-%y")
    rows = [f"{month},{k % 7}" for k, month in enumerate(months)]
    _, panel = read_by_init(tmp_path, table_of(tmp_path, "Month,CPI", rows))
    assert str(panel.layout.grid.stamps(np.array([0]))[0]) == "1950-01-01 00:00:00"
    assert len(panel.values) == 240


@pytest.mark.parametrize("name", ["HE", "HH", "Hora", "Hour Ending"])
def test_hours_in_a_column_of_their_own_are_no_series(tmp_path: Path, name: str) -> None:
    days = pd.date_range("2023-01-01", periods=12).strftime("%Y-%m-%d")
    rows = [f"{day},{hour},{hour % 5}" for day in days for hour in range(1, 25)]
    data, panel = read_by_init(tmp_path, table_of(tmp_path, f"Date,{name},Load", rows))
    assert (data.series_id, panel.layout.grid.freq, len(panel.values)) == (None, "h", 288)


PERIODS = ("Settlement Period", "Period", "Interval", "TimeInterval")


@pytest.mark.parametrize("name", PERIODS)
def test_a_part_of_the_time_that_is_not_known_names_no_series(tmp_path: Path, name: str) -> None:
    days = pd.date_range("2023-01-01", periods=6).strftime("%Y-%m-%d")
    rows = [f"{day},{part},{part % 5}" for day in days for part in range(1, 37)]
    table = table_of(tmp_path, f"Date,{name},Demand", rows)
    questions = init(table, output=tmp_path / "t.yaml").questions
    assert {each.kind for each in questions} == {"duplicates"}


@pytest.mark.parametrize("name", PERIODS)
def test_numbered_half_hours_are_a_part_of_the_time(tmp_path: Path, name: str) -> None:
    days = pd.date_range("2023-01-01", periods=6).strftime("%Y-%m-%d")
    rows = [f"{day},{part},{part % 5}" for day in days for part in range(1, 49)]
    data, panel = read_by_init(tmp_path, table_of(tmp_path, f"Date,{name},Demand", rows))
    assert (data.series_id, panel.layout.grid.freq, len(panel.values)) == (None, "30min", 288)


@pytest.mark.parametrize(
    ("header", "target"),
    [
        ("Date,Year,Month,Weekday,Customers", "Customers"),
        ("Date,id,amount", "amount"),
        ("Date,Invoice No,Amount", "Amount"),
    ],
)
def test_numbers_of_rows_and_parts_of_dates_are_not_what_is_forecast(
    tmp_path: Path, header: str, target: str
) -> None:
    days = pd.date_range("2023-01-01", periods=90)
    others = header.count(",") - 1
    rows = [
        ",".join([str(day.date()), *(str(day.month + 3 * k) for _ in range(others)), str(k % 7)])
        for k, day in enumerate(days)
    ]
    data, _ = read_by_init(tmp_path, table_of(tmp_path, header, rows))
    assert data.targets == (target,)


def test_a_table_without_names_of_columns_is_refused(tmp_path: Path) -> None:
    days = pd.date_range("2023-01-01", periods=90).strftime("%Y-%m-%d")
    first, *rows = [f"{day},{k % 7}.5" for k, day in enumerate(days)]
    with pytest.raises(DataError, match=r"the first line, 2023-01-01, 0.5, seems to be a row"):
        init(table_of(tmp_path, first, rows), output=tmp_path / "t.yaml")


MONTHS = pd.date_range("2015-01-01", periods=60, freq="MS")


@pytest.mark.parametrize(
    ("header", "style"),
    [
        ("Monat;Absatz", "%m.%Y;"),
        ("año,mes,ventas", "%Y,%m,"),
        ("année;mois;ventes", "%Y;%m;"),
        ("rok;miesiąc;popyt", "%Y;%m;"),
        ("Fecha;Ventas", "%Y%m;"),
    ],
)
def test_columns_of_a_time_are_known_in_other_languages(
    tmp_path: Path, header: str, style: str
) -> None:
    rows = [f"{month}{k % 7 + 3}" for k, month in enumerate(MONTHS.strftime(style))]
    _, panel = read_by_init(tmp_path, table_of(tmp_path, header, rows))
    assert (panel.layout.grid.freq, len(panel.values)) == ("MS", 60)
    assert str(panel.layout.grid.stamps(np.array([0]))[0]) == "2015-01-01 00:00:00"


@pytest.mark.parametrize("style", ["%b-%y", "%m/%Y", "%B %Y", "%d %b %Y"])
def test_totals_and_notes_below_months_are_left_out(tmp_path: Path, style: str) -> None:
    rows = [f"{month},{k % 7 + 3}" for k, month in enumerate(MONTHS.strftime(style))]
    table = table_of(tmp_path, "Month,Sales", [*rows, "Total,360", "Source: the office"])
    data, panel = read_by_init(tmp_path, table)
    assert (data.csv.footer, len(panel.values)) == (2, 60)


def test_a_currency_before_brackets_is_a_unit_and_the_brackets_a_sign(tmp_path: Path) -> None:
    cells = [f"$({k}.50)" if k % 3 else f"$ {k}.50" for k in range(1, 61)]
    days = pd.date_range("2023-01-01", periods=60).strftime("%Y-%m-%d")
    rows = [f"{day},{cell}" for day, cell in zip(days, cells, strict=True)]
    data, panel = read_by_init(tmp_path, table_of(tmp_path, "Date,Net", rows))
    assert data.units == {"Net": {"$": 1.0}}
    assert list(panel.values[:3, 0]) == [-1.5, -2.5, 3.5]


def test_halves_of_a_day_may_have_letters_of_a_zone_behind_them(tmp_path: Path) -> None:
    hours = pd.date_range("2022-01-01", periods=600, freq="h").strftime("%m/%d/%Y %I:%M %p EST")
    rows = [f"{hour},{k % 7}" for k, hour in enumerate(hours)]
    _, panel = read_by_init(tmp_path, table_of(tmp_path, "when,load", rows))
    first = panel.layout.grid.stamps(np.array([0]))[0]
    assert (panel.layout.grid.freq, str(first)) == ("h", "2022-01-01 00:00:00-05:00")
