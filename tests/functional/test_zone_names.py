"""A zone in the name of a column of stamps is told, with the option that takes it."""

import json
import re
import shlex
from pathlib import Path
from typing import Any

import pandas as pd
import pytest
from typer.testing import CliRunner

from lstm_forecast.cli import app

HOURS = pd.date_range("2022-06-20", periods=72, freq="h")
TELLS = "tells a zone, which is not used"


def drafted(folder: Path, column: str, written: str, *options: str) -> Any:
    rows = (f"{stamp:{written}},{10 + k % 24}.5" for k, stamp in enumerate(HOURS))
    (folder / "t.csv").write_text("\n".join([f'"{column}",temp', *rows, ""]))
    command = ["init", "t.csv", "--force", "--output", "c.yaml", "--json", *options]
    result = CliRunner().invoke(app, command)
    assert result.exit_code == 0, result.output
    return json.loads(result.stdout)


@pytest.mark.parametrize(
    ("column", "offsets"),
    [
        ("Date Time, GMT+02:00", ["+02:00"]),
        ("Date Time, GMT-05:00", ["-05:00"]),
        ("Timestamp (UTC)", ["+00:00"]),
        ("time_utc", ["+00:00"]),
        ("Datum [UTC+1]", ["+01:00"]),
        ("Date/Time (UTC\u22127)", ["-07:00"]),
        ("Time (UTC+05:30)", ["+05:30"]),
        ("Time [+01:00]", ["+01:00"]),
        ("Time (CET)", ["+02:00", "+01:00"]),  # in summer
        ("time (Europe/Berlin)", ["+02:00"]),
        ("ts_America/Argentina/Buenos_Aires", ["-03:00"]),
        ("Etc/GMT+5", ["-05:00"]),
        ("TIMESTAMP IST", ["+05:30", "+03:00", "+01:00"]),
    ],
)
@pytest.mark.parametrize("written", ["%Y-%m-%d %H:%M", "%m/%d/%y %I:%M:%S %p"])
def test_each_option_for_a_zone_in_a_name_takes_it(
    folder: Path, column: str, offsets: list[str], written: str
) -> None:
    (told,) = (each for each in drafted(folder, column, written)["findings"] if TELLS in each)
    options = [shlex.split(each) for each in re.findall(r"--set '[^']+'", told)]
    assert len(options) == len(offsets)
    for option, offset in zip(options, offsets, strict=True):
        draft = drafted(folder, column, written, *option)
        assert draft["first"] == f"2022-06-20 00:00:00{offset}"
        assert not any(TELLS in each for each in draft["findings"])


@pytest.mark.parametrize(
    ("column", "written"),
    [
        ("Timestamp (UTC)", "%Y-%m-%dT%H:%M:%SZ"),
        ("Time (UTC)", "%Y-%m-%d %H:%M:%S+0000"),
        ("date-1", "%Y-%m-%d %H:%M"),
        ("latest", "%Y-%m-%d %H:%M"),
        ("Date/Time", "%Y-%m-%d %H:%M"),
        ("time -3", "%Y-%m-%d %H:%M"),
    ],
)
def test_other_names_and_stamps_with_zones_tell_nothing(
    folder: Path, column: str, written: str
) -> None:
    assert not any(TELLS in each for each in drafted(folder, column, written)["findings"])


def test_a_zone_beside_days_tells_nothing(folder: Path) -> None:
    rows = (f"{day:%Y-%m-%d},{k % 7}.5" for k, day in enumerate(HOURS[::24].union(HOURS[::24])))
    (folder / "d.csv").write_text("\n".join(["Date (UTC),y", *rows, ""]))
    result = CliRunner().invoke(app, ["init", "d.csv", "--output", "c.yaml", "--json"])
    assert TELLS not in result.output
