"""The line that names the columns is found behind what people and offices write around it."""

from pathlib import Path

import pandas as pd
import pytest

from lstm_forecast.errors import DataError
from lstm_forecast.tables.files import header
from lstm_forecast.tables.files.headerless import is_row
from lstm_forecast.tables.files.layout import find_layout
from lstm_forecast.tables.first_look import first_look
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


def test_a_comma_in_a_title_parts_no_table_with_decimal_commas(tmp_path: Path) -> None:
    rows = [f"{day};{k % 10},5" for k, day in enumerate(DAYS)]
    titles = [["Umsatz, netto"], ["Umsatz, netto", "Bonn, Ort"]]
    for lines in ([*titles[0], "Tag;Umsatz"], [*titles[1], "Tag;Umsatz"], ["Tag;Umsatz, netto"]):
        table = looked(tmp_path, *lines, *rows)
        assert delimiter_of(table) == ";"
        assert table.frame.columns.tolist() == lines[-1].split(";")


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


def refused(folder: Path, rows: list[str]) -> str:
    (folder / "t.txt").write_text("\n".join([*rows, ""]))
    with pytest.raises(DataError) as caught:
        first_look(folder / "t.txt")
    return str(caught.value)


@pytest.mark.parametrize(
    "form",
    [
        "{day:%Y-%m-%d},{n}.5", "{n}.5,{day:%Y-%m-%d}", "{day:%d.%m.%Y};{n},5", "{s},{n}.5",
        "a,{day:%m/%d/%Y},{n}", "{n},{day:%d/%b/%Y:%H}", "{day:%d %b %Y},{n},{n}",
        "{day:%Y-%m-%d},up,{n} kg", "300,{day:%Y%m%d},0.{n},A,,{day:%Y%m%d}031522", "Bonn,{s},{n}",
        "{day:%Y%m%d},north {s},{n}.5", "300,{n}.5,A,A,,{day:%Y%m%d%H%M}", "{day:%Y%m},A,{n},-",
        "A,{n}.5,{n}.4,{day:%d}",
    ],
)  # fmt: skip
def test_a_row_that_should_name_the_columns_is_told(tmp_path: Path, form: str) -> None:
    days = pd.date_range("2022-01-03", periods=60)
    rows = [form.format(day=day, n=10 + k % 7, s=day.value // 10**9) for k, day in enumerate(days)]
    assert "seems to be a row; write a line with the names" in refused(tmp_path, rows)


@pytest.mark.parametrize(
    ("names", "row"),
    [
        ("ds,1,2,3", "2022-01-03,5.5,6,7"),
        ("Region,2020,2021", "a,2020,1990"),
        ("Region,2020-01,2020-02", "a,1.5,2.5"),
        ("ds,y 1,y 2", "2022-01-03,5,6"),
        (",2020,2021", "2022-01-03,5,6"),
        ("1,2,3", "5,6,7"),
        ("shop,20240101,20240102", "a,5,20240102"),
        ("shop,20240101,20240102", "a,12345678,20249999"),
        ("sku,202401,202402", "a,201313,200000"),
        (",1,2,3", "2024-01,1,2,3"),
        (",1,2,3", "1999,1,2,3"),
        (",701234567,701234568", "2024-01-01,5,6"),
        (",0.1,0.5,0.9", "4,2.5,2.5,2.5"),
        ("model,0.1,0.5,0.9", "a,2.5,2.5,2.5"),
        ("time,10117,10118", "20240101,10117,4"),
        ("shop,1704067200", "a,1704067200"),
        ("state,1,2,31", "A,1,2,3"),
    ],
)
def test_names_that_are_numbers_or_stamps_are_no_row(names: str, row: str) -> None:
    assert not is_row(names.split(","), [row.split(",")] * 5)


@pytest.mark.parametrize(
    ("form", "headed", "remedy"),
    [
        ("{n:7d} {day:%d/%b/%Y:%H}", True, "write one comma instead of them"),
        ("{n:7d} {day:%d/%b/%Y:%H}", False, "a line with the names of the columns"),
        ("{day:%Y-%m-%d}   {n}.5", True, "write one comma instead of them"),
        ("{day:%d.%m.%Y} {n},5", True, "one blank parts the cells; set data.csv.delimiter: ' '"),
        ("{day:%Y-%m-%d %H:%M} {n}", False, "below a line with the names of the columns"),
    ],
)
def test_cells_that_blanks_part_are_told(
    tmp_path: Path, form: str, headed: bool, remedy: str
) -> None:
    days = pd.date_range("2022-01-03", periods=60)
    rows = [form.format(day=day, n=30 + k % 7) for k, day in enumerate(days)]
    assert remedy in refused(tmp_path, ["when count"] * headed + rows)


@pytest.mark.parametrize("form", ["%Y-%m-%d %H:%M:%S", "%Y-%m-%d %H", "%d %b %Y %H:%M"])
def test_stamps_with_blanks_in_them_are_one_column(tmp_path: Path, form: str) -> None:
    stamps = pd.date_range("2022-01-03", periods=60, freq="7h").strftime(form)
    assert looked(tmp_path, "when", *stamps).frame.columns.tolist() == ["when"]
