"""Headers as people have them: padded, of several lines, below titles and beside totals."""

import json
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from lstm_forecast.commands.init import init
from lstm_forecast.config.loading import load_config
from lstm_forecast.config.table import DataConfig
from lstm_forecast.errors import DataError
from lstm_forecast.panel.panel import Panel
from lstm_forecast.panel.survey import survey_panel
from lstm_forecast.tables.first_look import first_look
from lstm_forecast.tables.read import column_names
from lstm_forecast.tables.source import given_source
from tests.unit.tables.books import write_xlsx

DAYS = pd.date_range("2023-01-01", periods=120)
VALUES = np.arange(120) % 7 + 0.5
PADDED = pd.DataFrame({" day": DAYS.astype("str"), "  y ": VALUES, "shop\t": "a"})
FORMATS = ["csv", "xlsx", "parquet", "jsonl", "feather"]
MONTHS = pd.date_range("2021-01-01", periods=36, freq="MS")


def written(folder: Path, suffix: str, frame: pd.DataFrame = PADDED) -> Path:
    path = folder / f"t.{suffix}"
    if suffix == "csv":
        frame.to_csv(path, index=False)
    elif suffix == "xlsx":
        write_xlsx(path, {"S": [list(frame), *frame.to_numpy().tolist()]})
    elif suffix == "jsonl":
        frame.to_json(path, orient="records", lines=True)
    else:
        (frame.to_parquet if suffix == "parquet" else frame.to_feather)(path)
    return path


def lines(folder: Path, *rows: str, name: str = "t.csv") -> Path:
    path = folder / name
    path.write_text("\n".join(rows) + "\n", encoding="utf-8")
    return path


def book(folder: Path, *rows: list[object]) -> Path:
    cells = [[None if cell == "" else cell for cell in row] for row in rows]
    return write_xlsx(folder / "t.xlsx", {"S": cells})


def read(table: Path) -> tuple[DataConfig, Panel]:
    """The config that ``init`` writes without a question, and its panel."""
    assert init(table, output=table.with_name("t.yaml"), force=True).questions == ()
    data = load_config(table.with_name("t.yaml"), environment={}).data
    return data, survey_panel(data, table)[0]


@pytest.mark.parametrize("suffix", FORMATS)
def test_names_of_columns_have_no_blanks_around_them(tmp_path: Path, suffix: str) -> None:
    data, panel = read(written(tmp_path, suffix))
    assert (data.timestamp, data.targets) == ("day", ("y",))
    np.testing.assert_array_equal(panel.values[:, 0], VALUES)


def test_names_of_a_frame_have_no_blanks_around_them() -> None:
    data = first_look(given_source(PADDED)).data
    assert (data.timestamp, data.targets) == ("day", ("y",))


@pytest.mark.parametrize("suffix", FORMATS)
@pytest.mark.parametrize("target", ["  y ", " y"])
def test_a_config_that_names_columns_with_blanks_finds_them(
    tmp_path: Path, suffix: str, target: str
) -> None:
    table = written(tmp_path, suffix)
    data = DataConfig(path=str(table), timestamp=" day", targets=(target,), freq="D")
    panel = survey_panel(data, table)[0]
    np.testing.assert_array_equal(panel.values[:, 0], VALUES)


def test_names_that_only_blanks_tell_apart_keep_them(tmp_path: Path) -> None:
    assert column_names(lines(tmp_path, "day,y, y, z", "2024-01-01,1,2,3")) == [
        "day", "y", " y", "z",
    ]  # fmt: skip


def test_a_padded_header_in_quotes_over_two_lines_is_one(tmp_path: Path) -> None:
    rows = [f"{day:%Y-%m-%d}, {value}" for day, value in zip(DAYS, VALUES, strict=True)]
    table = lines(tmp_path, 'day , " a', ' value"', *rows)
    data, panel = read(table)
    assert len(panel.values) == 120
    assert data.csv.header_lines == 1


def test_whole_numbers_with_blanks_before_them_name_series_and_hours(tmp_path: Path) -> None:
    hours = pd.date_range("2024-01-01", periods=240, freq="h")
    rows = [
        f"  {station},{hour:%Y%m%d},{hour.hour + 1:5d},{k % 24 + k / 100:7.2f}"
        for station in (260, 310)
        for k, hour in enumerate(hours)
    ]
    data, panel = read(lines(tmp_path, "STN,YYYYMMDD,   HH,      T", *rows))
    assert data.series_columns == ("STN",)
    assert data.stamp_columns == ("YYYYMMDD", "HH")
    assert len(panel.values) == 480


@pytest.mark.parametrize("form", ["%Y-%m-%d", "%d.%m.%Y", "%Y-%m"])
@pytest.mark.parametrize("behind", [["Total"], ["Total", "Mean"], []])
def test_names_behind_stamps_leave_the_header_below_a_title_what_it_is(
    tmp_path: Path, form: str, behind: list[str]
) -> None:
    ends = pd.date_range("2021-01-01", periods=36, freq="ME")
    values = np.arange(72).reshape(2, 36) % 12 + 0.5
    more = [[round(row.sum(), 6), round(row.mean(), 6)][: len(behind)] for row in values]
    table = book(
        tmp_path,
        ["Sales by shop"],
        [],
        ["Shop", "City", *ends.strftime(form), *behind],
        *([f"s{k}", "x", *row, *more[k]] for k, row in enumerate(values.tolist())),
    )
    data, panel = read(table)
    assert (data.layout, data.csv.header) == ("wide", 3)
    np.testing.assert_array_equal(panel.values[:, 0], values.ravel())


@pytest.mark.parametrize("corner", ["Month", ""])
def test_years_with_an_empty_corner_are_a_header_below_a_title(tmp_path: Path, corner: str) -> None:
    values = np.arange(48).reshape(4, 12).T
    rows = ([f"{MONTHS[k]:%B}", *row] for k, row in enumerate(values.tolist()))
    table = book(tmp_path, ["Sales by month"], [], [corner, 2019, 2020, 2021, 2022], *rows)
    data, panel = read(table)
    assert (data.layout, data.csv.header) == ("calendar", 3)
    np.testing.assert_array_equal(panel.values[:, 0], np.arange(48))


def test_two_lines_name_columns_together(tmp_path: Path) -> None:
    """As weather stations of Davis do."""
    rows = [
        f"{day:%Y-%m-%d}\t{v}\t{v + 1}\t{v - 1}\t7" for day, v in zip(DAYS, VALUES, strict=True)
    ]
    table = lines(
        tmp_path, "\tTemp\tHi\tLow\t", "Date\tOut\tTemp\tTemp\tBar  ", *rows, name="t.txt"
    )
    assert column_names(table, load(table)) == ["Date", "Temp Out", "Hi Temp", "Low Temp", "Bar"]
    data, panel = read(table)
    assert data.csv.header_lines == 2
    assert (data.timestamp, data.csv.header) == ("Date", 1)
    assert len(panel.values) == 120


def load(table: Path):  # type: ignore[no-untyped-def]
    return first_look(table).data.csv


def test_lines_before_a_header_of_several_lines_may_come_later(tmp_path: Path) -> None:
    rows = [f"{day:%Y-%m-%d},{v},{v * 2}" for day, v in zip(DAYS, VALUES, strict=True)]
    header = [",in,out,out", "day,temp,temp,hum"]
    table = lines(tmp_path, *header, *(f"{row},4" for row in rows))
    data, _ = read(table)
    later = lines(tmp_path, "Garden", "", *header, *(f"{row},4" for row in rows), name="b.csv")
    np.testing.assert_array_equal(survey_panel(data, later)[0].values[:, 0], VALUES)


@pytest.mark.parametrize("kind", ["csv", "xlsx"])
@pytest.mark.parametrize("first", ["title", ""])
def test_years_that_are_merged_over_months_name_these(
    tmp_path: Path, kind: str, first: str
) -> None:
    years = [str(month.year) if month.month == 1 else "" for month in MONTHS]
    values = np.arange(108).reshape(3, 36) % 12 + 10.5
    rows = [
        *([["Traffic"], []] if first else []),
        ["Port", *years],
        ["", *MONTHS.strftime("%B")],
        *([f"p{k}", *row] for k, row in enumerate(values.tolist())),
    ]
    text = (",".join(map(str, row)) for row in rows)
    table = book(tmp_path, *rows) if kind == "xlsx" else lines(tmp_path, *text)
    data, panel = read(table)
    assert data.csv.header_lines == 2
    assert (data.layout, data.series_columns, data.freq) == ("wide", ("Port",), "MS")
    np.testing.assert_array_equal(panel.values[:, 0], values.ravel())


@pytest.mark.parametrize("year", ["2021", ""])
def test_sums_of_years_among_months_are_refused_unless_no_year_names_them(
    tmp_path: Path, year: str
) -> None:
    """As in a table of months, with a total behind the twelve of each year."""
    values = np.arange(72).reshape(3, 24) % 12 + 10.5
    names = [f"{month:%Y %b}" for month in MONTHS[:24]]
    frame = pd.DataFrame(values, columns=names, index=pd.Index(list("abc"), name="Port"))
    frame.insert(12, f"{year} Total".strip(), values[:, :12].sum(axis=1))
    frame.to_csv(tmp_path / "t.csv")
    if year:
        with pytest.raises(DataError, match=r"t.csv:1: column 2021 Total: no stamp \(1 such"):
            read(tmp_path / "t.csv")
    else:
        np.testing.assert_array_equal(read(tmp_path / "t.csv")[1].values[:, 0], values.ravel())


def test_a_line_of_qualifiers_belongs_to_the_names_above_it(tmp_path: Path) -> None:
    """As the weather service of Japan writes them, below a line that says the place of all."""
    rows = [f"{day:%Y/%m/%d},{v},8,1,{v * 2},0" for day, v in zip(DAYS, VALUES, strict=True)]
    table = lines(
        tmp_path,
        "downloaded: 2024/05/01",
        "",
        ",Tokyo,Tokyo,Tokyo,Tokyo,Tokyo",
        "date,temp,temp,temp,rain,rain",
        ",,quality,number,,quality",
        *rows,
    )
    data, panel = read(table)
    assert (data.csv.header, data.csv.header_lines, data.targets) == (4, 2, ("temp",))
    np.testing.assert_array_equal(panel.values[:, 0], VALUES)
    names = column_names(table, data.csv)
    assert names == ["date", "temp", "temp quality", "temp number", "rain", "rain quality"]


def test_as_many_lines_as_tell_columns_apart_name_them(tmp_path: Path) -> None:
    """As loggers of solar inverters write them, with the device, its number and the unit."""
    rows = [
        f"{day:%d.%m.%Y};{v};{v + 1};{v + 2};{v + 3}" for day, v in zip(DAYS, VALUES, strict=True)
    ]
    table = lines(
        tmp_path,
        "sep=;",
        "Version 1|Delimiter semicolon",
        "",
        ";SB 4000;SB 4000;SB 4000;SB 4000",
        ";21001;21001;21002;21002",
        ";Yield;Power;Yield;Power",
        "dd.MM.yyyy;kWh;kW;kWh;kW",
        *rows,
    )
    data, panel = read(table)
    assert (data.csv.header, data.csv.header_lines) == (5, 3)
    assert data.targets == ("21001 Power kW",) or data.targets == ("21001 Yield kWh",)
    assert len(panel.values) == 120


@pytest.mark.parametrize("named", [True, False])
def test_levels_of_names_that_pandas_writes_name_columns_together(
    tmp_path: Path, named: bool
) -> None:
    """As prices of several shares are saved, with a line for the name of the index."""
    levels = pd.MultiIndex.from_product([["Close", "High"], ["AAPL", "MSFT"]])
    index = DAYS.rename("Date" if named else None)
    frame = pd.DataFrame(np.arange(480).reshape(120, 4) % 17 + 0.5, index, levels)
    frame.to_csv(tmp_path / "t.csv")
    data, panel = read(tmp_path / "t.csv")
    assert data.csv.header_lines == (3 if named else 2)
    assert data.targets == ("Close AAPL",)
    assert data.timestamp == ("Date" if named else "Unnamed: 0")
    np.testing.assert_array_equal(panel.values[:, 0], frame.iloc[:, 0])


def test_first_columns_may_have_no_name(tmp_path: Path) -> None:
    """As in tables of the statistical office of Germany."""
    rows = [f"{day:%Y-%m-%d};all;{v};{v + 1}" for day, v in zip(DAYS, VALUES, strict=True)]
    table = lines(tmp_path, "Table: 61111;;;", ";;Index;Change", ";;2020=100;in (%)", *rows)
    data, panel = read(table)
    assert (data.csv.header, data.csv.header_lines) == (2, 2)
    assert data.timestamp == "Unnamed: 0"
    assert column_names(table, data.csv)[2:] == ["Index 2020=100", "Change in (%)"]
    assert len(panel.values) == 120


def test_a_header_of_several_lines_is_found_where_it_stands_in_a_later_file(tmp_path: Path) -> None:
    rows = [f"{day:%Y-%m-%d},{v},{v * 2}" for day, v in zip(DAYS, VALUES, strict=True)]
    header = [",in,out", "day,temp,temp"]
    data, _ = read(lines(tmp_path, "a note", "", *header, *rows))
    assert data.csv.header == 3
    later = lines(tmp_path, "a note", "and one more", "", "", *header, *rows, name="later.csv")
    panel = survey_panel(data, later)[0]
    np.testing.assert_array_equal(panel.values[:, 0], VALUES)


def test_lines_that_name_columns_together_are_told(tmp_path: Path) -> None:
    rows = [f"{day:%Y-%m-%d},{v},{v * 2}" for day, v in zip(DAYS, VALUES, strict=True)]
    table = lines(tmp_path, ",in,out", "day,temp,temp", *rows)
    told = json.dumps([each.text for each in first_look(table).stamps_read])
    assert "lines 1 to 2 together name the columns (data.csv.header_lines)" in told


def test_rows_of_words_are_no_part_of_a_header(tmp_path: Path) -> None:
    """A second column of that name stays one, whatever stands in the first rows."""
    rows = [f"{day:%Y-%m-%d},{v},{v * 2}" for day, v in zip(DAYS, VALUES, strict=True)]
    table = lines(tmp_path, "day,temp,temp", "2022-12-31,off,off", *rows)
    assert first_look(table).data.csv.header_lines == 1
