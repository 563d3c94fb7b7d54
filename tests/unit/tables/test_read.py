import bz2
import codecs
import encodings.aliases
import gzip
import lzma
import os
import pkgutil
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from pydantic import ValidationError

from lstm_forecast.config.text_files import CsvConfig
from lstm_forecast.errors import ChangedError, DataError
from lstm_forecast.tables import read as reading
from lstm_forecast.tables.files.dialect import KINDS_OF_FILES
from lstm_forecast.tables.read import Table, read_table

ROWS = [("2024-01-01", 1.5), ("2024-01-02", -2.25), ("2024-01-03", 1e6)]


REMEDY = (
    "; set data.sentinels to what stands for a missing value (--set"
    " 'data.sentinels={}', where the key holds nothing else)"
)
PLAINLY = "; or write plain numbers in the table"
NOTES = "; write plain numbers in the table, without notes, all in one unit"


def written(path: Path, content: str | bytes) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(content.encode() if isinstance(content, str) else content)
    return path


def read(path: Path, **how: str) -> Table:
    return read_table(path, columns=["ds", "y"], text=["ds"], written=CsvConfig(**how))


def refused(path: Path, **options: str) -> str:
    with pytest.raises(DataError) as caught:
        read(path, **options)
    return str(caught.value)


def rows(table: Table) -> list[tuple[str, float]]:
    return list(table.frame[["ds", "y"]].itertuples(index=False, name=None))


# Dialects


@pytest.mark.parametrize("delimiter", [",", ";", "\t", "|"])
@pytest.mark.parametrize("ending", ["\n", "\r\n", "\r"])
def test_every_delimiter_and_line_ending_is_detected(
    tmp_path: Path, delimiter: str, ending: str
) -> None:
    lines = [f"ds{delimiter}y", *(f"{ds}{delimiter}{y}" for ds, y in ROWS)]
    assert rows(read(written(tmp_path / "a.csv", ending.join(lines) + ending))) == ROWS


@pytest.mark.parametrize("delimiter", [";", "\t", "|"])
def test_a_decimal_comma_is_detected(tmp_path: Path, delimiter: str) -> None:
    rows = [("ds", "y"), ("2024-01-01", "1,5"), ("2024-01-02", "-2,25"), ("2024-01-03", "7")]
    text = "".join(f"{stamp}{delimiter}{value}\n" for stamp, value in rows)
    assert read(written(tmp_path / "a.csv", text)).frame.y.tolist() == [1.5, -2.25, 7]


def test_a_decimal_comma_in_quotes_is_detected_beside_the_delimiter_comma(tmp_path: Path) -> None:
    assert read(written(tmp_path / "a.csv", 'ds,y\na,"1,5"\nb,"2,25"\n')).frame.y.tolist() == [
        1.5,
        2.25,
    ]


def test_what_may_be_thousands_is_refused_and_read_when_the_config_says_what_it_is(
    tmp_path: Path,
) -> None:
    path = written(tmp_path / "a.csv", 'ds,y\na,"1,234"\nb,"12,500"\n')
    assert (
        refused(path)
        == f"{path}:2: column y: expected a number, received '1,234' (2 such cells); set"
        f" data.csv.decimal: ',', or data.csv.decimal: '.' and data.csv.thousands: ','"
    )
    assert read(path, decimal=",").frame.y.tolist() == [1.234, 12.5]
    assert read(path, decimal=".", thousands=",").frame.y.tolist() == [1234, 12500]


def test_a_point_among_decimal_commas_is_located(tmp_path: Path) -> None:
    path = written(tmp_path / "a.csv", "ds;y\na;1,5\nb;2,5\nc;2.5\nd;1.234,5\n")
    assert (
        refused(path) == f"{path}:4: column y: expected a number, received '2.5' (2 such cells)"
        f"{NOTES}"
    )


def test_the_config_overrides_what_would_be_detected(tmp_path: Path) -> None:
    path = written(tmp_path / "a.csv", "ds:y\na:1,5\n".encode("utf-16-le"))
    assert rows(read(path, delimiter=":", decimal=",", encoding="utf-16-le")) == [("a", 1.5)]


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16", "cp1252"])
@pytest.mark.parametrize("name", ["Verkäufe", "Größe in °C", "año", "produção", "salg på øl"])
def test_western_headers_are_read_in_every_usual_encoding(
    tmp_path: Path, encoding: str, name: str
) -> None:
    path = written(tmp_path / "a.csv", f"ds,{name}\nMünchen,1\nKöln,2\n".encode(encoding))
    frame = read_table(path, columns=["ds", name], text=["ds"]).frame
    assert frame.to_dict("list") == {"ds": ["München", "Köln"], name: [1, 2]}


@pytest.mark.parametrize(
    ("encoding", "text"),
    [
        ("cp1251", "дата,продажи\nЮжный,1\n"),
        ("shift_jis", "日付,売上\n東京,1\n"),
        ("gb18030", "日期,销售额\n北京,1\n"),
    ],
)
def test_other_code_pages_are_asked_for_and_not_guessed(
    tmp_path: Path, encoding: str, text: str
) -> None:
    path = written(tmp_path / "a.csv", text.encode(encoding))
    assert refused(path).startswith(
        f"{path}: neither UTF-8 nor Western European text; set data.csv.encoding"
    )
    assert read_table(path, written=CsvConfig(encoding=encoding)).frame.to_csv(index=False) == text


def test_a_byte_order_mark_is_no_part_of_the_header_even_if_the_config_says_utf_8(
    tmp_path: Path,
) -> None:
    assert rows(read(written(tmp_path / "a.csv", "\ufeffds,y\na,1\n"), encoding="utf-8")) == [
        ("a", 1)
    ]


def test_a_wrong_encoding_names_the_key(tmp_path: Path) -> None:
    path = written(tmp_path / "a.csv", "ds,y\nKöln,1\n".encode("cp1252"))
    assert refused(path, encoding="utf-8").startswith(f"{path}:2: not utf-8 text")
    late = written(tmp_path / "b.csv", b"ds,y\n" + b"a,1\n" * 100_000 + b"K\xf6ln,1\n")
    assert refused(late).endswith("set data.csv.encoding")
    wide = written(tmp_path / "c.csv", "ds,y\n1,2,3\nKöln,1\n".encode("cp1252"))
    assert refused(wide, encoding="utf-8").startswith(f"{wide}:3: not utf-8 text")


@pytest.mark.parametrize(
    ("suffix", "compress"), [("gz", gzip.compress), ("bz2", bz2.compress), ("xz", lzma.compress)]
)
def test_compressed_files_are_read_and_located_like_plain_ones(
    tmp_path: Path, suffix: str, compress: Callable[[bytes], bytes]
) -> None:
    path = written(tmp_path / f"a.csv.{suffix}", compress(b"ds,y\na,1\n\nb,2\n"))
    assert rows(read(path)) == [("a", 1), ("b", 2)]
    assert read(path).place(1) == f"{path}:4"


@pytest.mark.parametrize("suffix", ["gz", "bz2", "xz", "zip", "zst", "tar"])
def test_a_file_that_is_not_what_its_suffix_says_is_a_data_error(
    tmp_path: Path, suffix: str
) -> None:
    path = written(tmp_path / f"a.csv.{suffix}", "ds,y\na,1\n")
    assert refused(path).startswith(f"{path}: cannot be read: ")


@pytest.mark.parametrize(
    ("suffix", "compress"), [("gz", gzip.compress), ("bz2", bz2.compress), ("xz", lzma.compress)]
)
@pytest.mark.parametrize("cut", [False, True])
def test_a_damaged_archive_is_a_data_error_wherever_the_damage_is(
    tmp_path: Path, suffix: str, compress: Callable[[bytes], bytes], cut: bool
) -> None:
    noise = np.random.default_rng(0).normal(size=60_000)
    whole = compress(("ds,y\n" + "".join(f"a,{y:.6f}\n" for y in noise)).encode())
    middle = len(whole) * 3 // 4  # behind what the first look reads
    damaged = whole[:middle] if cut else whole[:middle] + b"damage" * 9 + whole[middle + 54 :]
    path = written(tmp_path / f"a.csv.{suffix}", damaged)
    assert str(path) in refused(path)


# Places


def test_quoted_line_breaks_and_blank_lines_keep_the_places_right(tmp_path: Path) -> None:
    text = (
        '\n\nds,note,y\n\na,"two\nlines, one ""cell""",1\n '
        ' \t\nb,plain,2\n\n\nc,"\n\n",3\nd,,x\ne,,x\n'
    )
    path = written(tmp_path / "a.csv", text)
    lines = text.split("\n")
    table = read_table(path, columns=["ds"], text=["ds"])
    assert table.place(1) == f"{path}:{lines.index('b,plain,2') + 1}"
    place = f"{path}:{lines.index('d,,x') + 1}"
    assert refused(
        path
    ) == f"{place}: column y: expected a number, received 'x' (2 such cells)" + REMEDY.format(
        '["x"]'
    )


def test_a_line_of_delimiters_alone_is_a_row_without_values(tmp_path: Path) -> None:
    table = read(written(tmp_path / "a.csv", "ds,y\na,1\n,\n\nb,2\n"))
    assert table.frame.ds.tolist() == ["a", "", "b"]
    assert table.place(2).endswith(":5")


def test_a_line_break_in_the_header_does_not_hide_its_columns(tmp_path: Path) -> None:
    path = written(tmp_path / "a.csv", 'ds,"y\nin kg"\na,1\nb,bad\n')
    with pytest.raises(DataError, match=f"{path}:4: "):
        read_table(path, columns=["ds", "y\nin kg"], text=["ds"])


@pytest.mark.parametrize("ending", ["\n", "\r\n", "\r"])
def test_one_bad_cell_in_row_30_000_is_located(tmp_path: Path, ending: str) -> None:
    lines = ["ds,y", *(f"t{k},{k}.5" for k in range(40_000))]
    lines[30_000] = "t29999,1O"
    path = written(tmp_path / "a.csv", ending.join(lines) + ending)
    assert (
        refused(path)
        == f"{path}:30001: column y: expected a number, received '1O' (1 such cell); set"
        f" data.units: {{'y': {{'': 1, 'O': 1}}}}{PLAINLY}"
    )


def test_bad_cells_of_all_columns_are_reported_at_once(tmp_path: Path) -> None:
    path = written(tmp_path / "a.csv", "ds,y,z\na,1,?\nb,12%,x\nc,0x10,y\n")
    with pytest.raises(DataError) as caught:
        read_table(path, columns=["ds", "y", "z"], text=["ds"])
    assert caught.value.problems == (
        f"{path}:3: column y: expected a number, received '12%' (2 such cells){NOTES}",
        f"{path}:3: column z: expected a number, received 'x' (2 such cells)"
        + REMEDY.format('["x", "y"]'),
    )


@settings(
    max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(
    st.lists(st.text("ab ,\"'\n\r;|\té", max_size=6), min_size=1, max_size=8),
    st.sampled_from([",", ";", "\t", "|"]),
    st.lists(st.integers(0, 2), min_size=8, max_size=8),
)
def test_any_text_that_is_quoted_properly_comes_back_as_written_with_its_place(
    tmp_path: Path, cells: list[str], delimiter: str, blanks: list[int]
) -> None:
    text, places = f"id{delimiter}y\n", []
    for k, cell in enumerate(cells):
        quoted = cell.replace('"', '""')
        text += "\n" * blanks[k]
        places.append(text.replace("\r\n", "\n").replace("\r", "\n").count("\n") + 1)
        text += f'"{quoted}"{delimiter}{k}\n'
    path = written(tmp_path / "a.csv", text)
    table = read_table(
        path, columns=["id", "y"], text=["id"], written=CsvConfig(delimiter=delimiter)
    )
    assert table.frame.id.tolist() == cells
    assert table.frame.y.tolist() == list(range(len(cells)))
    assert [table.place(k) for k in range(len(cells))] == [f"{path}:{line}" for line in places]


# Columns


def test_a_missing_column_lists_what_is_there(tmp_path: Path) -> None:
    path = written(tmp_path / "a.csv", "date,value\n2024-01-01,1\n")
    assert refused(path) == f"{path}: no column ds, y; its columns are date, value"


def test_a_name_that_two_columns_have_is_refused_only_if_it_is_wanted(tmp_path: Path) -> None:
    assert rows(read(written(tmp_path / "a.csv", "ds,x,x,y\na,5,6,1\n"))) == [("a", 1)]
    path = written(tmp_path / "b.csv", "ds,y,y\na,5,6\n")
    assert refused(path) == f"{path}: several columns are called y; rename all but one"


def test_columns_without_a_name_are_called_what_a_first_look_calls_them(tmp_path: Path) -> None:
    path = written(tmp_path / "a.csv", ",ds,,y,\n0,a,5,1,\n1,b,6,2,\n")
    assert rows(read(path)) == [("a", 1), ("b", 2)]
    names = list(read_table(path).frame.columns)
    assert names == ["Unnamed: 0", "ds", "Unnamed: 2", "y", "Unnamed: 4"]
    assert list(read_table(path, columns=names, text=["ds"]).frame.columns) == names


def test_a_table_without_a_header_shows_its_first_row_as_columns(tmp_path: Path) -> None:
    path = written(tmp_path / "a.csv", "2024-01-01,5\n2024-01-02,6\n")
    assert refused(path) == f"{path}: no column ds, y; its columns are 2024-01-01, 5"


def test_columns_come_in_the_order_asked_for(tmp_path: Path) -> None:
    path = written(tmp_path / "a.csv", "z,y,ds\n3,1,a\n")
    assert list(read_table(path, columns=["ds", "y", "z"], text=["ds"]).frame.columns) == [
        "ds",
        "y",
        "z",
    ]


@pytest.mark.parametrize("word", [".", "..", ":", " . "])
def test_what_offices_write_for_no_value_is_missing(tmp_path: Path, word: str) -> None:
    table = read(written(tmp_path / "a.csv", f"ds;y\na;1,5\nb;{word}\nc;2,5\n"))
    assert table.frame.y.isna().tolist() == [False, True, False]


def test_ids_stay_text_as_written_and_missing_numbers_become_nan(tmp_path: Path) -> None:
    ids = ["NA", "007", "null", "1e5", "", " 7", "None", "nan", "True", "-"]
    numbers = ["NA", "", "null", "N/A", "NaN", "nan", "None", "-", "?", "NULL"]
    path = written(
        tmp_path / "a.csv",
        "ds,y\n" + "".join(f"{i},{y}\n" for i, y in zip(ids, numbers, strict=True)),
    )
    frame = read(path).frame
    assert frame.ds.tolist() == ids
    assert frame.y.isna().all()


def test_spaces_around_numbers_and_infinities_are_read(tmp_path: Path) -> None:
    frame = read(written(tmp_path / "a.csv", "ds,y\na, 1.5 \nb,-inf\nc,+2e-3\nd,Infinity\n")).frame
    assert frame.y.tolist() == [1.5, -np.inf, 0.002, np.inf]


@pytest.mark.parametrize("columns", [None, ["ds", "y"]])
def test_a_row_with_more_cells_than_the_header_is_refused_instead_of_cut_or_shifted(
    tmp_path: Path, columns: list[str] | None
) -> None:
    path = written(tmp_path / "a.csv", "ds,y\n2024-01-01,1,5\n2024-01-02,2,5\n")
    with pytest.raises(DataError) as caught:
        read_table(path, columns=columns, text=["ds"])
    assert (
        str(caught.value)
        == f"{path}:2: the header names 2 columns, and this row has 3: '2024-01-01,1,5' (2 such"
        " rows); put cells that hold ',' in quotes, or name all columns in the header, or take out"
        " rows that are none"
    )


@pytest.mark.parametrize(
    ("odd", "mended"),
    [
        ("2024-01-09,1,a,b", '2024-01-09,1,"a,b"'),
        ("2024-01-09,1,a,b", "2024-01-09,1,a b"),
        ("see page 7,,,9", ""),
    ],
)
def test_what_is_said_of_a_row_with_more_cells_than_the_header_helps(
    tmp_path: Path, odd: str, mended: str
) -> None:
    rows = [f"2024-01-0{k},1,a" for k in range(1, 9)]
    path = written(tmp_path / "a.csv", "\n".join(["ds,y,z", *rows[:4], odd, *rows[4:]]))
    said = "put cells that hold ',' in quotes, or name all columns in the header, or take out rows"
    assert said in refused(path)
    written(path, path.read_text().replace(odd, mended))
    assert len(read_table(path).frame) == 8 + bool(mended)


def test_the_first_place_is_that_of_a_cell_which_does_not_fit_the_others(tmp_path: Path) -> None:
    cells = [*["5%"] * 6, "< 1%", " --", "< 1%", " --", " --", *["7%"] * 6]
    rows = [f"t{k},{cell}" for k, cell in enumerate(cells)]
    path = written(tmp_path / "a.csv", "\n".join(["ds,y", *rows]))
    said = refused(path)
    assert said.startswith(f"{path}:8: column y: expected a number, received '< 1%' (2 such cells,")
    assert "15 of other kinds); set data.units: {'y': {'%': 1}} and data.censored: limit" in said
    assert "with data.sentinels: ['--'] for what is no value" in said
    path = written(tmp_path / "a.csv", path.read_text().replace("< 1%", "1%"))
    assert refused(path).startswith(
        f"{path}:9: column y: expected a number, received ' --' (3 such"
    )


def test_lines_that_begin_with_the_kind_of_their_record_are_told(tmp_path: Path) -> None:
    values = [f"300,202401{day:02},0.1,0.2,0.3,A" for day in range(1, 21)]
    lines = ["100,NEM12,here", "200,7012,E1,KWH", *values, "400,1,2,F", "900"]
    path = written(tmp_path / "a.csv", "\n".join(lines))
    said = "300 in 20 of 24 lines holds the values: keep these lines alone, below a line with the"
    with pytest.raises(DataError) as caught:
        read_table(path)
    assert f"{said} names of their 6 columns" in str(caught.value)
    assert "write what those of 100, 200, 400, 900 say of them" in str(caught.value)
    written(path, "\n".join(["kind,day,a,b,c,flag,meter", *(f"{row},7012" for row in values)]))
    assert len(read_table(path).frame) == len(values)


def test_one_wide_row_far_down_is_found(tmp_path: Path) -> None:
    lines = ["ds,y,z", *(f"t{k},{k}.5,1" for k in range(40_000))]
    lines[30_000] = "t29999,1,5,1"
    path = written(tmp_path / "a.csv", "\n".join(lines))
    assert refused(path).startswith(f"{path}:30001: the header names 3 columns, and this row has 4")


def test_empty_cells_behind_the_last_column_are_harmless(tmp_path: Path) -> None:
    path = written(tmp_path / "a.csv", "ds,y\na,1,\nb,2,\n")
    assert rows(read_table(path, columns=["ds", "y"], text=["ds"])) == [("a", 1), ("b", 2)]
    assert rows(read_table(path)) == [("a", "1"), ("b", "2")]


def test_a_short_row_has_missing_values(tmp_path: Path) -> None:
    assert read(
        written(tmp_path / "a.csv", "ds,x,y\na,1,2\nb\nc,1\n")
    ).frame.y.tolist() == pytest.approx([2, np.nan, np.nan], nan_ok=True)


def test_a_file_with_one_column_needs_no_delimiter(tmp_path: Path) -> None:
    path = written(tmp_path / "a.csv", "y\n1\n2\n")
    assert read_table(path, columns=["y"]).frame.y.tolist() == [1, 2]
    assert refused(path) == f"{path}: no column ds; its columns are y"


# What is no table


@pytest.mark.parametrize(
    "content", [b"", b"\n \n\t\n", b"\xef\xbb\xbf", b"\xff\xfe", b'"', b'""\n']
)
def test_an_empty_file_is_refused(tmp_path: Path, content: bytes) -> None:
    path = written(tmp_path / "a.csv", content)
    assert refused(path) == f"{path}: empty; expected a header line and rows"


@pytest.mark.parametrize("odd", ['""', '"  "', '"\n"'])
def test_a_line_of_nothing_but_quotes_is_a_row_and_the_places_after_it_are_right(
    tmp_path: Path, odd: str
) -> None:
    path = written(tmp_path / "a.csv", f"ds,y\n\n2024-01-01,1\n   \n{odd}\n2024-01-02,2\n")
    table = read_table(path)
    assert len(table.frame) == 3
    assert table.place(2) == f"{path}:{6 + odd.count(chr(10))}"


def test_a_header_alone_is_a_table_without_rows(tmp_path: Path) -> None:
    assert len(read(written(tmp_path / "a.csv", "ds,y\n")).frame) == 0


@pytest.mark.parametrize(
    "content",
    [
        b"\x89PNG\r\n\x1a\n\0\0\0\rIHDR",
        bytes(range(256)) * 9,
        "ds,y\na,1\n".encode("utf-32"),
        b"ds,y\n\0,1\n",
    ],
)
def test_a_binary_file_is_refused(tmp_path: Path, content: bytes) -> None:
    path = written(tmp_path / "a.csv", content)
    assert refused(path) == f"{path}: a binary file; expected {KINDS_OF_FILES}"


@pytest.mark.parametrize("n_rows", [1, 60_000])
def test_a_quote_that_is_never_closed_is_a_data_error(tmp_path: Path, n_rows: int) -> None:
    path = written(tmp_path / "a.csv", 'ds,y\na,"1\n' + "b,2.25\n" * n_rows)
    assert refused(path).startswith(f"{path}: not readable as CSV: ")


def test_a_path_that_matches_nothing_says_so(tmp_path: Path) -> None:
    for path in (tmp_path / "none.csv", tmp_path / "*.csv"):
        assert refused(path).startswith(f"{path}: no such file")
    (tmp_path / ".hidden.csv").write_text("ds,y\n")
    assert refused(tmp_path).startswith(f"{tmp_path}: a directory without files; ")


# Many files


def test_a_directory_and_a_glob_are_read_as_one_table_with_a_place_for_each_row(
    tmp_path: Path,
) -> None:
    a = written(tmp_path / "a.csv", "ds,y\na,1\nb,2\n")
    b = written(tmp_path / "deep" / "b.csv.gz", gzip.compress(b"y;ds\n\n3,5;c\n"))
    written(tmp_path / "_SUCCESS", "")
    written(tmp_path / ".ipynb_checkpoints" / "a-checkpoint.csv", "ds,y\na,1\nb,2\n")
    for path in (tmp_path, tmp_path / "**" / "*.csv*"):
        table = read(path)
        assert rows(table) == [("a", 1), ("b", 2), ("c", 3.5)]
        assert [table.place(k) for k in range(3)] == [f"{a}:2", f"{a}:3", f"{b}:3"]
        with pytest.raises(IndexError):
            table.place(3)


def test_a_file_of_a_directory_that_lacks_a_column_is_named(tmp_path: Path) -> None:
    written(tmp_path / "a.csv", "ds,y\na,1\n")
    odd = written(tmp_path / "b.csv", "ds,z\na,1\n")
    assert refused(tmp_path) == f"{odd}: no column y; its columns are ds, z"


# Parquet


def test_a_parquet_file_is_read_with_its_types(tmp_path: Path) -> None:
    frame = pd.DataFrame(
        {"ds": pd.date_range("2024", periods=3, tz="Europe/Berlin"), "y": [1, None, 3], "z": 0}
    )
    frame.to_parquet(tmp_path / "a.parquet")
    table = read(tmp_path / "a.parquet")
    pd.testing.assert_frame_equal(table.frame, frame[["ds", "y"]])
    assert table.place(1) == f"{tmp_path / 'a.parquet'}, row 2"


def test_a_parquet_column_that_pandas_wrote_as_the_index_is_still_a_column(tmp_path: Path) -> None:
    stamps = pd.date_range("2024", periods=3, name="ds")
    pd.DataFrame({"y": [1.0, 2, 3]}, index=stamps).to_parquet(tmp_path / "a.parquet")
    assert read(tmp_path / "a.parquet").frame.ds.tolist() == stamps.tolist()


def test_hive_partitions_are_columns_and_ids_in_folder_names_stay_text(tmp_path: Path) -> None:
    for store in ("007", "12", "NA"):
        for year in (2023, 2024):
            folder = tmp_path / f"store={store}" / f"year={year}"
            folder.mkdir(parents=True)
            pd.DataFrame({"ds": [f"{year}-01-01"], "y": [len(store)]}).to_parquet(
                folder / "part.parquet"
            )
    frame = read_table(tmp_path, columns=["ds", "store", "y"], text=["ds", "store"]).frame
    assert frame.store.tolist() == ["007", "007", "12", "12", "NA", "NA"]
    assert frame.y.tolist() == [3, 3, 2, 2, 2, 2]
    assert (
        read_table(tmp_path, columns=["ds", "year", "y"], text=["ds"]).frame.year.tolist()
        == [2023, 2024] * 3
    )
    assert set(read_table(tmp_path).frame.columns) == {"ds", "y", "store", "year"}


def test_text_where_parquet_should_hold_numbers_is_refused_by_column(tmp_path: Path) -> None:
    pd.DataFrame({"ds": ["a"], "y": ["1"], "z": pd.to_datetime(["2024"])}).to_parquet(
        tmp_path / "a.pq"
    )
    with pytest.raises(DataError) as caught:
        read_table(tmp_path / "a.pq", columns=["ds", "y", "z"], text=["ds"])
    assert len(caught.value.problems) == 2
    assert "column y: expected numbers, received large_string" in caught.value.problems[0]
    assert "column z: expected numbers, received timestamp" in caught.value.problems[1]


def test_a_file_that_is_no_parquet_and_one_beside_csv_are_refused(tmp_path: Path) -> None:
    broken = written(tmp_path / "a.parquet", "ds,y\na,1\n")
    assert refused(broken).startswith(f"{broken}: not readable as Parquet: ")
    written(tmp_path / "b.csv", "ds,y\na,1\n")
    assert refused(tmp_path).startswith(
        f"{tmp_path}: Parquet beside other files (a.parquet, b.csv)"
    )


def test_a_column_missing_from_parquet_lists_what_is_there(tmp_path: Path) -> None:
    pd.DataFrame({"date": [1], "v": [2]}).to_parquet(tmp_path / "a.parquet")
    assert refused(tmp_path / "a.parquet").endswith("no column ds, y; its columns are date, v")


# Files that were cut, and files that are being written

STEADY = "ds,n,y\n" + "".join(f"{k},{k % 7},{k % 50}.{k % 1000:03d}\n" for k in range(1010, 3010))


def note(path: Path, text: str) -> str | None:
    table = read_table(written(path, text), columns=["ds", "n", "y"], text=["ds"])
    return table.findings[0].text if table.findings else None


@pytest.mark.parametrize("lost", [1, 2, 3, 4, 5])
@pytest.mark.parametrize("ending", ["\n", "\r\n"])
@pytest.mark.parametrize("encoding", ["utf-8", "utf-16"])
def test_a_last_number_that_was_cut_is_named(
    lost: int, ending: str, encoding: str, tmp_path: Path
) -> None:
    path = tmp_path / "a.csv"
    path.write_bytes(STEADY.rstrip("\n")[:-lost].replace("\n", ending).encode(encoding))
    (finding,) = read_table(path, columns=["ds", "n", "y"], text=["ds"]).findings
    assert (finding.kind, finding.level, finding.places) == ("cut", "note", (f"{path}:2001",))
    assert "the last row has no line end, and " in finding.text
    assert "add what is missing, or a line end if nothing is" in finding.text


def test_a_last_row_that_is_as_long_as_others_or_has_an_end_is_not(tmp_path: Path) -> None:
    assert note(tmp_path / "a.csv", STEADY) is None
    assert note(tmp_path / "b.csv", STEADY.rstrip("\n")) is None
    assert note(tmp_path / "c.csv", STEADY.rstrip("\n") + "\n  ") is None
    assert note(tmp_path / "d.csv", STEADY + "3000,1,9\n") is None  # the remedy
    assert note(tmp_path / "e.csv", "ds,n,y\n1,1,2.5\n2,1,17\n3,1,1.5") is None
    assert note(tmp_path / "f.csv", "ds,n,y\n1,1,9") is None


@pytest.mark.parametrize("last", ["3000,1", "3000", "30"])
def test_a_last_row_that_lost_columns_is_refused_until_it_has_an_end(
    last: str, tmp_path: Path
) -> None:
    path = written(tmp_path / "a.csv", STEADY + last)
    message = (
        f"{path}:2002: the last row has {len(last.split(','))} of 3 columns and no line end, as of"
        " a file that was cut"
    )
    with pytest.raises(DataError) as caught:
        read_table(path, columns=["ds", "n", "y"], text=["ds"])
    assert str(caught.value).startswith(message)
    assert (
        len(read_table(written(path, STEADY + last + "\n"), columns=["ds", "y"], text=["ds"]).frame)
        == 2001
    )


def test_rows_that_are_all_narrower_than_the_header_are_not_cut(tmp_path: Path) -> None:
    assert note(tmp_path / "a.csv", "ds,n,y,comment\n1,1,2.5\n2,1,1.5") is None


@pytest.mark.parametrize("change", ["grows", "is rewritten", "shrinks", "goes"])
@pytest.mark.parametrize("form", ["csv", "parquet"])
def test_a_file_that_changes_while_it_is_read_is_refused(
    change: str, form: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tmp_path / f"a.{form}"
    frame = pd.DataFrame({"ds": ["a", "b"], "y": [1.0, 2.0]})
    frame.to_csv(path, index=False) if form == "csv" else frame.to_parquet(path)
    content = path.read_bytes()
    changes: dict[str, Callable[[], object]] = {
        "grows": lambda: path.write_bytes(content + b"c,3\n"),
        "is rewritten": lambda: (path.write_bytes(content), os.utime(path, (1, 1))),
        "shrinks": lambda: path.write_bytes(content[:-2]),
        "goes": path.unlink,
    }
    name = "read_text" if form == "csv" else "read_columns"
    before = getattr(reading, name)
    monkeypatch.setattr(reading, name, lambda *args: (before(*args), changes[change]())[0])
    with pytest.raises(ChangedError) as caught:
        read_table(path, columns=["ds", "y"], text=["ds"])
    assert str(caught.value).startswith(f"{path}: changed while it was read (")
    assert str(caught.value).endswith("; try again when it is written")


def test_what_is_wrong_with_a_file_that_changes_is_that_it_changes(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = written(tmp_path / "a.csv", STEADY + "3000")
    before = reading.cut_row
    monkeypatch.setattr(reading, "cut_row", lambda *args: (written(path, STEADY), before(*args))[1])
    with pytest.raises(ChangedError):
        read_table(path, columns=["ds", "y"], text=["ds"])


def test_a_place_in_a_file_that_lost_rows_since_is_a_data_error(tmp_path: Path) -> None:
    table = read_table(written(tmp_path / "a.csv", STEADY))
    written(tmp_path / "a.csv", "ds,n,y\n")
    with pytest.raises(ChangedError):
        table.place(5)


# Encodings


def file_encodings() -> list[str]:
    names = {module.name for module in pkgutil.iter_modules(encodings.__path__)} | set(
        encodings.aliases.aliases
    )
    return sorted(names)


def test_every_codec_of_python_reads_files_or_is_refused_by_the_config() -> None:
    text, read_by = "ds,y\r\n2024-01-01,1.5\r\n2024-01-02,-2e3\r\n", []
    for name in file_encodings():
        try:
            CsvConfig(encoding=name)
        except ValidationError as error:
            assert "no encoding of text files; expected one such as utf-8" in str(error)
            continue
        assert text.encode(name).decode(name) == text
        read_by.append(name)
    assert len(read_by) > 300
    assert {
        "utf8",
        "utf_16",
        "cp1252",
        "latin",
        "cp037",
        "gb18030",
        "shift_jis_2004",
        "cp864",
    } <= set(read_by)


@pytest.mark.parametrize(
    "name",
    [
        "idna",
        "klingon",
        "punycode",
        "undefined",
        "rot13",
        "base64",
        "unicode_escape",
        "raw_unicode_escape",
        "hex",
        "",
        "a\0b",
        "zip",
    ],
)
def test_codecs_that_are_not_for_files_are_refused(name: str) -> None:
    with pytest.raises(
        ValidationError,
        match="no encoding of text files; expected one such as utf-8, utf-16-le, cp1252",
    ):
        CsvConfig(encoding=name)


@pytest.mark.parametrize("encoding", ["utf-16", "UTF16", "utf-32", "u32"])
@pytest.mark.parametrize("order", ["le", "be"])
def test_text_without_a_byte_order_mark_says_which_encoding_reads_it(
    encoding: str, order: str, tmp_path: Path
) -> None:
    plain = codecs.lookup(encoding).name
    path = written(tmp_path / "a.csv", "ds,y\nä,1\n".encode(f"{plain}-{order}"))
    assert (
        refused(path, encoding=encoding)
        == f"{path}: no byte-order mark; set data.csv.encoding: {plain}-{order}"
    )
    assert rows(read(path, encoding=f"{plain}-{order}")) == [("ä", 1)]
