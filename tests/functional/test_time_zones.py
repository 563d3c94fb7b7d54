"""Half-hourly data over both changes of the clock: trained on and forecast without a stamp lost or
doubled.
"""

import io
import json
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from typer.testing import CliRunner

from lstm_forecast.cli import app
from lstm_forecast.commands.init import init
from lstm_forecast.config.loading import load_config
from lstm_forecast.store import open_run
from tests.functional.conftest import train_all

ZONES = {
    "vienna": "Europe/Vienna",
    "york": "America/New_York",
    "howe": "Australia/Lord_Howe",
}  # the last: by half an hour
DAY = 48  # half hours
CONFIG = """\
name: {name}
data: {{path: {name}.csv, timestamp: ds, targets: y, timezone: {zone}, dst: first}}
windows: {{context_length: 48, horizon: 48, normalisation: last, evaluation_stride: 48}}
preprocessing: {{log: false}}
model: {{units: 4, segment_length: 6, segment_units: 0, linear: ridge, ensemble: 1, levels: []}}
training: {{epochs: 0, batch_size: 256, steps_per_epoch: 1, refit: false, fallback: false}}
"""


def half_hours(zone: str) -> tuple[pd.DatetimeIndex, int, int]:
    """The stamps of a year, and the numbers of the first ones after each change of its clock."""
    stamps = pd.date_range("2024-01-01", "2024-12-31", freq="30min", tz="UTC").tz_convert(zone)
    offsets = np.array([stamp.utcoffset().total_seconds() for stamp in stamps])
    first, second = np.flatnonzero(np.diff(offsets)) + 1
    return stamps, int(first), int(second)


def write(path: Path, stamps: pd.DatetimeIndex) -> None:
    """The stamps as the clock on the wall shows them, one hour of a year twice, one never."""
    values = 10 + np.sin(np.arange(len(stamps)) * 2 * np.pi / DAY)
    pd.DataFrame({"ds": stamps.tz_localize(None).astype("str"), "y": values.round(4)}).to_csv(
        path, index=False
    )


@pytest.fixture(scope="session")
def home(once: Callable[[str, Callable[[Path], None]], Path]) -> Path:
    """A run for each zone, trained on rows from two weeks before the first change to half a day
    before the second.
    """

    def fill(directory: Path) -> None:
        for name, zone in ZONES.items():
            stamps, first, second = half_hours(zone)
            write(directory / f"{name}.csv", stamps[first - 14 * DAY : second - DAY // 2])
            (directory / f"{name}.yaml").write_text(CONFIG.format(name=name, zone=zone))
        train_all(directory, *(("-c", f"{name}.yaml") for name in ZONES))

    return once("zones", fill)


def predicted(home: Path, name: str, *options: str) -> str:
    result = CliRunner().invoke(
        app, ["predict", "--runs", str(home / "runs"), "--run", name, *options]
    )
    assert result.exit_code == 0, result.output
    return result.stdout


@pytest.mark.parametrize("name", ZONES)
def test_a_network_learns_from_every_half_hour_over_a_change(home: Path, name: str) -> None:
    stamps, first, second = half_hours(ZONES[name])
    learned = stamps[first - 14 * DAY : second - DAY // 2]
    manifest = open_run(home / "runs" / name).manifest
    local = learned.tz_localize(None)
    assert manifest["rows"] == len(learned)  # gaps and duplicates would have been refused
    assert manifest["repairs"] == (
        {"dst": int(local.duplicated(keep=False).sum())} if local.has_duplicates else {}
    )
    assert manifest["cutoff"] == str(learned[-1])


@pytest.mark.parametrize("change", [0, 1])
@pytest.mark.parametrize("name", ZONES)
def test_a_forecast_over_a_change_has_every_half_hour_once(
    home: Path, tmp_path: Path, name: str, change: int
) -> None:
    stamps, *changes = half_hours(ZONES[name])
    end = changes[change] - DAY // 2
    write(tmp_path / "a.csv", stamps[end - 7 * DAY : end])
    expected = stamps[end : end + DAY]
    assert expected[0].utcoffset() != expected[-1].utcoffset()
    rows = json.loads(predicted(home, name, "--data", str(tmp_path / "a.csv"), "--json"))[
        "forecasts"
    ]
    assert [row["ds"] for row in rows] == [stamp.isoformat() for stamp in expected]
    table = pd.read_csv(io.StringIO(predicted(home, name, "--data", str(tmp_path / "a.csv"))))
    assert table["ds"].tolist() == list(map(str, expected))


@pytest.mark.parametrize("change", [0, 1])
@pytest.mark.parametrize("name", ZONES)
def test_a_history_over_a_change_is_whole(
    home: Path, tmp_path: Path, name: str, change: int
) -> None:
    stamps, *changes = half_hours(ZONES[name])
    end = changes[change] + DAY // 2
    write(tmp_path / "a.csv", stamps[end - 7 * DAY : end])  # gaps and duplicates would be refused
    found = json.loads(predicted(home, name, "--data", str(tmp_path / "a.csv"), "--json"))
    assert set(found["repairs"]) <= {"dst"}
    assert [row["ds"] for row in found["forecasts"]] == [
        stamp.isoformat() for stamp in stamps[end : end + DAY]
    ]


@pytest.mark.parametrize(
    ("zone", "freq", "written"),
    [
        ("Europe/Berlin", "h", "Europe/Berlin"),
        ("Europe/Vienna", "D", "Europe/Berlin"),
        ("America/New_York", "D", "America/New_York"),
        ("Australia/Sydney", "MS", "Australia/Sydney"),
        ("Asia/Tokyo", "D", None),  # an offset that never changes is a zone of its own
    ],
)
def test_offsets_that_change_tell_the_zone(
    folder: Path, zone: str, freq: str, written: str | None
) -> None:
    stamps = pd.date_range("2022-01-01", periods=5000 if freq == "h" else 400, freq=freq, tz=zone)
    rows = [f"{stamp.isoformat()},{k % 7}.5" for k, stamp in enumerate(stamps)]
    Path("t.csv").write_text("\n".join(["ds,y", *rows]))
    draft = init(Path("t.csv"))
    data = load_config(Path(draft.config), environment={}).data
    assert (data.timezone, draft.freq, draft.questions) == (written, freq, ())
    assert (draft.first, draft.last) == (str(stamps[0]), str(stamps[-1]))


def test_offsets_that_no_zone_shows_stay_offsets(folder: Path) -> None:
    stamps = pd.date_range("2022-01-01", periods=48, freq="h", tz="UTC")
    rows = [
        f"{stamp.tz_convert(f'+0{k % 2 + 1}:00').isoformat()},{k % 7}.5"
        for k, stamp in enumerate(stamps)
    ]
    Path("t.csv").write_text("\n".join(["ds,y", *rows]))
    assert load_config(Path(init(Path("t.csv")).config), environment={}).data.timezone is None
