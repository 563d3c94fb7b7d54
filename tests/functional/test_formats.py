"""Every format of tables through the commands, and what they say of one that they cannot take."""

import json
import sqlite3
from collections.abc import Callable
from contextlib import closing
from datetime import datetime
from pathlib import Path

import pandas as pd
import pytest
from ruamel.yaml import YAML

from tests.benchmarks.files import case_file, data_file
from tests.functional.test_given_files import invoke
from tests.unit.tables.books import write_ods, write_xlsx

CASES = ["demo.tsf", "records.jsonl", "preamble.csv", "footer.csv"]
# Columns that a first look does not find.
NAMED = {
    "preamble.csv": [
        *("--timestamp", "YEAR", "--timestamp", "MO", "--timestamp", "DY"),
        *("--timestamp-format", "%Y %m %d"),
    ]
}


def sheet(path: Path, frame: pd.DataFrame, write: Callable[..., Path]) -> Path:
    days = [[datetime.fromisoformat(day), *rest] for day, *rest in frame.to_numpy(object).tolist()]
    return write(path, {"Sheet1": [list(frame.columns), *days]})


def in_format(suffix: str, frame: pd.DataFrame) -> Path:
    """The same rows in a file of another format; the first column has the days."""
    path = Path(f"table{suffix}")
    if suffix == ".xlsx":
        sheet(path, frame, write_xlsx)
    elif suffix == ".ods":
        sheet(path, frame, write_ods)
    elif suffix == ".jsonl":
        frame.to_json(path, orient="records", lines=True)
    elif suffix == ".json":
        frame.to_json(path, orient="records")
    elif suffix == ".arrow":
        frame.to_feather(path)
    else:
        path.unlink(missing_ok=True)
        with closing(sqlite3.connect(path)) as connection:
            frame.to_sql("rows", connection, index=False)
    return path


SUFFIXES = [".xlsx", ".ods", ".jsonl", ".json", ".arrow", ".db"]


@pytest.mark.parametrize("suffix", SUFFIXES)
def test_a_run_forecasts_from_every_format_by_name_and_on_standard_input(
    suffix: str, inside: Path
) -> None:
    frame = pd.read_csv("shops.csv", dtype={"day": "str"})[["day", "shop", "sold", "price"]]
    path = in_format(suffix, frame)
    result = invoke("predict", "--run", "shops", "--data", path)
    assert result.exit_code == 0, result.stderr
    assert result.stdout == invoke("predict", "--run", "shops").stdout
    piped = invoke("predict", "--run", "shops", "--data", "-", given=path.read_bytes())
    assert piped.stdout == result.stdout


@pytest.mark.parametrize("suffix", SUFFIXES)
def test_init_check_and_quick_take_every_format(suffix: str, folder: Path) -> None:
    days = pd.date_range("2024-01-01", periods=80).strftime("%Y-%m-%d")
    path = in_format(suffix, pd.DataFrame({"day": days, "y": [k % 7 + 0.5 for k in range(80)]}))
    result = invoke("init", path, "--output", "a.yaml")
    assert result.exit_code == 0, result.stderr
    assert "time: day, freq D" in result.stderr
    assert invoke("check", "--config", "a.yaml").exit_code == 0
    assert invoke("check", path).exit_code == 0
    forecast = invoke("quick", path, "--horizon", "3", "--json")
    assert json.loads(forecast.stdout)["forecasts"][0]["ds"].startswith("2024-03-21")
    Path("b.csv").write_text(
        f"day,y\n{''.join(f'{d},{k % 7}.5{chr(10)}' for k, d in enumerate(days))}"
    )
    assert json.loads(invoke("quick", "b.csv", "--horizon", "3", "--json").stdout) == json.loads(
        forecast.stdout
    )
    path.write_bytes(path.read_bytes()[:20])
    for command in (["init", path, "--force"], ["quick", path, "--horizon", "3"]):
        result = invoke(*command)
        assert (result.exit_code, str(path) in result.stderr) == (4, True)


@pytest.mark.parametrize("suffix", [".jsonl", ".json"])
def test_values_inside_objects_are_looked_at_checked_and_forecast_as_columns(
    suffix: str, folder: Path
) -> None:
    days = pd.date_range("2024-01-01", periods=80).strftime("%Y-%m-%d")
    records = [{"at": d, "value": {"bpm": k % 7, "sure": 3}} for k, d in enumerate(days)]
    texts = [json.dumps(each) for each in records]
    whole = "\n".join(texts) if suffix == ".jsonl" else f"[{', '.join(texts)}]"
    Path(f"a{suffix}").write_text(whole)
    result = invoke("init", f"a{suffix}", "--target", "value.bpm", "--output", "a.yaml")
    assert result.exit_code == 0, result.stderr
    assert YAML(typ="safe").load(Path("a.yaml"))["data"]["targets"] == ["value.bpm"]
    checked = invoke("check", "--config", "a.yaml")
    assert checked.exit_code == 0, checked.stdout
    quick = ("--target", "value.bpm", "--horizon", "3", "--json")
    Path("b.csv").write_text(
        "at,value.bpm,value.sure\n" + "".join(f"{d},{k % 7},3\n" for k, d in enumerate(days))
    )
    forecast = invoke("quick", f"a{suffix}", *quick).stdout
    assert json.loads(forecast) == json.loads(invoke("quick", "b.csv", *quick).stdout)


@pytest.mark.parametrize("name", CASES)
def test_what_init_writes_for_a_table_that_people_have_is_what_check_and_training_read(
    name: str, folder: Path
) -> None:
    result = invoke("init", case_file(name), "--output", "a.yaml", *NAMED.get(name, []))
    assert result.exit_code == 0, result.stderr
    checked = invoke("check", "--config", "a.yaml", "--json")
    assert checked.exit_code == 0, checked.stdout
    keys = YAML(typ="safe").load(Path("a.yaml"))["data"].get("csv", {})
    assert keys == {"preamble.csv": {"header": 9}, "footer.csv": {"footer": 1}}.get(name, {})
    if keys:
        off = f"data.csv.{next(iter(keys))}={'null' if 'header' in keys else 0}"
        refused = invoke("train", "--config", "a.yaml", "--set", off)
        assert refused.exit_code == 4
        assert f"set data.csv.{next(iter(keys))}: {next(iter(keys.values()))}" in refused.stderr


def test_a_weekly_file_of_the_monash_archive_is_weekly(folder: Path) -> None:
    result = invoke("init", data_file("ausgrid_weekly.tsf.gz"), "--output", "a.yaml")
    assert "the file says: frequency weekly, horizon 8" in result.stderr
    assert "series: 299 by series_name" in result.stderr
    assert YAML(typ="safe").load(Path("a.yaml"))["data"]["freq"] == "W-THU"


def test_of_several_sheets_and_tables_one_is_chosen_as_the_message_says(folder: Path) -> None:
    days = pd.date_range("2024-01-01", periods=40).to_pydatetime()
    rows = [["ds", "y"], *([day, k % 7] for k, day in enumerate(days))]
    write_xlsx(folder / "a.xlsx", {"North": rows, "South Tyrol": rows[:30]})
    result = invoke("init", "a.xlsx")
    assert result.exit_code == 4
    assert "North, South Tyrol; choose one with data.sheet (--set 'data.sheet=\"North\"')" in (
        result.stderr
    )
    assert invoke("init", "a.xlsx", "--set", 'data.sheet="South Tyrol"').exit_code == 0
    assert YAML(typ="safe").load(Path("configs/a.yaml"))["data"]["sheet"] == "South Tyrol"
    assert (
        json.loads(invoke("check", "-c", "configs/a.yaml", "--json").stdout)["facts"]["rows"] == 29
    )
    chosen = invoke("quick", "a.xlsx", "--horizon", "2", "--set", 'data.sheet="North"')
    assert chosen.exit_code == 0, chosen.stderr
    with closing(sqlite3.connect("b.db")) as connection:
        for name in ("x", "y"):
            pd.DataFrame(rows[1:], columns=["ds", "v"]).to_sql(name, connection, index=False)
    assert "several tables: x, y; choose one with data.table" in invoke("init", "b.db").stderr
    assert invoke("init", "b.db", "--set", 'data.table="x"').exit_code == 0
    query = "data.query=SELECT ds, v + 1 AS w FROM y"
    assert invoke("init", "b.db", "--force", "--set", query).exit_code == 0
    assert invoke("check", "-c", "configs/b.yaml").exit_code == 0


def test_check_of_a_table_takes_keys_of_reading_alone(folder: Path) -> None:
    Path("a.csv").write_text("ds,y\n" + "".join(f"2024-01-{k:02},{k}\n" for k in range(1, 31)))
    result = invoke("check", "a.csv", "--set", "data.gaps=fill")
    assert result.exit_code == 2
    assert "check takes what says how the table is read: data.csv, data.units, " in result.stderr
    assert invoke("check", "a.csv", "--set", "data.csv.header=x").exit_code == 3


def test_series_of_gluonts_are_asked_for_their_frequency(folder: Path) -> None:
    records = [{"start": "2024-01-01", "target": list(range(40)), "item_id": name} for name in "ab"]
    Path("a.jsonl").write_text("\n".join(map(json.dumps, records)))
    result = invoke("init", "a.jsonl")
    assert result.exit_code == 4
    assert "set data.freq to the spacing of its values (--set data.freq=D)" in result.stderr
    assert invoke("init", "a.jsonl", "--set", "data.freq=D").exit_code == 0
    assert invoke("check", "-c", "configs/a.yaml").exit_code == 0
    assert invoke("quick", "a.jsonl", "--horizon", "2", "--set", "data.freq=D").exit_code == 0
