"""Messages that once named the wrong thing to do, or none."""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path

import pandas as pd
import pytest
from typer.testing import CliRunner

from lstm_forecast.cli import app
from lstm_forecast.config.loading import load_config
from lstm_forecast.panel.asking.settle import settle
from lstm_forecast.tables.faults import Finding
from lstm_forecast.tables.first_look import first_look
from lstm_forecast.tables.numbers.style import units_beside
from tests.functional.unchosen import unchosen

DAYS = [str(day.date()) for day in pd.date_range("2022-01-03", periods=60)]


def told(table: str, *options: str, name: str = "t.csv", expect: int = 0) -> str:
    """What ``init`` says of a table."""
    Path(name).write_text(table)
    result = CliRunner().invoke(app, ["init", name, "-o", "c.yaml", "--force", *options])
    assert result.exit_code == expect, result.output
    return result.output


def rows(header: str, *columns: Sequence[object], before: str = "", sign: str = ",") -> str:
    lines = [sign.join(map(str, row)) for row in zip(DAYS, *columns, strict=True)]
    return "\n".join([f"{before}{header}", *lines, ""])


def test_every_column_of_numbers_with_two_readings_is_named(folder: Path) -> None:
    parts = [
        [f"{k + n}.{200 + k}" if k % 2 else 100 + k for k in range(60)] for n in (1, 2, 3, 4, 5)
    ]
    said = told(rows("ds;a;b;c;d;e", *parts, sign=";"))
    for name, first in (("a", "2.201"), ("b", "3.201"), ("c", "4.201")):
        assert (
            f"column {name}: '{first}' has two readings, {first} or {first.replace('.', ',')}"
            in said
        )
    assert "and so in 2 more columns" in said


@pytest.mark.parametrize(
    ("odd", "offered"), [("15%", False), ("15 ‰", False), ("2K", False), ("15 kg", True)]
)
def test_no_unit_is_offered_that_would_mix_scales(folder: Path, odd: str, offered: bool) -> None:
    table = rows("ds,y", [odd if k == 9 else f"{k % 7}.5" for k in range(60)])
    assert ("data.units" in told(table)) == offered
    Path("d.yaml").write_text(
        "name: d\ndata: {path: t.csv, timestamp: ds, targets: y}\nwindows: {horizon: 2}\n"
    )
    output = CliRunner().invoke(app, ["check", "-c", "d.yaml"]).output
    assert repr(odd) in output
    assert ("data.units" in output) == offered


@pytest.mark.parametrize(
    ("known", "found", "read"),
    [
        ({"kg": 1.0}, {"g"}, None),
        ({"%": 1.0}, {""}, None),
        ({"": 1.0}, {"g", "kg"}, None),
        ({"": 1.0}, {"kg"}, {"": 1.0, "kg": 1.0}),
        ({}, {"%"}, {"%": 1.0}),
        ({"K": 1e3, "M": 1e6}, {"K"}, {"K": 1e3, "M": 1e6}),
    ],
)
def test_a_unit_is_worth_one_only_where_no_other_size_stands_beside_it(
    known: Mapping[str, float], found: set[str], read: Mapping[str, float] | None
) -> None:
    assert units_beside(known, found) == read


def test_a_nearly_numeric_column_is_named_with_its_first_odd_cell(folder: Path) -> None:
    table = rows("ds,y,note", [f"{k} pcs" if k % 3 == 1 else k for k in range(60)], ["x"] * 60)
    said = told(table, expect=4)
    assert "no numeric column to forecast beside ds" in said
    assert "t.csv:3: column y holds numbers, and '1 pcs' is none (20 such cells)" in said
    assert "t.csv:3: column y: expected a number, received '1 pcs'" in told(
        table, "--target", "y", expect=4
    )


def test_lines_before_a_header_are_told_by_their_fields(folder: Path) -> None:
    table = rows("ds,y,y", range(60), [4] * 60, before="Report\nby us\n\n")
    said = told(table, expect=4)
    assert "t.csv:4: the header names 1 column, and this row has 3: 'ds,y,y' (61 such rows)" in said
    assert "data.csv.header: 4 if that line names the columns" in said
    assert "tokenizing" not in said


def test_a_wide_row_in_the_middle_is_no_header(folder: Path) -> None:
    said = told(rows("ds,y", [f"{k},7" if k == 30 else k for k in range(60)]), expect=4)
    assert "t.csv:32: the header names 2 columns, and this row has 3" in said
    assert "data.csv.header" not in said


def test_an_empty_directory_is_not_called_absent(folder: Path) -> None:
    (folder / "empty").mkdir()
    result = CliRunner().invoke(app, ["init", "empty"])
    assert result.exit_code == 4
    assert "empty: a directory without files" in result.output


@pytest.mark.parametrize("key", ["sheet", "table", "query"])
def test_what_a_csv_file_does_not_hold_is_refused(folder: Path, key: str) -> None:
    table = rows("ds,y", range(60))
    said = told(table, "--set", f"data.{key}=a", expect=4)
    assert f"data.{key}: a: only a" in said and "and this is CSV; leave it out" in said
    config = (
        "name: d\ndata: {path: t.csv, timestamp: ds, targets: y, %s: a}\nwindows: {horizon: 2}\n"
    )
    Path("d.yaml").write_text(config % key)
    assert f"data.{key}: a: only a" in CliRunner().invoke(app, ["check", "-c", "d.yaml"]).output


@pytest.mark.parametrize(
    ("key", "sign"),
    [("decimal", ","), ("thousands", "'"), ("thousands", " "), ("comment", "%"), ("comment", "#")],
)
def test_a_bare_sign_is_a_value(folder: Path, key: str, sign: str) -> None:
    told(rows("ds;y", range(60), sign=";"), "--set", f"data.csv.{key}={sign}")
    assert getattr(load_config(Path("c.yaml"), environment={}).data.csv, key) == sign


def test_a_format_needs_no_quotes(folder: Path) -> None:
    table = "\n".join(
        ["ds,y", *(f"{k // 28 + 1}/{k % 28 + 1}/2022,{k % 9}" for k in range(84)), ""]
    )
    told(table, "--set", "data.timestamp_format=%m/%d/%Y", "--set", "data.gaps=fill")
    assert load_config(Path("c.yaml"), environment={}).data.timestamp_format == "%m/%d/%Y"


def test_several_columns_in_one_option_and_a_misspelt_one_are_told(folder: Path) -> None:
    table = rows("ds,sold,price", range(60), [4, 5] * 30)
    said = told(table, "--target", "sold,price", expect=4)
    assert "give the option for each: --target sold --target price" in said
    told(table, "--target", "sold", "--target", "price")
    assert load_config(Path("c.yaml"), environment={}).data.targets == ("sold", "price")
    assert "did you mean sold?" in told(table, "--target", "Slod", expect=4)
    assert "did you mean ds?" in told(table, "--timestamp", "DS", expect=4)


def test_a_note_that_says_all_has_no_count(folder: Path) -> None:
    parts = [k % 7 for k in range(60)], [k % 5 for k in range(60)]
    said = told(rows("ds,a,b,c", *parts, [x + y for x, y in zip(*parts, strict=True)]))
    assert "data.covariates.past\n" in said and "past: 60 rows" not in said
    told(rows("ds,y", range(60), before="Report\nby us\n\n"))
    output = CliRunner().invoke(app, ["check", "-c", "c.yaml"]).output
    assert "note: header: the header is line 4: lines 1 to 3 left out" in output


def test_a_time_zone_that_is_given_is_written(folder: Path) -> None:
    stamps = pd.date_range("2022-01-01", periods=60, freq="h")
    table = "\n".join(["ds,y", *(f"{stamp},{k % 9}" for k, stamp in enumerate(stamps)), ""])
    told(table, "--set", "data.timezone=Europe/Vienna")
    assert load_config(Path("c.yaml"), environment={}).data.timezone == "Europe/Vienna"


def test_the_watch_over_init_sees_what_a_policy_would_lose(folder: Path) -> None:
    (folder / "t.csv").write_text(rows("ds,y", range(60)))
    look = first_look(folder / "t.csv")
    settled = settle(look, folder / "t.csv")
    assert list(unchosen(look, settled)) == []
    lossy = {"duplicates": "mean", "aggregate": "sum", "sentinels": (7.0,)}
    merged = Finding("duplicates", "settled", 2, "merged")
    data = settled.data.model_copy(update=lossy)
    lost = list(unchosen(look, replace(settled, data=data, findings=(merged,))))
    assert [each.partition(":")[0] for each in lost] == ["duplicates", "aggregate", "sentinels"]
    chosen = replace(look, data=look.data.model_copy(update=lossy), harmless=(7.0,))
    assert list(unchosen(chosen, replace(settled, data=data, findings=(merged,)))) == []
