"""Tables with parts of a year in rows and years in the header, and names that hold a year."""

from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from lstm_forecast.commands.init import init
from lstm_forecast.config.loading import Argument, load_config
from lstm_forecast.config.table import DataConfig
from lstm_forecast.errors import DataError
from lstm_forecast.panel.panel import Panel
from lstm_forecast.panel.survey import survey_panel
from tests.unit.tables.books import write_xlsx

YEARS = [2019, 2020, 2021, 2022]
MONTHS = pd.date_range("2021-01-01", periods=12, freq="MS")
CALENDAR = Argument("--set", ("data", "layout"), "calendar")


def crossed(parts: list[object], freq: str, stamp: str, **more: object) -> pd.DataFrame:
    """Rows of parts of a year below years: the value of each stamp is its number, if there is such
    a stamp.
    """
    stamps = pd.date_range("2018-12-31", "2023-01-10", freq=freq)
    number = {text.lstrip("0"): k for k, text in enumerate(stamps.strftime(stamp))}
    cells = {
        str(year): [number.get(f"{k} {year}") for k in range(1, len(parts) + 1)] for year in YEARS
    }
    return pd.DataFrame({"part": parts, **more, **cells})


def months(parts: list[str]) -> pd.DataFrame:
    return crossed(list(parts), "MS", "%m %Y")


def weeks(parts: list[object]) -> pd.DataFrame:
    return crossed(parts, "W-MON", "%V %G")


def written(folder: Path, frame: pd.DataFrame, part: str = "part") -> Path:
    table = folder / "t.csv"
    frame.rename(columns={"part": part}).to_csv(table, index=False)
    return table


def read(table: Path, *settings: Argument) -> tuple[DataConfig, Panel]:
    """The config that ``init`` writes without a question, and its panel."""
    config = table.with_name("t.yaml")
    assert init(table, output=config, settings=settings, force=True).questions == ()
    data = load_config(config, environment={}).data
    return data, survey_panel(data, table)[0]


def refused(table: Path, *settings: Argument) -> str:
    with pytest.raises(DataError) as caught:
        read(table, *settings)
    return str(caught.value)


def require_counted(panel: Panel, first: str, last: str) -> None:
    """The values count the steps from the first stamp to the last one, none left out."""
    stamps = panel.layout.stamps(np.arange(len(panel.values)))
    assert (str(stamps[0].date()), str(stamps[-1].date())) == (first, last)
    np.testing.assert_array_equal(np.diff(panel.values[:, 0]), 1)


@pytest.mark.parametrize(
    ("name", "form"),
    [("Week", "{}"), ("KW", "{}"), ("Meldewoche", "{:02}"), ("Woche", "KW {}"), ("x", "W{:02}")],
)
def test_weeks_in_rows_below_years_are_weeks_of_these(tmp_path: Path, name: str, form: str) -> None:
    """Of the years, 2020 alone has a week 53."""
    data, panel = read(written(tmp_path, weeks([form.format(k) for k in range(1, 54)]), name))
    assert (data.layout, data.timestamp, data.freq) == ("calendar", name, "W-MON")
    require_counted(panel, "2018-12-31", "2022-12-26")


@pytest.mark.parametrize("kind", ["English", "number", "German"])
def test_months_in_rows_below_years_are_months_of_these(tmp_path: Path, kind: str) -> None:
    german = (
        "Januar Februar M\u00e4rz April Mai Juni Juli August September Oktober November Dezember"
    )
    parts = {
        "English": [f"{month:%B}" for month in MONTHS],
        "number": [str(k) for k in range(1, 13)],
        "German": german.split(),
    }[kind]
    data, panel = read(written(tmp_path, months(parts), "Month"))
    assert (data.layout, data.timestamp, data.freq) == ("calendar", "Month", "MS")
    require_counted(panel, "2019-01-01", "2022-12-01")


def test_quarters_in_rows_below_years_are_quarters_of_these(tmp_path: Path) -> None:
    values = np.arange(16).reshape(4, 4).T
    frame = pd.DataFrame(values, columns=list(map(str, YEARS)))
    frame.insert(0, "part", ["Q1", "Q2", "Q3", "Q4"])
    data, panel = read(written(tmp_path, frame, ""))
    assert (data.layout, data.freq) == ("calendar", "QS-JAN")
    require_counted(panel, "2019-01-01", "2022-10-01")


def test_days_in_rows_below_years_are_days_of_these(tmp_path: Path) -> None:
    table = written(tmp_path, crossed(list(range(1, 367)), "D", "%j %Y"), "Day of year")
    data, panel = read(table)
    assert (data.layout, data.freq) == ("calendar", "D")
    require_counted(panel, "2019-01-01", "2022-12-31")


@pytest.mark.parametrize("form", ["%m-%d", "%d.%m.", "%-d %b"])
def test_months_and_days_in_rows_below_years_are_days_of_these(tmp_path: Path, form: str) -> None:
    leap = pd.date_range("2020-01-01", "2020-12-31")
    number = {f"{day:%m-%d %Y}": k for k, day in enumerate(pd.date_range("2019", "2022-12-31"))}
    cells = {str(year): [number.get(f"{day:%m-%d} {year}") for day in leap] for year in YEARS}
    data, panel = read(
        written(tmp_path, pd.DataFrame({"part": leap.strftime(form), **cells}), "Date")
    )
    assert (data.layout, data.freq) == ("calendar", "D")
    require_counted(panel, "2019-01-01", "2022-12-31")


@pytest.mark.parametrize("by_week", [True, False])
def test_blocks_of_weeks_are_series_by_the_column_beside(tmp_path: Path, by_week: bool) -> None:
    frame = weeks(list(range(1, 54)))
    blocks = pd.concat([frame.assign(Region=region) for region in "AB"])
    data, panel = read(
        written(tmp_path, blocks.sort_values("part", kind="stable") if by_week else blocks, "Week")
    )
    assert data.series_columns == ("Region",)
    assert list(panel.layout.ids) == ["A", "B"]
    np.testing.assert_array_equal(panel.values[:209, 0], panel.values[209:, 0])
    np.testing.assert_array_equal(np.diff(panel.values[:209, 0]), 1)


def test_means_and_sums_of_years_are_left_out(tmp_path: Path) -> None:
    frame = months([f"{month:%b}" for month in MONTHS])
    frame["Mean"] = frame[list(map(str, YEARS))].mean(axis=1)
    data, panel = read(written(tmp_path, frame, "Month"))
    assert data.layout == "calendar"
    require_counted(panel, "2019-01-01", "2022-12-01")


def test_a_workbook_of_months_below_years_is_read_as_a_file_is(tmp_path: Path) -> None:
    frame = months([f"{month:%b}" for month in MONTHS])
    rows = [["Month", *YEARS], *frame.to_numpy().tolist()]
    _, panel = read(write_xlsx(tmp_path / "t.xlsx", {"S": rows}))
    require_counted(panel, "2019-01-01", "2022-12-01")


def test_a_value_of_a_week_that_a_year_does_not_have_is_refused(tmp_path: Path) -> None:
    frame = weeks(list(range(1, 54))).fillna(7)
    assert "expected a stamp like %V %G, received '53 2019'" in refused(
        written(tmp_path, frame, "Week")
    )


def test_a_total_below_months_is_named_with_what_leaves_it_out(tmp_path: Path) -> None:
    frame = months([f"{month:%b}" for month in MONTHS])
    frame.loc[12] = ["Total", *[99] * len(YEARS)]
    table = written(tmp_path, frame, "Month")
    assert "t.csv:14: column Month: 'Total' is no month" in refused(table)
    _, panel = read(table, Argument("--set", ("data", "csv", "comment"), "Total"))
    require_counted(panel, "2019-01-01", "2022-12-01")


def test_years_that_may_begin_elsewhere_are_refused_until_somebody_says_so(tmp_path: Path) -> None:
    frame = months([f"{month:%b}" for month in MONTHS])
    table = written(tmp_path, pd.concat([frame[3:], frame[:3]]), "Month")
    assert "Apr to Mar of 2019 to 2022, which may be years that do not begin" in refused(table)
    require_counted(read(table, CALENDAR)[1], "2019-01-01", "2022-12-01")


def test_weeks_of_seasons_are_refused(tmp_path: Path) -> None:
    frame = weeks(list(range(1, 53)))
    frame.columns = ["part", "2018/19", "2019/20", "2020/21", "2021/22"]
    assert "weeks of 2018/19 to 2021/22, which are two years each" in refused(
        written(tmp_path, frame, "Week")
    )


def test_a_month_that_says_something_of_each_row_is_no_part_of_its_years(tmp_path: Path) -> None:
    frame = pd.DataFrame({"Country": list("abcdef"), "Month": ["Jan", "Feb", "Mar"] * 2})
    for k, year in enumerate(YEARS):
        frame[str(year)] = np.arange(6) + k
    data, _ = read(written(tmp_path, frame))
    assert (data.layout, data.series_columns) == ("wide", ("Country",))


@pytest.mark.parametrize(
    ("form", "read_as"),
    [
        ("{0} [YR{0}]", "%Y [YR%*"), ("{} (p)", "%Y (p)"), ("{}_value", "%Y_value"),
        ("{}p", "%Yp"), ("{}.0", "%Y.0"), ("{}\u5e74", "%Y\u5e74"),
        ("FY{}", None), ("YR{}", None), ("X{}", None), ("Jahr {}", None),
    ],
)  # fmt: skip
def test_names_that_hold_a_year_are_years(tmp_path: Path, form: str, read_as: str | None) -> None:
    values = np.arange(48).reshape(3, 16) % 11 + 0.5
    frame = pd.DataFrame(values, columns=[form.format(year) for year in range(2000, 2016)])
    frame.insert(0, "part", list("abc"))
    data, panel = read(written(tmp_path, frame, "Country"))
    assert (data.layout, data.series_columns) == ("wide", ("Country",))
    assert data.timestamp_format == read_as
    np.testing.assert_array_equal(panel.values[:, 0], values.ravel())


def test_values_and_flags_of_years_side_by_side_are_no_stamps(tmp_path: Path) -> None:
    frame = pd.DataFrame({"part": list("abc")})
    for year in range(2000, 2010):
        frame[f"{year} value"], frame[f"{year} flag"] = [1.5, 2.5, 3.5], [0, 1, 0]
    assert "no column looks like a time" in refused(written(tmp_path, frame, "Country"))
