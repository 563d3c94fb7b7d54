"""Forecasts as a workbook, with the digits that their errors justify, and stamps as the input has
them.
"""

import io
from datetime import datetime
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp
from python_calamine import CalamineWorkbook
from typer.testing import CliRunner, Result

from lstm_forecast.cli import app
from lstm_forecast.errors import UsageError
from lstm_forecast.forecasting.digits import justified_decimals, rounded
from lstm_forecast.forecasting.workbook import write_workbook
from tests.functional.conftest import train_all

DAYS = pd.date_range("2023-01-02", periods=120)
CONFIG = """
name: NAME
data: {path: NAME.csv, timestamp: WHEN, targets: sold, timestamp_format: "FORMAT"}
windows: {context_length: 14, horizon: 4, normalisation: last}
preprocessing: {log: false}
model: {units: 4, segment_length: 1, segment_units: 0, linear: ridge, ensemble: 1, levels: [80]}
training: {epochs: 0, batch_size: 64, steps_per_epoch: 1, fallback: false, refit: false}
"""
STYLES = {
    "german": ("Tag", "%d.%m.%Y", DAYS),
    "parts": ("[Jahr, Woche]", "%G %V", pd.date_range("2021-01-04", periods=120, freq="7D")),
}


def invoke(*arguments: str | Path) -> Result:
    return CliRunner().invoke(app, [str(each) for each in arguments])


@pytest.fixture(scope="module")
def written(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("written")
    for name, (when, style, stamps) in STYLES.items():
        texts = pd.Series(stamps.strftime(style)).str.split(" ", expand=True)
        texts.columns = when.strip("[]").split(", ")
        texts.assign(sold=np.arange(120) % 7 + 10.5).to_csv(folder / f"{name}.csv", index=False)
        text = CONFIG.replace("NAME", name).replace("WHEN", when).replace("FORMAT", style)
        (folder / f"{name}.yaml").write_text(text)
    train_all(folder, *(["-c", f"{name}.yaml"] for name in STYLES))
    return folder


@pytest.fixture
def work(written: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(written)
    return written


def test_a_workbook_has_the_forecasts_and_what_they_mean(work: Path, tmp_path: Path) -> None:
    path = tmp_path / "made.xlsx"
    assert invoke("predict", "--run", "german", "-o", path).exit_code == 0
    book = CalamineWorkbook.from_path(str(path))
    assert book.sheet_names == ["forecasts", "meaning"]
    header, *rows = book.get_sheet_by_name("forecasts").to_python()
    exact = pd.read_csv(io.StringIO(invoke("predict", "--run", "german").stdout))
    assert header == list(exact.columns)
    assert [row[3] for row in rows] == pytest.approx(exact["german"].tolist(), rel=1e-15)
    assert [str(row[1]) for row in rows] == exact["ds"].tolist()
    meaning = {row[0]: row[1] for row in book.get_sheet_by_name("meaning").to_python()}
    assert meaning["german-lo-80"].startswith("lower border of the interval")
    assert meaning["run"] == next((work / "runs" / "german").glob("0*")).name


def test_texts_stay_texts_and_old_dates_too(tmp_path: Path) -> None:
    stamps = pd.to_datetime(["1850-01-01", "1850-01-02"])
    table = pd.DataFrame({"=1+1": ["=HYPERLINK(1)", "http://a"], "ds": stamps, "y": [1.5, np.nan]})
    write_workbook(table, {"y": "=2"}, tmp_path / "t.xlsx")
    book = CalamineWorkbook.from_path(str(tmp_path / "t.xlsx"))
    assert book.get_sheet_by_name("forecasts").to_python() == [
        ["=1+1", "ds", "y"],
        ["=HYPERLINK(1)", "1850-01-01", 1.5],
        ["http://a", "1850-01-02", ""],
    ]
    assert book.get_sheet_by_name("meaning").to_python()[1] == ["y", "=2"]


def test_stamps_of_a_zone_are_local_times(tmp_path: Path) -> None:
    stamps = pd.date_range("2024-01-01 18:00", periods=2, freq="h", tz="Asia/Tokyo")
    write_workbook(pd.DataFrame({"ds": stamps}), {}, tmp_path / "t.xlsx")
    sheet = CalamineWorkbook.from_path(str(tmp_path / "t.xlsx")).get_sheet_by_name("forecasts")
    assert sheet.to_python()[1] == [datetime(2024, 1, 1, 18)]


def test_more_rows_than_a_sheet_holds_are_refused(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match=r"1,048,575 rows.*1,048,576.*\.parquet"):
        write_workbook(pd.DataFrame({"y": np.zeros(1_048_576)}), {}, tmp_path / "t.xlsx")


def test_other_formats_hold_more_rows_than_a_sheet_does_as_is_said(
    work: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("lstm_forecast.forecasting.workbook.MOST_ROWS_OF_SHEET", 3)
    result = invoke("predict", "--run", "german", "-o", tmp_path / "made.xlsx")
    assert result.exit_code == 2
    assert "give an --output that ends in .parquet or .csv" in result.output
    for suffix in (".parquet", ".csv"):
        path = tmp_path / f"made{suffix}"
        assert invoke("predict", "--run", "german", "-o", path).exit_code == 0
        assert len(pd.read_csv(path) if suffix == ".csv" else pd.read_parquet(path)) == 4
    assert len(list(tmp_path.iterdir())) == 2


@pytest.mark.parametrize(
    ("name", "columns", "first"),
    [("german", ["Tag"], ["02.05.2023"]), ("parts", ["Jahr", "Woche"], ["2023", "17"])],
)
def test_columns_of_the_input_hold_stamps_as_it_writes_them(
    work: Path, name: str, columns: list[str], first: list[str]
) -> None:
    table = pd.read_csv(
        io.StringIO(invoke("predict", "--run", name, "--columns", "input").stdout), dtype="str"
    )
    assert list(table.columns[: len(columns)]) == columns
    assert table[columns].iloc[0].tolist() == first


def test_digits_are_rounded_to(work: Path) -> None:
    def forecasts(*options: str) -> pd.DataFrame:
        result = invoke("predict", "--run", "german", *options)
        assert result.exit_code == 0, result.stderr
        return pd.read_csv(io.StringIO(result.stdout)).select_dtypes("floating")

    exact = forecasts()
    assert forecasts("--digits", "1").equals(exact.round(1))
    width = ((exact["german-hi-80"] - exact["german-lo-80"]) / 2.563).median()
    decimals = max(0, 1 - int(np.floor(np.log10(width))))
    assert forecasts("--digits", "auto").equals(exact.round(decimals))
    assert invoke("predict", "--run", "german", "--digits", "many").exit_code == 2


def test_without_intervals_nothing_says_which_digits_are_justified() -> None:
    with pytest.raises(UsageError, match="--levels 80"):
        justified_decimals(np.zeros((1, 2, 1, 1)), [0.5])


@given(
    hnp.arrays(np.float64, (2, 3, 2), elements=st.floats(-1e6, 1e6)),
    hnp.arrays(np.float64, (2, 1, 2), elements=st.floats(1e-6, 1e6)),
)
def test_what_is_rounded_off_is_at_most_a_twentieth_of_the_error(
    middle: np.ndarray, error: np.ndarray
) -> None:
    forecast = np.stack([middle - error, middle, middle + error], axis=-1)
    found = rounded(forecast, justified_decimals(forecast, [0.1587, 0.5, 0.8413]))
    off = np.abs(found - forecast).max(axis=(1, 3))
    assert (off <= error[:, 0] / 20 + 1e-9).all()
