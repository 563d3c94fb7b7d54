"""The line that names the columns is found behind what people and offices write around it."""

from pathlib import Path

import pandas as pd
import pytest

from lstm_forecast.tables.files import header
from lstm_forecast.tables.files.layout import find_layout
from lstm_forecast.tables.read import Table, read_table

DAYS = [f"{day:%d.%m.%Y}" for day in pd.date_range("2023-01-02", periods=90)]
YEARS = [str(year) for year in range(1960, 2023)]


def looked(folder: Path, *lines: str) -> Table:
    path = folder / "a.csv"
    path.write_text("\n".join([*lines, ""]), encoding="utf-8")
    return read_table(path)


def delimiter_of(table: Table) -> str:
    dialect = table.sources[0][2]
    assert dialect is not None
    return dialect.delimiter


@pytest.mark.parametrize("title", ["Solde;2 345,67 €", "Umsatz, netto", "Stand 12, vorl.;"])
@pytest.mark.parametrize(
    "ends", [("", ""), (";Bemerkung", ";"), (";Haben;Bemerkung", ";;"), (";", ";")]
)
def test_a_file_with_decimal_commas_is_cut_at_its_semicolons(
    tmp_path: Path, title: str, ends: tuple[str, str]
) -> None:
    rows = [f"{day};Bonn 00{k % 3};{k},{k % 10}{ends[1]}" for k, day in enumerate(DAYS)]
    table = looked(tmp_path, title, "of us, all", "", f"Tag;Ort;Umsatz{ends[0]}", *rows)
    assert delimiter_of(table) == ";"
    assert table.written.header == 4
    assert table.frame.columns[:3].tolist() == ["Tag", "Ort", "Umsatz"]
    assert table.frame["Umsatz"].tolist()[:2] == ["0,0", "1,1"]


@pytest.mark.parametrize("sign", [",", ";", "\t"])
@pytest.mark.parametrize("steps", [YEARS, YEARS[::-1], [f"{year}-01" for year in YEARS]])
def test_a_header_with_a_column_for_each_step_is_found_behind_lines_before_it(
    tmp_path: Path, sign: str, steps: list[str]
) -> None:
    rows = [sign.join([f"r{k}", "c", *(f"{k}.5" for _ in steps), ""]) for k in range(12)]
    before = [f"Source{sign}Office{sign}", "", f"Updated{sign}2023-12-18{sign}"]
    table = looked(tmp_path, *before, sign.join(["Region", "Code", *steps, ""]), *rows)
    assert table.written.header == 4
    assert table.frame.columns[:3].tolist() == ["Region", "Code", steps[0]]
    assert len(table.frame) == 12


def test_a_row_of_numbers_that_may_be_years_is_no_header(tmp_path: Path) -> None:
    rows = [f"r{k},{1900 + k},{1901 + k},{1990 - 3 * k}" for k in range(12)]
    table = looked(tmp_path, "a,b,c,d", *rows)
    assert len(table.frame) == 12
    assert table.written.header is None


def test_what_is_said_of_columns_below_their_names_is_left_out(tmp_path: Path) -> None:
    said = ['"";Rate in USD;;Rate in CHF;', "Unit;USD;;CHF;", "As of;05.01.2024 16:03;;05.01.2024;"]
    rows = [f"{day};{'.' if k % 7 > 4 else f'1,1{k}'};;0,9{k};" for k, day in enumerate(DAYS)]
    table = looked(tmp_path, '"";a;a_FLAGS;b;b_FLAGS', *said, *rows)
    assert table.written.header is None
    assert table.written.units_row
    assert table.frame.columns.tolist() == ["Unnamed: 0", "a", "a_FLAGS", "b", "b_FLAGS"]
    assert table.frame["Unnamed: 0"].tolist() == DAYS


def test_a_header_is_looked_for_with_one_look_at_each_cell(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    looks, is_value = [], header.is_value
    monkeypatch.setattr(header, "is_value", lambda cell: looks.append(cell) or is_value(cell))
    records = [(k, [f"Bonn {k}", "Mo", "a", f"b{k % 5}"]) for k in range(2000)]
    assert find_layout([(0, ["title"]), *records]) is None
    assert len(looks) < 3 * 4 * len(records)
