"""Lines around a table are found, named and left out only where the config says so."""

from collections.abc import Sequence
from pathlib import Path
from tempfile import TemporaryDirectory

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from lstm_forecast.config.text_files import CsvConfig
from lstm_forecast.errors import DataError
from lstm_forecast.tables.read import Table, column_names, read_table
from tests.benchmarks.files import case_file

DAYS = [f"2024-01-{day:02}" for day in range(1, 31)]
HEADER, BODY = "ds,y,z", [f"{day},{k}.5,{9 - k}" for k, day in enumerate(DAYS)]


def written(folder: Path, *lines: str) -> Path:
    path = folder / "a.csv"
    path.write_text("\n".join(lines) + "\n", encoding="utf-8")
    return path


def read(path: Path, keys: CsvConfig) -> Table:
    return read_table(path, columns=["ds", "y", "z"], text=["ds"], written=keys)


def refused(path: Path, keys: CsvConfig | None = None) -> str:
    with pytest.raises(DataError) as caught:
        read(path, keys or CsvConfig())
    return str(caught.value)


def require_found(path: Path, **keys: object) -> Table:
    """A first look finds these keys, and with them all rows are read, each in its own line."""
    found = read_table(path)
    assert found.written == CsvConfig.model_validate(keys)
    table = read(path, found.written)
    assert table.frame["ds"].tolist() == DAYS
    lines = path.read_text(encoding="utf-8").split("\n")
    for row in (0, len(DAYS) - 1):
        number = int(table.place(row).rpartition(":")[2])
        assert lines[number - 1] == BODY[row]
    assert len(table.findings) == len(keys)
    return table


@pytest.mark.parametrize(
    "before",
    [
        ["Station Vienna", ""],
        ["Report,,", "made by,me,", ",,"],
        ['An "odd" title', "It's 5\" wide"],
        ["a", "b", "c", "d", "e"] * 20,
    ],
)
def test_lines_before_the_header_are_found_and_left_out_by_the_key_alone(
    tmp_path: Path, before: Sequence[str]
) -> None:
    path = written(tmp_path, *before, HEADER, *BODY)
    table = require_found(path, header=len(before) + 1)
    assert f"the header is line {len(before) + 1}" in table.findings[0].text
    assert refused(path).startswith(f"{path}:1: ")
    assert f"set data.csv.header: {len(before) + 1}," in refused(path)


def test_a_header_that_has_moved_is_found_by_the_columns_of_the_config(tmp_path: Path) -> None:
    for before in (["one"], ["one", "two", "three", "four"], []):
        path = written(tmp_path, *before, HEADER, *BODY)
        assert read(path, CsvConfig(header=3)).frame["ds"].tolist() == DAYS
        assert column_names(path, CsvConfig(header=3), columns=["y"]) == ["ds", "y", "z"]
    path = written(tmp_path, "one", "ds,y,x", *BODY)
    assert "no column z" in refused(path, CsvConfig(header=2))
    assert refused(path, CsvConfig(header=99)).endswith("no line 99, which data.csv.header names")


def test_a_line_before_the_header_that_is_as_wide_as_the_table_is_asked_about(
    tmp_path: Path,
) -> None:
    path = written(tmp_path, "Report", "Vienna, Vienna, 2024", HEADER, *BODY)
    with pytest.raises(DataError) as caught:
        read_table(path)
    assert str(caught.value).startswith(f"{path}:2: no fewer fields than the table")
    assert "set data.csv.header: 3 " in str(caught.value)
    assert read_table(path, written=CsvConfig(header=3)).frame["ds"].tolist() == DAYS


def test_of_two_lines_that_may_name_the_columns_neither_is_taken(tmp_path: Path) -> None:
    path = written(tmp_path, "Report", "Station,Vienna,Austria", HEADER, *BODY)
    said = f"{path}:3: names of the columns, or units of those in the line before: set"
    assert refused(path) == f"{said} data.csv.header: 3, or data.csv.units_row: true"
    with pytest.raises(DataError) as caught:
        read_table(path)
    assert str(caught.value) == refused(path)
    table = read_table(path, written=CsvConfig(header=3))
    assert table.frame.columns.tolist() == ["ds", "y", "z"]
    table = read_table(path, written=CsvConfig(units_row=True))
    assert table.frame.columns.tolist() == ["Station", "Vienna", "Austria"]
    assert len(table.frame) == len(DAYS)


@pytest.mark.parametrize(
    "totals",
    [
        [",5,9,Grand total"],
        ["Total,5,9"],
        ["Gesamtsumme,,9"],
        [",,3", ",5,9,Total"],
        [" Sum ,5,"],
        ["Total,5,9", "Total,6,9"],
    ],
)
def test_totals_below_the_header_are_no_rows(tmp_path: Path, totals: list[str]) -> None:
    path = written(tmp_path, HEADER, *totals, *BODY)
    if totals[0] == ",,3":  # which nothing calls a total
        with pytest.raises(DataError, match="the header names 3 columns, and this row has 4"):
            read_table(path)
        return
    table = require_found(path, totals_row=True)
    assert "of totals below the header, left out" in table.findings[0].text
    assert f"{path}:2: {len(totals)} line" in refused(path)
    assert "called a total; set data.csv.totals_row: true, or take them" in refused(path)
    without = written(tmp_path, HEADER, *BODY)
    assert read(without, CsvConfig(totals_row=True)).frame["ds"].tolist() == DAYS


@pytest.mark.parametrize("row", [f"{DAYS[0]},Total,9", "Total,kg,kg", "Totally,5,9"])
def test_rows_with_a_stamp_or_no_number_or_another_word_are_no_totals(
    tmp_path: Path, row: str
) -> None:
    path = written(tmp_path, HEADER, row, *BODY)
    assert not read_table(path).written.totals_row


@pytest.mark.parametrize("sign", ["#", "%", "//"])
def test_comments_are_found_before_the_header_and_between_the_rows(
    tmp_path: Path, sign: str
) -> None:
    body = [*BODY[:9], f"{sign} moved, to another place", *BODY[9:]]
    path = written(tmp_path, f"{sign} a, b, c and d", f"{sign}", HEADER, *body)
    require_found(path, comment=sign)
    assert f"set data.csv.comment: {sign!r}," in refused(path)


def test_a_row_that_is_commented_out_is_no_comment_without_the_key(tmp_path: Path) -> None:
    path = written(tmp_path, HEADER, *BODY[:9], "#2024-01-09,3.5,", *BODY[9:])
    assert read_table(path).written == CsvConfig()
    assert read(path, CsvConfig(comment="#")).frame["ds"].tolist() == DAYS


def test_a_sign_inside_of_quotes_begins_no_comment(tmp_path: Path) -> None:
    rows = [f'{day},"two\n# lines",{k}' for k, day in enumerate(DAYS)]
    path = written(tmp_path, "# made", "ds,y,z", *rows)
    keys = CsvConfig(comment="#")
    table = read_table(path, columns=["ds", "y"], text=["ds", "y"], written=keys)
    assert set(table.frame["y"]) == {"two\n# lines"}
    assert table.place(0) == f"{path}:3"


def test_a_name_with_a_line_break_belongs_to_the_header_below_other_lines(tmp_path: Path) -> None:
    names = 'ds,"y\n(pieces)",z'
    path = written(
        tmp_path, "made by hand", "", names, *(f"{day},{k},7" for k, day in enumerate(DAYS))
    )
    keys = CsvConfig(header=3)
    table = read_table(path, columns=["ds", "y\n(pieces)"], text=["ds"], written=keys)
    assert table.frame["y\n(pieces)"].tolist() == list(range(len(DAYS)))


@pytest.mark.parametrize("units", [",kWh,°C", "(UTC),[W/m2],", "date,,km2"])
def test_units_below_the_header_are_found(tmp_path: Path, units: str) -> None:
    path = written(tmp_path, HEADER, units, *BODY)
    require_found(path, units_row=True)
    assert refused(path).startswith(f"{path}:2: the line below the header seems to hold units; set")


@pytest.mark.parametrize(
    "below", [["Total,,1234"], ["", "Sum,15,", "Source: the office, all rights reserved"], [",,99"]]
)
def test_lines_without_a_stamp_at_the_end_are_found(tmp_path: Path, below: list[str]) -> None:
    count = sum(line != "" for line in below)
    path = written(tmp_path, HEADER, *BODY, *below)
    require_found(path, footer=count)
    assert f"set data.csv.footer: {count}," in refused(path)
    if count > 1:
        assert f"set data.csv.footer: {count}," in refused(path, CsvConfig(footer=1))


@pytest.mark.parametrize(
    "last", ["2024-01-31,,", "2024-01-31,n/a,", "31.1.2024,5,6", "2024-01-31", "soon 2024,1,2"]
)
def test_a_last_row_with_a_stamp_is_never_left_out(tmp_path: Path, last: str) -> None:
    path = written(tmp_path, HEADER, *BODY, last)
    assert len(read_table(path).frame) == len(DAYS) + 1
    if not last.startswith("soon"):
        keys = CsvConfig(footer=3)
        assert len(read_table(path, columns=["ds"], text=["ds"], written=keys).frame) == 31


def test_a_footer_of_a_table_of_steps_is_left_out_by_the_key(tmp_path: Path) -> None:
    rows = [f"{k},{k},{k}" for k in range(30)]
    path = written(tmp_path, HEADER, *rows, "Total,435,435")
    assert len(read_table(path).frame) == 31
    assert len(read(path, CsvConfig(footer=1)).frame) == 30
    assert len(read_table(path, written=CsvConfig(footer=1)).frame) == 30


@pytest.mark.parametrize("encoding", ["utf-8-sig", "utf-16", "cp1252"])
def test_the_table_is_found_in_every_encoding(tmp_path: Path, encoding: str) -> None:
    text = "\n".join(["Größe", "", HEADER, ",kWh,°C", *BODY, "Summe,1,2", ""])
    path = tmp_path / "a.csv"
    path.write_bytes(text.encode(encoding))
    found = read_table(path)
    assert found.written == CsvConfig(header=3, units_row=True, footer=1)
    assert read(path, found.written).frame["ds"].tolist() == DAYS


def test_a_bad_cell_behind_lines_that_are_left_out_has_its_own_line(tmp_path: Path) -> None:
    path = written(tmp_path, "title", HEADER, *BODY[:5], "2024-01-06,12 kg,3", *BODY[6:])
    assert refused(path, CsvConfig(header=2)).startswith(f"{path}:8: column y: expected a number")


cells = st.sampled_from(["", "1", "2.5", "-3", "x", "n/a", "2024", "#1", "kWh", "12 kg"])


@given(rows=st.lists(st.tuples(cells, cells, cells), min_size=1, max_size=30), ids=st.booleans())
@settings(max_examples=200, deadline=None)
def test_no_row_of_a_table_that_has_a_stamp_is_left_out(
    rows: list[tuple[str, str, str]], ids: bool
) -> None:
    """Whatever else is in a row: without lines around it, all of a file is the table."""
    stamped = [
        f"{a},2024-01-{k + 1:02},{b},{c}" if ids else f"2024-01-{k + 1:02},{a},{b},{c}"
        for k, (a, b, c) in enumerate(rows)
    ]
    with TemporaryDirectory() as folder:
        path = written(Path(folder), "id,ds,y,z" if ids else "ds,y,z,w", *stamped)
        assert len(read_table(path).frame) == len(rows)


def test_the_cases_are_read_to_their_last_row() -> None:
    found = read_table(case_file("preamble.csv"))
    assert (found.written.header, len(found.frame)) == (9, 500)
    found = read_table(case_file("footer.csv"))
    assert (found.written.footer, len(found.frame)) == (1, 144)
    assert read_table(case_file("counts.csv")).findings == ()
