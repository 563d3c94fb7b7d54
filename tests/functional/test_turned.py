"""Tables with a row for each series, or for each year or day, from the first look to a forecast."""

import json
import shutil
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from typer.testing import CliRunner, Result

from lstm_forecast.cli import app
from lstm_forecast.commands.init import init
from lstm_forecast.config.loading import Argument, load_config
from lstm_forecast.config.table import DataConfig
from lstm_forecast.errors import ConfigError, DataError
from lstm_forecast.panel.panel import Panel
from lstm_forecast.panel.survey import survey_panel
from lstm_forecast.tables.first_look import first_look
from tests.benchmarks.files import CASES, DATA
from tests.unit.tables.books import write_xlsx

needs_cases = pytest.mark.skipif(not CASES.exists(), reason="the shared cases are not here")
needs_shared = pytest.mark.skipif(not DATA.exists(), reason="the shared data sets are not here")
TINY = (
    "training.epochs=1", "training.refit=false", "training.fallback=false", "model.ensemble=1",
    "model.units=4", "model.segment_length=1", "windows.context_length=24",
    "windows.normalisation=last",
)  # fmt: skip
MONTHS = [f"{month:%b}" for month in pd.date_range("2001", periods=12, freq="MS")]
DAYS = pd.date_range("2020-01-22", periods=40)


def forecast(*arguments: str | Path) -> Result:
    return CliRunner().invoke(app, list(map(str, arguments)))


def written(folder: Path, frame: pd.DataFrame, name: str = "t.csv") -> Path:
    frame.to_csv(folder / name, index=False)
    return folder / name


def layout(value: str) -> Argument:
    return Argument("--set", ("data", "layout"), value)


def read(table: Path, *settings: Argument) -> tuple[DataConfig, Panel, list[str]]:
    """What ``init`` makes of a table without a question, its panel, and what was found."""
    config = table.with_suffix(".yaml")
    result = init(table, output=config, settings=settings, force=True)
    assert result.questions == ()
    data = load_config(config, environment={}).data
    return data, survey_panel(data, table)[0], result.findings


def refused(table: Path, *settings: Argument) -> str:
    with pytest.raises(DataError) as caught:
        read(table, *settings)
    return str(caught.value)


def by_series(header: list[str], **columns: list[object]) -> pd.DataFrame:
    """A table with a row for each of a few shops, beside their names or other ``columns``."""
    columns = columns or {"shop": ["north", "south", "west"]}
    n_rows = len(next(iter(columns.values())))
    values = np.arange(n_rows * len(header)).reshape(n_rows, -1) % 17 + 3
    beside, cells = pd.DataFrame(columns), pd.DataFrame(values, columns=header)
    return pd.concat([beside, cells], axis=1)


def by_year(header: list[str] = MONTHS, column: str = "Year", years: int = 10) -> pd.DataFrame:
    values = np.arange(years * len(header)).reshape(years, -1) % 13 + 2
    frame = pd.DataFrame(values, columns=header)
    frame.insert(0, column, range(2001, 2001 + years))
    return frame


# From the file to the forecast


@needs_cases
@pytest.mark.parametrize(
    ("case", "series_id", "first"),
    [("row_per_series_m5", "id", "201"), ("year_by_month", None, "2020-01-01")],
)
def test_a_table_turned_round_is_checked_learned_and_forecast(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, case: str, series_id: str | None, first: str
) -> None:
    monkeypatch.chdir(tmp_path)
    shutil.copy(CASES / f"{case}.csv", tmp_path)
    config = Path(f"configs/{case}.yaml")
    assert forecast("init", f"{case}.csv", "--horizon", "6").exit_code == 0
    data = load_config(config, environment={}).data
    assert (data.series_id, data.targets) == (series_id, ("value",))
    assert forecast("check", f"{case}.csv").exit_code == 0
    assert forecast("check", "--config", config).exit_code == 0
    assert forecast("train", "--config", config, *(f"--set={each}" for each in TINY)).exit_code == 0
    forecast("predict", "--output", "a.csv")
    table = pd.read_csv("a.csv", dtype={"ds": "str"})
    assert table.groupby("unique_id")["ds"].first().unique().tolist() == [first]
    assert len(table) == 6 * table["unique_id"].nunique()

    newer = pd.read_csv(f"{case}.csv")
    if series_id:
        later = pd.DataFrame({"d_201": [5, 6, 7], "d_202": [7, 6, 5]})
        newer = pd.concat([newer, later], axis=1)
    else:  # the year is not over yet
        newer.loc[len(newer)] = [2020, 14.0, 19.0, *[np.nan] * 10]
    newer.astype({"Year": int} if series_id is None else {}).to_csv("newer.csv", index=False)
    assert forecast("predict", "--data", "newer.csv", "--output", "b.csv").exit_code == 0
    ahead = pd.read_csv("b.csv", dtype={"ds": "str"})
    assert ahead["ds"].iloc[0] == ("203" if series_id else "2020-03-01")


@needs_cases
def test_quick_forecasts_a_table_turned_round() -> None:
    result = forecast("quick", CASES / "year_by_month.csv", "--horizon", "2", "--json")
    assert result.exit_code == 0
    assert "2020-01-01" in result.stdout


# Stamps and steps in the header


@pytest.mark.parametrize(
    ("header", "freq", "first", "last"),
    [
        ([f"{d.month}/{d.day}/{d:%y}" for d in DAYS], "D", "2020-01-22", "2020-03-01"),
        ([f"X{d:%Y.%m.%d}" for d in DAYS], "D", "2020-01-22", "2020-03-01"),
        ([f"{d:%d.%m.%Y}" for d in DAYS[::-1]], "D", "2020-01-22", "2020-03-01"),
        ([f"{d:%b-%y}" for d in DAYS[:1].union(pd.date_range("2020-02", periods=30, freq="MS"))],
         "MS", "2020-01-01", "2022-07-01"),
        ([f"{2008 + k // 4}Q{k % 4 + 1}" for k in range(24)], "QS-JAN", "2008-01-01", "2013-10-01"),
        ([f"2020-W{k:02}" for k in range(1, 54)], "W-MON", "2019-12-30", "2020-12-28"),
        ([str(year) for year in range(1990, 2020)], "1", "1990", "2019"),
        ([f"V{k}" for k in range(2, 40)], "1", "2", "39"),
        ([f"t+{k}" for k in range(1, 40)], "1", "1", "39"),
    ],
)  # fmt: skip
def test_names_of_columns_are_stamps_or_steps(
    tmp_path: Path, header: list[str], freq: str, first: str, last: str
) -> None:
    data, panel, _ = read(written(tmp_path, by_series(header)))
    grid = panel.layout.grid
    ends = grid.stamps(panel.layout.ordinals(np.array([0, len(panel.values) - 1])))
    assert (data.layout, data.timestamp, data.targets) == ("wide", "time", ("value",))
    assert (grid.freq, panel.layout.ids) == (freq, ("north", "south", "west"))
    assert [str(stamp).removesuffix(" 00:00:00") for stamp in ends] == [first, last]


def test_a_year_of_four_digits_is_a_date_where_the_format_says_so(tmp_path: Path) -> None:
    table = written(tmp_path, by_series([str(year) for year in range(1990, 2020)]))
    style = Argument("--timestamp-format", ("data", "timestamp_format"), "%Y")
    assert read(table, style)[1].layout.grid.freq == "YS-JAN"


def test_names_with_two_readings_are_refused_with_formats_that_decide(tmp_path: Path) -> None:
    header = [f"{d.month}/{d.day}/{d:%y}" for d in pd.date_range("2020-01-01", periods=12)]
    table = written(tmp_path, by_series(header))
    assert "t.csv:1: column time: '1/2/20' may have the month or the day first" in refused(table)
    style = Argument("--timestamp-format", ("data", "timestamp_format"), "%m/%d/%y")
    assert read(table, style)[1].layout.grid.freq == "D"


def test_columns_beside_are_a_key_and_constants(tmp_path: Path) -> None:
    header = [f"{d:%Y-%m-%d}" for d in DAYS]
    columns: dict[str, list[object]] = {
        "region": ["a", "a", "b"], "shop": ["x", "y", "z"], "size": [1.5, 2.5, 9.0],
    }  # fmt: skip
    frame = by_series(header, **columns)
    frame["Total"] = frame[header].sum(axis=1)
    look = first_look(written(tmp_path, frame))
    assert (look.data.series_id, look.roles.static) == ("shop", ("region", "size"))
    assert any("Total: the sum of" in finding.text for finding in look.findings)


def test_a_static_column_of_a_table_turned_round_is_read(tmp_path: Path) -> None:
    table = written(
        tmp_path, by_series([f"d_{k}" for k in range(1, 40)], id=["x", "y"], kind=[3, 8])
    )
    data, _, _ = read(table)
    data = data.model_copy(
        update={"covariates": data.covariates.model_copy(update={"static": ("kind",)})}
    )
    panel, _, _ = survey_panel(data, table)
    assert np.unique(panel.values[:, panel.columns.index("kind")]).tolist() == [3, 8]


def test_two_columns_that_only_together_name_rows_are_the_keys(tmp_path: Path) -> None:
    header = [f"{d:%Y-%m-%d}" for d in DAYS]
    frame = by_series(header, province=["a", "a", "b"], country=["x", "y", "x"])
    data, panel, _ = read(written(tmp_path, frame))
    assert data.series_id == ("province", "country")
    assert panel.layout.ids == ("a/x", "a/y", "b/x")
    frame.insert(0, "place", frame["province"] + " " + frame["country"])
    assert read(written(tmp_path, frame))[0].series_id == "place"


def test_rows_without_a_value_are_told(tmp_path: Path) -> None:
    frame = by_series([f"d_{k}" for k in range(1, 40)]).astype({"d_3": "float"})
    frame.iloc[1, 1:] = np.nan
    _, panel, findings = read(written(tmp_path, frame))
    assert panel.layout.ids == ("north", "west")
    assert any("t.csv:3: a row without a value" in each for each in findings)


def test_a_stamp_written_in_another_way_than_the_others_is_not_lost(tmp_path: Path) -> None:
    header = [f"d_{k}" for k in range(1, 40)]
    table = written(tmp_path, by_series(header))
    data, _, _ = read(table)
    written(tmp_path, by_series([*header, "d40"]))
    with pytest.raises(DataError, match="column d40: not written as d_1"):
        survey_panel(data, table)
    assert "column d40: not written as d_1" in refused(table)
    written(tmp_path, by_series([*header, "d_40"]))
    assert len(survey_panel(data, table)[0].values) == 3 * 40


def test_a_text_among_values_is_told_by_a_key_that_settles_it(tmp_path: Path) -> None:
    frame = by_series([f"d_{k}" for k in range(1, 40)])
    table = written(tmp_path, frame)
    data, _, _ = read(table)
    written(tmp_path, frame.astype("str").replace({"d_7": {"9": "9 kg"}}))
    with pytest.raises(DataError) as caught:
        survey_panel(data, table)
    assert "t.csv:2: column d_7: column value: expected a number, received '9 kg'" in str(
        caught.value
    )
    assert "data.units: {'value': {'': 1, 'kg': 1}}" in str(caught.value)
    settled = data.model_copy(update={"units": {"value": {"": 1.0, "kg": 1.0}}})
    assert survey_panel(settled, table)[0].values[6, 0] == 9


# Parts of stamps in the header


def test_columns_of_sums_and_means_are_named_and_left_out(tmp_path: Path) -> None:
    frame = by_year()
    frame["Annual"] = frame[MONTHS].mean(axis=1).round(2)
    data, panel, findings = read(written(tmp_path, frame))
    assert (data.layout, data.timestamp_format, len(panel.values)) == ("calendar", "%Y %b", 120)
    assert any("Annual: the mean of Jan to Dec, and left out" in each for each in findings)


def test_a_column_that_nothing_explains_is_asked_for_and_the_layout_decides(
    tmp_path: Path,
) -> None:
    table = written(tmp_path, by_year().assign(Station=[7, 7, 9, 2, 2, 2, 5, 1, 4, 8]))
    assert "t.csv:2: column Station: beside Jan to Dec" in refused(table)
    assert len(read(table, layout("calendar"))[1].values) == 120
    assert read(table, layout("rows"))[0].targets == ("Jan",)


def test_the_end_of_a_year_that_is_not_over_holds_no_rows(tmp_path: Path) -> None:
    frame = by_year().astype(dict.fromkeys(MONTHS, "float"))
    frame.iloc[-1, 4:] = np.nan
    frame.iloc[3, 5] = np.nan
    table = written(tmp_path, frame)
    data = first_look(table).data.model_copy(update={"missing": "ffill"})
    panel, findings, _ = survey_panel(data, table)
    assert len(panel.values) == 9 * 12 + 3
    assert [(each.kind, each.count) for each in findings if each.level == "settled"] == [
        ("missing", 1)
    ]


@pytest.mark.parametrize("hours", [range(24), range(1, 25)])
@pytest.mark.parametrize("style", ["%d.%m.%Y", "%Y-%m-%d 00:00:00", "%Y-%m-%dT00:00"])
def test_hours_of_days_in_the_header_are_hours(tmp_path: Path, hours: range, style: str) -> None:
    frame = by_year(list(map(str, hours)), "date", years=5)
    frame["date"] = pd.date_range("2021-05-28", periods=5).strftime(style)
    _, panel, _ = read(written(tmp_path, frame))
    stamps = panel.layout.stamps(np.array([0, len(panel.values) - 1]))
    first = pd.Timestamp("2021-05-28") + pd.Timedelta(hours=hours[0])
    assert list(stamps) == [first, first + pd.Timedelta(hours=119)]


def test_an_empty_cell_in_the_hour_that_a_clock_skips_is_no_row(tmp_path: Path) -> None:
    frame = by_year([str(hour) for hour in range(24)], "date", years=4).astype({"2": "float"})
    frame["date"] = ["2021-03-26", "2021-03-27", "2021-03-28", "2021-03-29"]
    frame.loc[2, "2"] = np.nan
    table = written(tmp_path, frame)
    data = first_look(table).data.model_copy(update={"timezone": "Europe/Vienna", "freq": "h"})
    panel, findings, _ = survey_panel(data, table)
    assert len(panel.values) == 95
    assert [each for each in findings if each.level == "refused"] == []


def test_stations_of_a_calendar_are_series(tmp_path: Path) -> None:
    frame = pd.concat([by_year().assign(place="b"), by_year().assign(place="a")])
    data, panel, _ = read(written(tmp_path, frame))
    assert (data.series_id, panel.layout.ids) == ("place", ("a", "b"))


def test_workbooks_are_turned_round_as_text_files_are(tmp_path: Path) -> None:
    header = ["shop", *(day.to_pydatetime() for day in DAYS[:24])]
    rows = [header, ["a", *range(24)], ["b", None, *range(23)]]
    data, panel, _ = read(write_xlsx(tmp_path / "t.xlsx", {"Sheet1": rows}))
    assert (data.layout, panel.layout.grid.freq, len(panel.values)) == ("wide", "D", 47)


def test_days_with_two_readings_are_refused_with_formats_that_decide(tmp_path: Path) -> None:
    frame = by_year([str(hour) for hour in range(24)], "date", years=5)
    frame["date"] = [f"{day:%d/%m/%Y}" for day in pd.date_range("2021-05-03", periods=5)]
    table = written(tmp_path, frame)
    assert "t.csv:2: column date: '03/05/2021' may have the month or the day" in refused(table)
    style = Argument("--timestamp-format", ("data", "timestamp_format"), "%d/%m/%Y")
    data, panel, _ = read(table, style)
    assert (data.timestamp_format, panel.layout.grid.freq) == ("%d/%m/%Y %H", "h")


def test_a_year_that_is_none_is_refused_where_it_stands(tmp_path: Path) -> None:
    table = written(
        tmp_path, by_year(years=30).astype({"Year": "str"}).replace({"Year": {"2005": "05"}})
    )
    assert "t.csv:6: column Jan: column Year: expected a stamp like %Y %b" in refused(table)


def test_several_files_have_one_header(tmp_path: Path) -> None:
    (tmp_path / "t").mkdir()
    written(tmp_path / "t", by_year(years=3), "a.csv")
    later = by_year(years=3).assign(Year=[2004, 2005, 2006])
    written(tmp_path / "t", later, "b.csv")
    assert len(read(tmp_path / "t")[1].values) == 72
    written(tmp_path / "t", later.drop(columns="Dec"), "b.csv")
    assert "b.csv: not the columns of the first file" in refused(tmp_path / "t")


def test_hours_in_rows_below_days_are_refused(tmp_path: Path) -> None:
    hours = [f"{hour:02}:00" for hour in range(24)]
    frame = by_series([f"{day:%Y-%m-%d}" for day in DAYS], Hour=hours)
    assert "00:00 to 23:00 seem to be hours of the columns 2020-01-22 to 2020-03-01" in refused(
        written(tmp_path, frame)
    )
    assert len(read(tmp_path / "t.csv", layout("wide"))[1].layout.ids) == 24


# Tables that are not turned round


@pytest.mark.parametrize(
    ("header", "other"),
    [(["2019", "2020", "2021"], "wide"), ([str(k) for k in range(1, 13)], "wide")],
)
def test_columns_of_numbers_beside_a_date_stay_values_and_the_other_reading_is_named(
    tmp_path: Path, header: list[str], other: str
) -> None:
    table = written(tmp_path, by_series(header, date=[f"{day:%Y-%m-%d}" for day in DAYS]))
    data, _, findings = read(table)
    assert (data.layout, data.timestamp, data.targets) == (None, "date", (header[0],))
    assert any(f"set data.layout: {other}" in each for each in findings)
    assert read(table, layout(other))[0].series_id == "date"


def test_a_column_for_each_series_is_several_targets(tmp_path: Path) -> None:
    frame = by_series(["shop_1", "shop_2", "shop_3"], date=[f"{day:%Y-%m-%d}" for day in DAYS])
    look = first_look(written(tmp_path, frame))
    assert (look.data.layout, look.roles.values) == (None, ("shop_1", "shop_2", "shop_3"))
    assert [each for each in look.findings if each.kind == "layout"] == []


@needs_shared
def test_the_shared_tables_are_rows(tmp_path: Path) -> None:
    names = ("exchange_rate", "national_illness", "daily_min_temperatures", "stocks_daily")
    looks = [first_look(DATA / f"{name}.csv.gz") for name in names]
    assert [look.data.layout for look in looks] == [None] * len(names)


def test_a_layout_that_the_header_does_not_have_is_refused_with_what_it_needs(
    tmp_path: Path,
) -> None:
    table = written(tmp_path, by_year(["a", "b", "c"]))
    for each in ("wide", "calendar"):
        assert f"data.layout: {each}: expected 3 or more names of columns" in refused(
            table, layout(each)
        )


def test_check_reads_a_layout_as_it_is_told(tmp_path: Path) -> None:
    table = written(tmp_path, by_year())
    result = forecast("check", table, "--set", "data.layout=rows", "--json")
    assert json.loads(result.stdout)["facts"]["columns"]["targets"] == ["Jan"]
    assert json.loads(forecast("check", table, "--json").stdout)["facts"]["rows"] == 120


def test_more_than_one_value_of_a_stamp_has_no_place_in_such_a_table() -> None:
    with pytest.raises((ConfigError, ValueError), match="holds one value of a stamp"):
        DataConfig(path="a.csv", timestamp="time", targets=("a", "b"), layout="wide")
