"""What of a file ``init`` leaves out is told, with the numbers of its lines."""

import json
from io import BytesIO
from pathlib import Path

import pandas as pd
import pytest
from typer.testing import CliRunner

from lstm_forecast.cli import app

DAYS = [str(day.date()) for day in pd.date_range("2022-01-03", periods=60)]
ROWS = [f"{day},{k % 7}.5" for k, day in enumerate(DAYS)]


def findings(name: str, *options: str) -> list[str]:
    """What ``init`` finds in a table; its talk and its document say the same."""
    command = ["init", name, "--force", "--output", "c.yaml", *options]
    result = CliRunner().invoke(app, [*command, "--json"])
    assert result.exit_code == 0, result.output
    found: list[str] = json.loads(result.stdout)["findings"]
    assert all(line in result.stderr for line in found)
    return found


@pytest.mark.parametrize(
    ("lines", "told"),
    [
        (
            ["Report", "by us", "", "ds,y", *ROWS],
            "the header is line 4: lines 1 to 3 left out (data.csv.header) (t.csv:4)",
        ),
        (
            ["ds,y", ",(kg)", *ROWS],
            "the line below the header, 2, holds units or notes, and is left out"
            " (data.csv.units_row) (t.csv:2)",
        ),
        (
            ["# made", "# by us", "ds,y", *ROWS],
            "lines that begin with # are left out (data.csv.comment), the first is line 1 (t.csv)",
        ),
        (
            ["ds,y", *ROWS, "Total,99", "note,"],
            "2 lines without a stamp from line 62 on, left out (data.csv.footer) (t.csv:62)",
        ),
    ],
)
def test_lines_around_a_table_are_told_by_their_numbers(
    folder: Path, lines: list[str], told: str
) -> None:
    (folder / "t.csv").write_text("\n".join([*lines, ""]))
    assert told in findings("t.csv")


def test_rows_around_a_sheet_are_told_as_rows(folder: Path) -> None:
    content = BytesIO()
    cells = [line.split(",") for line in ["Report,", ",", "ds,y", *ROWS, "Total,99"]]
    with pd.ExcelWriter(content, engine="xlsxwriter") as writer:
        pd.DataFrame(cells).to_excel(writer, sheet_name="a", index=False, header=False)
    (folder / "t.xlsx").write_bytes(content.getvalue())
    found = findings("t.xlsx")
    assert any("the header is row 3: rows 1 to 2 left out" in line for line in found)
    assert any("1 row without a stamp from row 64 on, left out" in line for line in found)


def test_words_that_are_read_as_missing_are_told_with_their_counts(folder: Path) -> None:
    cells = {3: "unavailable", 9: "unavailable", 20: "unknown"}
    rows = [f"{day},{cells.get(k, k % 7 + 0.5)}" for k, day in enumerate(DAYS)]
    (folder / "t.csv").write_text("\n".join(["ds,y", *rows, ""]))
    told = "column y: read as missing (data.sentinels): 'unavailable' (2), 'unknown' (1)"
    assert any(line.startswith(told) for line in findings("t.csv"))


def test_a_sum_is_found_where_it_holds_the_words_of_its_parts(folder: Path) -> None:
    hours = [f"{hour:02}:00" for hour in range(6, 12)]
    lines = [",".join(["Date", *hours, "Total"])]
    for k, day in enumerate(DAYS):
        values = [(3 * k + 2 * j) % 11 for j in range(len(hours))]
        shut = k % 20 == 4
        cells = ["closed"] * 7 if shut else [str(each) for each in (*values, sum(values))]
        lines.append(",".join([day, *cells]))
    (folder / "t.csv").write_text("\n".join([*lines, ""]))
    given = ["--set", 'data.sentinels=["closed"]', "--set", "data.missing=mask"]
    found = findings("t.csv", *given)
    assert any("Total: the sum of 06:00 to 11:00, and left out" in line for line in found)


def test_another_table_below_is_told_and_a_folder_of_both_is_read(folder: Path) -> None:
    tables = [
        "#datatype,string,long,dateTime:RFC3339,double,string\n#group,false,false,false,false,true\n"
        "#default,_result,,,,\n,result,table,_time,_value,_field\n"
        + "".join(f",,{k},{day}T00:00:00Z,{i % 7}.5,{field}\n" for i, day in enumerate(DAYS))
        for k, field in enumerate(("heat", "load"))
    ]
    (folder / "both.csv").write_text("\n".join(tables))
    refused = CliRunner().invoke(app, ["init", "both.csv"])
    assert refused.exit_code == 4
    assert "another table stands in the file: write each to a file of its own" in refused.stderr
    (folder / "each").mkdir()
    for k, table in enumerate(tables):
        (folder / "each" / f"{k}.csv").write_text(table)
    assert any("series: 2 by" in each for each in findings("each"))


def test_lines_below_a_header_that_tell_of_columns_are_to_be_taken_out(folder: Path) -> None:
    quarters = pd.date_range("2000-03-01", periods=80, freq="QS-MAR")
    rows = [f"{day.month}/1/{day.year},{k % 9}.5,{k % 7}.25" for k, day in enumerate(quarters)]
    lines = ["sasdate,GDPC1,PCECC96", "factors,1,1", "transform,5,5", *rows, ""]
    (folder / "qd.csv").write_text("\n".join(lines))
    refused = CliRunner().invoke(app, ["init", "qd.csv", "-o", "qd.yaml"])
    assert refused.exit_code == 4
    told = "the 2 lines that begin with 'factors' and 'transform' are no rows, take them out"
    assert told in refused.output
    (folder / "qd.csv").write_text("\n".join([lines[0], *lines[3:]]))
    assert CliRunner().invoke(app, ["init", "qd.csv", "-o", "qd.yaml"]).exit_code == 0
