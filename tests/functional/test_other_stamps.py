"""Stamps of several periods in one table, as years beside months: the user says which rows stay, in
every command alike, and how many others were left out is told.
"""

import json
import re
import shlex
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
from typer.testing import CliRunner

from lstm_forecast.cli import app

YEARS = range(2010, 2024)
MONTHS = pd.date_range("2010-01-01", "2023-12-01", freq="MS")
QUARTERS = pd.date_range("2010-01-01", "2023-10-01", freq="QS")
GERMAN = (
    *("Januar", "Februar", "März", "April", "Mai", "Juni", "Juli", "August", "September"),
    *("Oktober", "November", "Dezember", "Insgesamt"),
)
TINY = [
    *("windows.context_length=6", "windows.horizon=2", "windows.normalisation=last"),
    *("preprocessing.log=false", "model.linear=ridge", "model.segment_length=1"),
    *("training.epochs=0", "model.ensemble=1", "training.refit=false"),
]


def lines(header: str, stamps: Sequence[str], before: Sequence[str] = ()) -> str:
    rows = [f"{stamp},{10 + k % 7}.5" for k, stamp in enumerate(stamps)]
    return "\n".join([header, *before, *rows, ""])


def of_office() -> str:
    """As the office of national statistics of the United Kingdom writes a series."""
    before = [
        *('"CDID","D7BT"', '"Source dataset ID","MM23"', '"PreUnit",""'),
        *('"Unit","Index, base year = 100"', '"Release date","14-02-2024"'),
        *('"Next release","20 March 2024"', '"Important notes",""'),
    ]
    stamps = [
        *map(str, YEARS),
        *(f"{day.year} Q{day.quarter}" for day in QUARTERS),
        *(f"{day:%Y %b}".upper() for day in MONTHS),
    ]
    return lines('"Title","CPI INDEX"', stamps, before)


TABLES = {
    "years, quarters and months below lines about the series": (of_office(), [168, 56, 14]),
    "years beside months in ISO 8601": (
        lines("ds,y", [*map(str, YEARS), *(f"{day:%Y-%m}" for day in MONTHS)]),
        [168, 14],
    ),
    "quarters beside months": (
        lines(
            "TIME,y",
            [f"{d:%Y-%m}" for d in MONTHS] + [f"{d.year}-Q{d.quarter}" for d in QUARTERS],
        ),
        [168, 56],
    ),
    "a thirteenth month": (
        lines("year,period,y", [f"{year},M{k:02}" for year in YEARS for k in range(1, 14)]),
        [168],
    ),
    "halves and a word": (
        lines(
            "Year,Period,y",
            [f"{y},{each}" for y in YEARS for each in ("S01", "ANNUAL")]
            + [f"{day.year},{day:%b}".upper() for day in MONTHS],
        ),
        [168],
    ),
    "a sum of the year in another language": (
        lines("Jahr,Zeitraum,y", [f"{year},{name}" for year in YEARS for name in GERMAN]),
        [168],
    ),
}


def run(*words: object) -> tuple[int, dict[str, Any], str]:
    result = CliRunner().invoke(app, [*map(str, words), "--json"])
    return result.exit_code, json.loads(result.stdout), result.stderr


def offered(problem: str) -> Iterator[tuple[list[str], int]]:
    """The options that a message names, and how many rows it says that stay."""
    for found in re.finditer(r"(--timestamp .*?) \(([\d,]+) of", problem):
        yield shlex.split(found[1]), int(found[2].replace(",", ""))


@pytest.mark.parametrize("name", TABLES)
def test_the_periods_of_a_table_are_named_and_each_option_keeps_as_many_rows_as_it_says(
    folder: Path, name: str
) -> None:
    text, counts = TABLES[name]
    (folder / "t.csv").write_text(text, encoding="utf-8")
    code, found, _ = run("init", "t.csv")
    assert code == 4
    (problem,) = found["problems"]
    assert "is of another period than" in problem and "correct" not in problem
    options = list(offered(problem))
    assert [count for _, count in options] == counts
    for given, count in options:
        code, found, said = run("init", "t.csv", "--force", *given)
        assert code == 0 and not found["questions"], said
        assert found["policies"]["other_stamps"] == "skip"
        left_out = found["rows"] - count
        assert f"other_stamps: {left_out} rows: data.other_stamps: skip (" in said
        assert f" {count} rows from 2010-01-01" in said or f" {count} rows each" in said
        code, checked, _ = run("check", "--config", found["config"])
        settled = {each["kind"]: each["count"] for each in checked["findings"]}
        assert code == 0 and settled["other_stamps"] == left_out


def test_rows_of_other_periods_are_left_out_by_every_command(folder: Path) -> None:
    stamps = [
        f"{y} {k}" for y in YEARS for k in (*pd.DatetimeIndex(MONTHS[:12]).strftime("%b"), "YEAR")
    ]
    values = 20 + 5 * np.sin(np.arange(len(stamps)) / 3)
    table = pd.DataFrame({"when": stamps, "y": values.round(2)})
    table.to_csv("t.csv", index=False)
    table.iloc[: -2 * 13].to_csv("old.csv", index=False)
    given = ["--timestamp-format", "%Y %b", "--set", "data.other_stamps=skip"]
    code, found, said = run("init", "old.csv", *given)
    assert code == 0, said
    tiny = [word for setting in TINY for word in ("--set", setting)]
    code, _, said = run("train", "--config", found["config"], *tiny)
    assert code == 0 and "data.other_stamps: skip settled 12 rows" in said
    made = CliRunner().invoke(app, ["predict", "--run", "old", "--data", "t.csv"])
    assert made.exit_code == 0 and "data.other_stamps: skip settled 14 rows" in made.stderr
    assert [line.split(",")[1] for line in made.stdout.splitlines()[1:]] == [
        "2024-01-01",
        "2024-02-01",
    ]
    old = CliRunner().invoke(app, ["predict", "--run", "old", "--output", "forecast.csv"])
    assert old.exit_code == 0
    watched = CliRunner().invoke(
        app, ["monitor", "forecast.csv", "--run", "old", "--data", "t.csv"]
    )
    assert watched.exit_code in (0, 6), watched.stderr
    asked = CliRunner().invoke(app, ["quick", "t.csv", "--horizon", "2", *given])
    assert asked.exit_code == 0 and "2024-01-01" in asked.stdout


@pytest.mark.parametrize(
    ("form", "total", "given"),
    [("%Y %b", "2010 YEAR", ["--timestamp-format", "%Y %b"]), ("", "", [])],
)
def test_rows_of_the_future_are_left_out_as_those_of_the_history(
    folder: Path, form: str, total: str, given: list[str]
) -> None:
    months = pd.date_range("2010-01-01", periods=62, freq="MS")
    rows = [f"{month:{form or '%Y-%m-%d'}},{k % 7},{k % 5}" for k, month in enumerate(months)]
    history = [*rows[:12], f"{total},42,9", *rows[12:60]]
    (folder / "t.csv").write_text("\n".join(["when,y,price", *history, ""]))
    (folder / "f.csv").write_text("\n".join(["when,y,price", *rows[60:], f"{total},42,9", ""]))
    code, found, said = run("init", "t.csv", *given, "--set", "data.other_stamps=skip")
    assert code == 0, said
    keys = ["data.covariates.future=[price]", *TINY]
    tiny = [word for setting in keys for word in ("--set", setting)]
    code, _, said = run("train", "--config", found["config"], *tiny)
    assert code == 0, said
    made = CliRunner().invoke(app, ["predict", "--run", "t", "--future", "f.csv"])
    assert made.exit_code == 0, made.stderr
    assert "f.csv: rows left out as they have no stamp of the run's kind: 1" in made.stderr
    stamps = [line.split(",")[1] for line in made.stdout.splitlines()[1:]]
    assert stamps == ["2015-01-01", "2015-02-01"]


def test_no_row_is_left_out_by_a_guess(folder: Path) -> None:
    (folder / "t.csv").write_text(TABLES["a thirteenth month"][0])
    assert run("init", "t.csv", "--yes")[0] == 4
    (folder / "c.yaml").write_text(
        "name: c\ndata: {path: t.csv, timestamp: [year, period], timestamp_format: '%Y M%m',"
        " targets: y}\nwindows: {horizon: 2}\n"
    )
    code, found, _ = run("check", "--config", "c.yaml")
    assert code == 4
    assert "received '2010 M13' (14 such rows); set data.other_stamps: skip" in found["problems"][0]
    assert run("check", "--config", "c.yaml", "--set", "data.other_stamps=skip")[0] == 0


def test_years_alone_stay_a_choice_beside_a_column_of_months(folder: Path) -> None:
    """Each answer about rows that then repeat a year says how many do even if states part them."""
    states = ("IOWA", "OHIO", "UTAH")
    rows = [
        f"{year},{period},{state},{10 + k % 7}.5"
        for year in range(2018, 2024)
        for k, period in enumerate([*MONTHS[:12].strftime("%b").str.upper(), "YEAR"])
        for state in states
    ]
    (folder / "t.csv").write_text("\n".join(["Year,Period,State,Value", *rows, ""]))
    assert run("init", "t.csv")[0] == 4
    code, found, _ = run("init", "t.csv", "--timestamp", "Year")
    (question,) = found["questions"]
    effects = [each["effect"] for each in question["answers"] if "series_id" in each["keys"]]
    again = len(rows) - 6 * len(states)
    assert code == 0 and not any("which all stay" in effect for effect in effects)
    assert all(f"{again} of all {len(rows)} have the stamp" in effect for effect in effects)
    given = ["--timestamp", "Year", "--timestamp", "Period", "--timestamp-format", "%Y %b"]
    code, found, _ = run("init", "t.csv", "--force", *given, "--set", "data.other_stamps=skip")
    assert code == 0 and (found["series"], found["series_id"]) == (3, "State")


def test_months_by_their_names_beside_a_year_are_stamps_whatever_their_column_is_called(
    folder: Path,
) -> None:
    rows = [f"{day.year},{day:%B},{k % 7}.5" for k, day in enumerate(MONTHS)]
    (folder / "t.csv").write_text("\n".join(["Year,Billing,Value", *rows, ""]))
    code, found, said = run("init", "t.csv")
    assert code == 0 and found["timestamp"] == ["Year", "Billing"] and found["freq"] == "MS"
    assert "timestamp" in found["sure"] and "168 rows from 2010-01-01" in said
