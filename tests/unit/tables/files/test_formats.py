"""A table is the same table in every format, and a damaged file is one clear error."""

import gzip
import json
import re
import sqlite3
import tempfile
import zipfile
from collections.abc import Callable, Sequence
from contextlib import closing
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from lstm_forecast.config.inside import Inside
from lstm_forecast.config.text_files import CsvConfig
from lstm_forecast.errors import DataError
from lstm_forecast.tables.read import Table, column_names, read_table
from lstm_forecast.tables.stamps.columns import parse_stamps
from tests.benchmarks.files import case_file, data_file
from tests.unit.tables.books import write_ods, write_xlsx

Rows = list[tuple[datetime, str, float | None]]
START = datetime(2024, 1, 1)
ROWS: Rows = [(START + timedelta(days=k), "a", k / 4 if k % 7 else None) for k in range(30)]


def listed(name: str, rows: Rows) -> list[list[Any]]:
    return [["ds", "id", name], *map(list, rows)]


def write_csv(path: Path, name: str, rows: Rows) -> None:
    pd.DataFrame(rows, columns=["ds", "id", name]).to_csv(path, index=False)


def write_jsonl(path: Path, name: str, rows: Rows) -> None:
    lines = [json.dumps({"ds": str(ds), "id": key, name: value}) for ds, key, value in rows]
    path.write_text("\n".join(lines) + "\n", encoding="utf-8")


def write_json(path: Path, name: str, rows: Rows) -> None:
    records = [{"ds": str(ds), "id": key, name: value} for ds, key, value in rows]
    path.write_text(json.dumps(records, indent=1, ensure_ascii=False), encoding="utf-8")


def write_arrow(path: Path, name: str, rows: Rows) -> None:
    frame = pd.DataFrame(rows, columns=["ds", "id", name])
    frame.astype({name: "float64"}).to_feather(path)


def write_sqlite(path: Path, name: str, rows: Rows) -> None:
    path.unlink(missing_ok=True)
    quoted = name.replace('"', '""')
    with closing(sqlite3.connect(path)) as connection, connection:
        connection.execute(f'CREATE TABLE t (ds, id, "{quoted}")')
        connection.executemany("INSERT INTO t VALUES (?, ?, ?)", [(str(d), *r) for d, *r in rows])


FORMATS: dict[str, Callable[[Path, str, Rows], object]] = {
    "a.csv": write_csv,
    "a.xlsx": lambda path, name, rows: write_xlsx(path, {"S": listed(name, rows)}),
    "a.ods": lambda path, name, rows: write_ods(path, {"S": listed(name, rows)}),
    "a.jsonl": write_jsonl,
    "a.json": write_json,
    "a.feather": write_arrow,
    "a.sqlite": write_sqlite,
}
words = st.text(
    st.characters(min_codepoint=32, max_codepoint=0x2FFF, exclude_categories=("Cs", "Cc", "Zs")),
    min_size=1,
    max_size=6,
).filter(lambda text: text[0] not in "#=" and text.casefold() not in ("ds", "id"))
values = st.none() | st.floats(-1e9, 1e9, allow_subnormal=False) | st.integers(-9999, 9999)


@given(name=words, keys=st.lists(words, min_size=3, max_size=3), cells=st.lists(values, min_size=3))
@settings(max_examples=40, deadline=None)
def test_a_table_is_the_same_in_every_format(
    name: str, keys: list[str], cells: list[float | None]
) -> None:
    rows = [
        (START + timedelta(hours=k), keys[k % 3], None if cell is None else float(cell))
        for k, cell in enumerate(cells)
    ]
    with tempfile.TemporaryDirectory() as folder:
        read = {}
        for file, write in FORMATS.items():
            write(Path(folder) / file, name, rows)
            assert column_names(Path(folder) / file) == ["ds", "id", name]
            table = read_table(Path(folder) / file, columns=["ds", "id", name], text=["ds", "id"])
            read[file] = table
        stamps = pd.DatetimeIndex([row[0] for row in rows]).as_unit("us")
        for file, table in read.items():
            assert parse_stamps(table, column="ds").tolist() == stamps.tolist(), file
            assert table.frame["id"].tolist() == [row[1] for row in rows], file
            expected = np.array([row[2] for row in rows], dtype=float)
            np.testing.assert_allclose(table.frame[name], expected, rtol=1e-15, err_msg=file)


@pytest.mark.parametrize("file", FORMATS)
def test_ids_that_look_like_numbers_stay_as_they_are_written(tmp_path: Path, file: str) -> None:
    rows = [(START + timedelta(days=k), "007", 1.5) for k in range(5)]
    FORMATS[file](tmp_path / file, "y", rows)
    table = read_table(tmp_path / file, columns=["ds", "id", "y"], text=["ds", "id"])
    assert set(table.frame["id"]) == {"007"}


@pytest.mark.parametrize("file", [name for name in FORMATS if name != "a.csv"])
@settings(max_examples=30, deadline=None)
@given(data=st.data())
def test_a_damaged_file_is_read_or_is_a_data_error(file: str, data: st.DataObject) -> None:
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / file
        FORMATS[file](path, "y", ROWS)
        content = bytearray(path.read_bytes())
        end = data.draw(st.integers(0, len(content)))
        for _ in range(data.draw(st.integers(0, 3))):
            content[data.draw(st.integers(0, len(content) - 1))] = data.draw(st.integers(0, 255))
        path.write_bytes(content[:end])
        for columns in (None, ["ds", "y"]):
            try:
                read_table(path, columns=columns, text=["ds"], memory_limit=200)
            except DataError as error:
                assert str(path) in str(error)


@pytest.mark.parametrize("file", [name for name in FORMATS if name != "a.csv"])
def test_half_a_file_is_refused(tmp_path: Path, file: str) -> None:
    path = tmp_path / file
    FORMATS[file](path, "y", ROWS)
    path.write_bytes(path.read_bytes()[: path.stat().st_size // 2 - 3])
    assert refused(path).startswith(str(path))


def refused(path: Path, **how: Any) -> str:
    with pytest.raises(DataError) as caught:
        read_table(path, **how)
    return str(caught.value)


# Workbooks


def sheet(rows: Sequence[Sequence[Any]], path: Path, **how: Any) -> Table:
    return read_table(write_xlsx(path, {"S": rows}), columns=["ds", "y"], text=["ds"], **how)


def test_cells_have_their_types_formulas_their_values_and_errors_are_missing(
    tmp_path: Path,
) -> None:
    rows = [["ds", "y"], [START, "=A1"], [START + timedelta(hours=18), "#N/A"], [START, 3]]
    table = sheet(rows, tmp_path / "a.xlsx")
    assert table.frame["ds"].tolist() == [START, START + timedelta(hours=18), START]
    np.testing.assert_array_equal(table.frame["y"], [42.5, np.nan, 3])
    assert table.findings[0].text == "1 cells hold an error such as #N/A, and are read as missing"


def test_a_place_is_the_row_of_the_sheet_also_below_empty_ones(tmp_path: Path) -> None:
    path = tmp_path / "a.xlsx"
    rows = [["ds", "y"], [START, 1], [], [START, "12 kg"]]
    write_xlsx(path, {"S": rows})
    assert refused(path, columns=["ds", "y"], text=["ds"]).startswith(
        f"{path}, sheet S, row 4: column y: expected a number, received '12 kg' (1 such cell)"
    )


@pytest.mark.parametrize("write", [write_xlsx, write_ods])
def test_the_only_sheet_with_a_table_is_taken_and_of_several_none(
    tmp_path: Path, write: Callable[..., Path]
) -> None:
    notes = [["made by"], ["me"]]
    path = write(tmp_path / "a.xls", {"Notes": notes, "2024": listed("y", ROWS)})
    assert len(read_table(path).frame) == len(ROWS)
    assert read_table(path).inside == Inside(sheet="2024")
    write(path, {"2023": listed("y", ROWS), "it's 2024": listed("y", ROWS[:9])})
    assert refused(path) == (
        f"{path}: several sheets hold a table: 2023, it's 2024; choose one with data.sheet (--set"
        """ 'data.sheet="2023"')"""
    )
    assert len(read_table(path, inside=Inside(sheet="it's 2024")).frame) == 9
    assert refused(path, inside=Inside(sheet="x")) == (
        f"{path}: no sheet x; its sheets are 2023, it's 2024"
    )


def test_an_id_among_empty_cells_stays_whole(tmp_path: Path) -> None:
    rows = [["ds", "y"], [7, 1], [None, 2], [8, 3]]
    assert sheet(rows, tmp_path / "a.xlsx").frame["ds"].tolist() == ["7", "", "8"]


def with_member(path: Path, name: str, content: bytes) -> None:
    with zipfile.ZipFile(path) as archive:
        members = {each.filename: archive.read(each) for each in archive.infolist()}
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        for member, old in members.items():
            archive.writestr(member, content if member == name else old)


def test_a_bomb_is_refused_before_it_is_unpacked(tmp_path: Path) -> None:
    path = write_xlsx(tmp_path / "a.xlsx", {"S": [["a"]]})
    with_member(path, "xl/worksheets/s1.xml", b"<worksheet>" + b" " * (200 << 20))
    assert "would take" in refused(path, memory_limit=100)


@pytest.mark.parametrize(
    "cells",
    [
        "<row r='1048576'><c r='XFD1048576'><v>1</v></c></row>",
        "<row r='1048576'>" + "<c><v>1</v></c>" * 9999 + "</row>",
    ],
)
def test_a_cell_at_the_end_of_a_sheet_is_refused_before_the_sheet_is_laid_out(
    tmp_path: Path, cells: str
) -> None:
    path = write_xlsx(tmp_path / "a.xlsx", {"S": [["a"]]})
    with zipfile.ZipFile(path) as archive:
        text = archive.read("xl/worksheets/s1.xml").decode()
    with_member(
        path, "xl/worksheets/s1.xml", text.replace("</sheetData>", f"{cells}</sheetData>").encode()
    )
    assert "would take" in refused(path, memory_limit=2000)


def test_a_cell_repeated_over_a_sheet_is_refused_before_it_is_written_out(tmp_path: Path) -> None:
    path = write_ods(tmp_path / "a.ods", {"S": [["a", "b"], [1, 2]]})
    with zipfile.ZipFile(path) as archive:
        text = archive.read("content.xml").decode()
    text = text.replace(
        "<table:table-row>", "<table:table-row table:number-rows-repeated='1000000'>"
    )
    text = text.replace(
        "<table:table-cell office", "<table:table-cell table:number-columns-repeated='16000' office"
    )
    with_member(path, "content.xml", text.encode())
    assert "would take" in refused(path, memory_limit=2000)


# JSON


def lines(path: Path, *records: str) -> Path:
    path.write_text("\n".join(records), encoding="utf-8")
    return path


def test_cells_of_json_stay_as_they_stand_and_what_a_record_lacks_is_missing(
    tmp_path: Path,
) -> None:
    path = lines(
        tmp_path / "a.jsonl",
        '{"ds": 1, "y": 123456789012345678901234567890, "b": true}',
        "",
        '{"ds": 2, "y": NaN, "c": "x"}',
        '{"ds": 3, "y": null, "b": false}',
    )
    frame = read_table(path).frame
    assert frame.to_dict("list") == {
        "ds": ["1", "2", "3"],
        "y": ["123456789012345678901234567890", "NaN", ""],
        "b": ["true", "", "false"],
        "c": ["", "x", ""],
    }
    table = read_table(path, columns=["y", "b"])
    np.testing.assert_array_equal(table.frame["y"], [1.2345678901234568e29, np.nan, np.nan])
    np.testing.assert_array_equal(table.frame["b"], [1, np.nan, 0])
    assert table.place(1) == f"{path}:3"


@pytest.mark.parametrize(
    ("line", "said"),
    [
        ('{"y": [1, 2]}', "key y: expected a number, a text, an object or null, received a list"),
        ('{"x": {"a": [1], "b": [2]}}', 'key x.a: .* a list, ["1"], and so do x.b; write a record'),
        ('{"x": {"y": 1}, "x.y": 2}', "the keys x > y and x.y would both be called x.y; rename"),
        ('{"x": {"y": 1}, "x.y": 1}', "the keys x > y and x.y would both be called x.y; rename"),
        ('{"z": {"y": 1}, "z.y": [2]}', "the keys z > y and z.y would both be called z.y; rename"),
        ("{" + '"y": {' * 16 + "}" * 17, "objects inside objects, 16 levels deep"),
        ("{" + ", ".join(f'"{k}": {{"y": 1}}' for k in range(2001)) + "}", "2,000 keys inside"),
        ('{"y": 1, "y": 2}', "key y stands twice"),
        ('{"y": 1', "no JSON"),
        ("[" * 100_000, "no JSON"),
        ("5", "expected a record such as"),
        ("{'y': 1}", "no JSON"),
    ],
)
def test_what_is_no_record_of_cells_is_refused_with_its_line(
    tmp_path: Path, line: str, said: str
) -> None:
    path = lines(tmp_path / "a.jsonl", '{"y": 1}', line)
    assert refused(path).startswith(f"{path}:2: ")
    wanted = ".*".join(map(re.escape, said.split(" .* ")))
    assert re.search(wanted, refused(path)) or "recursion" in refused(path)


def test_values_inside_objects_have_columns_that_are_called_by_their_path(tmp_path: Path) -> None:
    path = lines(
        tmp_path / "a.jsonl",
        '{"at": 1, "value": {"bpm": 61, "of": {"x": "b"}}}',
        '{"at": 2, "value": null}',
        '{"at": 3, "value": {"bpm": 62, "none": {}}}',
        '{"at": 4, "value": {"of": {"x": "c", "y": true}}}',
    )
    assert read_table(path).frame.to_dict("list") == {
        "at": ["1", "2", "3", "4"],
        "value.bpm": ["61", "", "62", ""],
        "value.of.x": ["b", "", "", "c"],
        "value.of.y": ["", "", "", "true"],
    }
    table = read_table(path, columns=["value.bpm"])
    np.testing.assert_array_equal(table.frame["value.bpm"], [61, np.nan, 62, np.nan])


def test_a_value_beside_objects_of_the_same_name_is_kept(tmp_path: Path) -> None:
    path = lines(tmp_path / "a.json", '[{"v": {"x": 1}}, {"v": 2}]')
    assert read_table(path).frame.to_dict("list") == {"v.x": ["1", ""], "v": ["", "2"]}


def test_a_path_that_is_the_name_of_a_key_of_another_record_is_refused(tmp_path: Path) -> None:
    first, second = '{"v.x": 1}', '{"v": {"x": 1}}'
    for records in ((first, second), (second, first)):
        said = refused(lines(tmp_path / "a.jsonl", *records))
        assert "would both be called v.x; rename one" in said


def test_cells_of_objects_count_for_the_limit_of_memory(tmp_path: Path) -> None:
    inside = ", ".join(f'"{k}": 1' for k in range(1000))
    path = lines(tmp_path / "a.jsonl", *[f'{{"v": {{{inside}}}}}'] * 200)
    assert "would take" in refused(path, memory_limit=8)


def test_one_object_around_lists_is_told_where_the_first_of_them_stands(tmp_path: Path) -> None:
    series = {"metric": {"job": "node"}, "values": [[1709251200, "0.2"]]}
    whole = {"status": "success", "data": {"type": "matrix", "result": [series]}}
    said = refused(lines(tmp_path / "a.json", json.dumps(whole)))
    assert "expected a list of records such as" in said
    assert "the first list stands at data.result, and lists again at data.result.values" in said
    records = [{**series["metric"], "at": at, "y": y} for at, y in series["values"]]  # type: ignore[misc]
    table = read_table(lines(tmp_path / "a.json", json.dumps(records)))
    assert table.frame.columns.tolist() == ["job", "at", "y"]


def test_a_list_that_has_no_end_or_something_behind_it_is_refused(tmp_path: Path) -> None:
    path = lines(tmp_path / "a.json", '[{"y": 1},', '{"y": 2}')
    assert refused(path) == f"{path}:2: the list of records has no end; the file was cut"
    lines(path, '[{"y": 1}]', "[]")
    assert refused(path) == f"{path}:2: expected nothing behind the list of records"


def test_series_of_gluonts_become_rows_at_the_frequency_that_is_given(tmp_path: Path) -> None:
    path = lines(
        tmp_path / "a.jsonl",
        '{"start": "2024-01-31", "target": [1, NaN, 3.5], "item_id": "a", "feat_static_cat": [4]}',
        '{"start": "2023-12-31", "target": [7], "item_id": "b", "feat_static_cat": [5]}',
    )
    assert refused(path).startswith(f"{path}:1: a series without stamps; set data.freq")
    frame = read_table(path, inside=Inside(freq="ME")).frame
    assert frame.to_dict("list") == {
        "item_id": ["a", "a", "a", "b"],
        "feat_static_cat_0": ["4", "4", "4", "5"],
        "timestamp": ["2024-01-31", "2024-02-29", "2024-03-31", "2023-12-31"],
        "target": ["1", "NaN", "3.5", "7"],
    }


@pytest.mark.parametrize("freq", ["MS-31", "2MS-31"])
def test_a_day_of_the_month_is_a_frequency_of_series_that_have_a_start(
    tmp_path: Path, freq: str
) -> None:
    path = lines(tmp_path / "a.jsonl", '{"start": "2024-01-31", "target": [1, 2, 3]}')
    stamps = read_table(path, inside=Inside(freq=freq)).frame["timestamp"].tolist()
    months = "2024-02-29", "2024-03-31", "2024-05-31"
    assert stamps == ["2024-01-31", *(months[:2] if freq == "MS-31" else months[1:])]


@pytest.mark.parametrize("wrong", ["dayly", "SME-15"])  # steps between which the start lies
def test_a_frequency_of_a_file_that_does_not_fit_is_to_be_corrected_there(
    tmp_path: Path, wrong: str
) -> None:
    record = '{"start": "2024-01-03", "freq": "dayly", "target": [1, 2]}'.replace("dayly", wrong)
    path = lines(tmp_path / "a.jsonl", record)
    for inside in (Inside(), Inside(freq="D")):
        assert refused(path, inside=inside).endswith("; correct freq in the file")
    lines(path, record.replace(wrong, "D"))
    assert read_table(path).frame["timestamp"].tolist() == ["2024-01-03", "2024-01-04"]
    said = "@attribute start_timestamp date\n@frequency dayly\n@data\n2024-01-03:1,2\n"
    path = lines(tmp_path / "a.tsf", said.replace("dayly", wrong))
    assert refused(path, inside=Inside(freq="D")).endswith("; correct @frequency in the file")
    lines(path, said.replace("dayly", "daily"))
    days = [datetime(2024, 1, 3), datetime(2024, 1, 4)]
    assert read_table(path).frame["timestamp"].tolist() == days


# Monash


def test_series_of_the_monash_archive_become_rows_with_stamps() -> None:
    table = read_table(case_file("demo.tsf"))
    frame = table.frame
    assert list(frame.columns) == ["series_name", "timestamp", "value"]
    assert frame.groupby("series_name").size().to_dict() == {"T1": 100, "T2": 100, "T3": 100}
    assert frame["timestamp"][:2].tolist() == [datetime(1990, 1, 1), datetime(1990, 2, 1)]
    assert frame["value"].isna().sum() == 3
    assert table.findings[0].text == "the file says: frequency monthly, horizon 12"
    weekly = read_table(data_file("ausgrid_weekly.tsf.gz")).frame
    steps = weekly.groupby("series_name")["timestamp"].diff().dropna()
    assert (steps == timedelta(days=7)).all()
    assert weekly["timestamp"][0] == datetime(2010, 7, 1, 0, 30)


def test_a_packed_tsf_without_a_start_counts_steps_and_one_without_spacing_is_asked_for(
    tmp_path: Path,
) -> None:
    text = "@attribute series_name string\n@attribute state string\n@data\na:X:1,?,3\nb:Y:4\n"
    path = tmp_path / "a.tsf.gz"
    path.write_bytes(gzip.compress(text.encode()))
    frame = read_table(path).frame
    assert frame["step"].tolist() == [0, 1, 2, 0]
    assert frame["state"].tolist() == ["X", "X", "X", "Y"]
    path.write_bytes(gzip.compress(text.replace("state", "start_timestamp").encode()))
    assert refused(path).startswith(f"{path}: no @frequency; set data.freq")
    starts = text.replace("state", "start_timestamp").replace("X", "2024-01-01 00-00-00")
    path.write_bytes(gzip.compress(starts.replace("Y", "soon").encode()))
    assert refused(path, inside=Inside(freq="h")) == (
        f"{path}:5: expected a start such as 2010-07-01 00:30:00, received 'soon'"
    )
    path.write_bytes(gzip.compress(text.replace("1,?,3", "1,x").encode()))
    assert refused(path).startswith(f"{path}:4: expected numbers between commas, or ?")


# Databases


def database(path: Path, *statements: str) -> Path:
    with closing(sqlite3.connect(path)) as connection, connection:
        for statement in statements:
            connection.execute(statement)
    return path


def test_a_query_only_reads_and_several_tables_are_named(tmp_path: Path) -> None:
    path = database(
        tmp_path / "a.db",
        "CREATE TABLE sales (ds, y)",
        "INSERT INTO sales VALUES (1, 2.5), (2, NULL)",
        "CREATE TABLE other (z)",
        "INSERT INTO other VALUES (x'00ff')",
    )
    before = path.read_bytes()
    assert refused(path) == (
        f"{path}: several tables: sales, other; choose one with data.table (--set"
        """ 'data.table="sales"'), or a SELECT with data.query"""
    )
    table = read_table(path, inside=Inside(table="sales"))
    np.testing.assert_array_equal(table.frame["y"], [2.5, np.nan])
    assert table.place(1) == f"{path}, table sales, row 2"
    query = "WITH s AS (SELECT ds, y + 1 AS y FROM sales) SELECT * FROM s WHERE y > 0"
    assert read_table(path, inside=Inside(query=query)).frame["y"].tolist() == [3.5]
    assert "expected a number or a text, received 2 bytes" in refused(
        path, inside=Inside(table="other")
    )
    for wrong in (
        "DELETE FROM sales",
        "SELECT 1; DELETE FROM sales",
        f"ATTACH '{tmp_path}/b.db' AS b",
        "PRAGMA writable_schema = ON",
        "SELECT load_extension('x')",
        "VACUUM",
        "",
    ):
        assert refused(path, inside=Inside(query=wrong)).startswith(f"{path}: ")
    assert path.read_bytes() == before
    assert sorted(each.name for each in tmp_path.iterdir()) == ["a.db"]


def test_a_database_in_use_is_refused_as_newer_rows_are_not_in_it(tmp_path: Path) -> None:
    path = database(tmp_path / "a.db", "PRAGMA journal_mode = WAL")
    with closing(sqlite3.connect(path)) as connection:
        connection.execute("CREATE TABLE t (y)")
        connection.commit()
        assert refused(path).startswith(f"{path}: in use: a.db-wal beside it holds rows")


def test_formats_in_one_folder_are_kept_apart(tmp_path: Path) -> None:
    write_jsonl(tmp_path / "a.jsonl", "y", ROWS)
    write_csv(tmp_path / "b.csv", "y", ROWS)
    assert refused(tmp_path) == (
        f"{tmp_path}: JSON beside other files (a.jsonl, b.csv); keep them apart"
    )
    (tmp_path / "b.csv").unlink()
    write_jsonl(tmp_path / "c.jsonl", "y", ROWS)
    table = read_table(tmp_path)
    assert len(table.frame) == 2 * len(ROWS)
    assert table.place(len(ROWS)) == f"{tmp_path / 'c.jsonl'}:1"


def test_the_lines_around_the_table_of_a_sheet_are_found_as_those_of_a_text_file(
    tmp_path: Path,
) -> None:
    path = tmp_path / "a.xlsx"
    table = listed("y", ROWS)
    rows = [["Report"], [], table[0], [None, None, "kWh"], *table[1:], ["Total", None, 99.5]]
    write_xlsx(path, {"S": rows})
    found = read_table(path)
    assert len(found.frame) == len(ROWS)
    assert found.written == CsvConfig(header=3, units_row=True, footer=1)
    columns = {"columns": ["ds", "y"], "text": ["ds"]}
    assert "set data.csv.header: 3" in refused(path, **columns)
    assert len(read_table(path, written=found.written, **columns).frame) == len(ROWS)
