"""Devices that report in turn: no stamp repeats, and yet there are as many series as devices."""

import json
import shlex
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from typer.testing import CliRunner

from lstm_forecast.cli import app

NAMES = ("dev-a", "dev-b", "dev-c")
START = pd.Timestamp("2024-03-01")
Seconds = Callable[[int, np.random.Generator], np.ndarray]


def every_ten_minutes(device: int, rng: np.random.Generator) -> np.ndarray:
    return np.arange(300) * 600 + device * 97


def by_an_inexact_clock(device: int, rng: np.random.Generator) -> np.ndarray:
    return every_ten_minutes(device, rng) + np.clip(rng.normal(0, 20, 300), -40, 40)


def when_they_like(device: int, rng: np.random.Generator) -> np.ndarray:
    return rng.exponential(600, 300).cumsum()


def write(times: Seconds, *, column: str = "unit", names: tuple[str | int, ...] = NAMES) -> None:
    """A table of all devices, its rows in the order of their stamps."""
    rng = np.random.default_rng(0)
    parts = [
        pd.DataFrame(
            {
                "time": START + pd.to_timedelta(times(k, rng).round(), unit="s"),
                column: name,
                "level": 20 + k + np.round(np.sin(np.arange(300) / 30), 3),
            }
        )
        for k, name in enumerate(names)
    ]
    pd.concat(parts).sort_values("time").to_csv("t.csv", index=False)


def asked(*options: str) -> dict[str, object]:
    result = CliRunner().invoke(
        app, ["init", "t.csv", "-o", "c.yaml", "--force", "--json", *options]
    )
    assert result.exit_code == 0, result.output
    found: dict[str, object] = json.loads(result.stdout)
    return found


@pytest.mark.parametrize("times", [every_ten_minutes, by_an_inexact_clock])
def test_each_device_whose_rows_come_at_even_steps_is_a_series(
    folder: Path, times: Seconds
) -> None:
    write(times)
    found = asked()
    assert (found["series_id"], found["series"], found["freq"]) == ("unit", 3, "10min")
    assert "series_id" in found["sure"]  # type: ignore[operator]
    (question,) = found["questions"]  # type: ignore[misc]
    assert question["kind"] == "off_grid"  # moved by more than clocks are off
    answered = asked(*question["answers"][0]["option"].split())
    assert answered["questions"] == []
    assert answered["rows"] == 900


def test_devices_that_report_when_they_like_are_offered_as_series(folder: Path) -> None:
    write(when_they_like)
    found = asked()
    assert found["series_id"] is None
    assert "series_id" not in found["sure"]  # type: ignore[operator]
    (question,) = found["questions"]  # type: ignore[misc]
    assert {"series_id": "unit"} in [answer["keys"] for answer in question["answers"]]
    answered = asked("--set", "data.series_id=unit")
    assert (answered["series_id"], answered["series"]) == ("unit", 3)
    assert answered == {**asked("--series-id", "unit"), "findings": answered["findings"]}


@pytest.mark.parametrize("column", ["state", "weekday"])
def test_a_text_beside_one_regular_clock_names_no_series(folder: Path, column: str) -> None:
    table = pd.DataFrame({"time": pd.date_range(START, periods=900, freq="10min")})
    table["level"] = np.round(np.sin(np.arange(900) / 30), 3)
    words = {"state": np.where(np.arange(900) // 30 % 2, "on", "off"),
        "weekday": table["time"].dt.day_name()}  # fmt: skip
    table[column] = words[column]
    table.to_csv("t.csv", index=False)
    found = asked()
    assert found["series_id"] is None
    assert found["questions"] == []


def test_what_parts_the_series_of_a_key_further_is_offered_with_it(folder: Path) -> None:
    """Two values of each visit, of patients who come when they do."""
    rng = np.random.default_rng(0)
    visits = [
        (START + pd.Timedelta(days=float(day)), patient)
        for patient in ("p1", "p2", "p3")
        for day in rng.exponential(6, 60).cumsum()
    ]
    rows = [
        f"{when:%Y-%m-%d %H:%M},{patient},{what},{rng.normal():.2f}"
        for when, patient in sorted(visits)
        for what in ("sodium", "potassium")
    ]
    Path("t.csv").write_text("\n".join(["when,patient,what,result", *rows, ""]))
    found = asked()
    assert found["series_id"] == "what"
    assert "series_id" not in found["sure"]  # type: ignore[operator]
    (question,) = found["questions"]  # type: ignore[misc]
    (choice,) = [each for each in question["answers"] if "series_id" in each["keys"]]
    assert choice["keys"]["series_id"] == ["what", "patient"]
    answered = asked(*shlex.split(choice["option"]))
    assert (answered["series_id"], answered["series"]) == (["what", "patient"], 6)


@pytest.mark.parametrize("shops", [("A",), ("A", "B", "C")])
def test_days_of_the_week_name_no_series_where_one_is_closed(
    folder: Path, shops: tuple[str, ...]
) -> None:
    days = pd.date_range("2022-01-03", "2023-06-30")
    days = days[days.day_of_week < 6]
    frames = [
        pd.DataFrame({"shop": shop, "date": days, "day": days.day_name(), "sold": days.day % 7})
        for shop in shops
    ]
    pd.concat(frames).to_csv("t.csv", index=False)
    found = asked()
    assert (found["series_id"], found["series"]) == ("shop" if len(shops) > 1 else None, len(shops))
    assert (found["freq"], found["questions"]) == ("D", [])


@pytest.mark.parametrize("starts", [(0, 5, 10), (0, 1, 2), (0, 30, 60)])
def test_devices_that_are_polled_in_a_burst_are_series(
    folder: Path, starts: tuple[int, ...]
) -> None:
    write(lambda k, rng: np.arange(300) * 3600 + 60 * starts[k])
    found = asked()
    assert (found["series_id"], found["series"], found["freq"]) == ("unit", 3, "h")


def test_devices_that_are_polled_in_turn_at_even_steps_are_series(folder: Path) -> None:
    write(lambda k, rng: np.arange(300) * 45 + 15 * k)
    assert asked()["series_id"] == "unit"


def test_states_that_alternate_are_told_and_name_no_series_unasked(folder: Path) -> None:
    write(lambda k, rng: np.arange(300) * 3600 + (420 * k if k < 2 else 3000))
    Path("t.csv").write_text(Path("t.csv").read_text().replace("time,unit", "time,state"))
    found = asked()
    assert found["series_id"] is None
    assert "series_id" not in found["sure"]  # type: ignore[operator]
    (told,) = [each for each in found["findings"] if "in turn" in each]  # type: ignore[attr-defined]
    assert "3 series if it names them (--series-id state)" in told
    again = asked("--series-id", "state")
    assert (again["series_id"], again["series"]) == ("state", 3)


def test_devices_whose_rows_stand_one_after_the_other_are_series_too(folder: Path) -> None:
    frames = [
        pd.DataFrame(
            {
                "time": START + pd.to_timedelta(np.arange(6000) * 3600 + 300 * k, unit="s"),
                "unit": name,
                "level": np.arange(6000) % 24 + k,
            }
        )
        for k, name in enumerate(NAMES)
    ]
    pd.concat(frames).to_csv("t.csv", index=False)
    found = asked()
    assert (found["series_id"], found["series"], found["freq"]) == ("unit", 3, "h")


@pytest.mark.parametrize("column", ["sensor", "Station Nr", "zähler", "device_id"])
def test_devices_that_are_called_by_numbers_are_series_and_no_target(
    folder: Path, column: str
) -> None:
    write(every_ten_minutes, column=column, names=(3, 7, 12))
    found = asked()
    assert (found["series_id"], found["series"], found["targets"]) == (column, 3, ["level"])


def test_shops_with_seasons_of_their_own_that_stand_one_below_the_other_are_series(
    folder: Path,
) -> None:
    days = pd.date_range("2019-01-01", "2022-12-31")
    seasons = {"beach": days[(days.month > 4) & (days.month < 10)], "ski": days[days.month < 4]}
    parts = [
        pd.DataFrame({"date": own, "shop": name, "sales": 100 * k + np.arange(len(own)) % 7})
        for k, (name, own) in enumerate(seasons.items())
    ]
    pd.concat(parts).to_csv("t.csv", index=False)
    found = asked()
    assert (found["series_id"], found["series"]) == ("shop", 2)


def test_markets_that_report_each_on_its_own_weekday_are_series(folder: Path) -> None:
    days = pd.bdate_range("2022-01-03", "2023-06-30")
    names = np.array(["Lyon", "Lille", "Metz", "Nice", "Brest"])
    frame = pd.DataFrame({"date": days, "market": names[days.day_of_week]})
    frame.assign(price=10 * days.day_of_week + np.arange(len(days)) % 9).to_csv("t.csv")
    found = asked()
    assert (found["series_id"], found["series"]) == ("market", 5)


def test_whole_numbers_of_a_sensor_and_of_what_a_station_reports_are_forecast(
    folder: Path,
) -> None:
    days = pd.date_range("2024-01-01", periods=90)
    counts = np.arange(90) % 7
    for column in ("sensor", "sensor_1", "station_output"):
        pd.DataFrame({"day": days, column: counts, "rain": counts / 8}).to_csv("t.csv")
        if column == "sensor":
            pd.DataFrame({"day": days, column: counts}).to_csv("t.csv", index=False)
        assert asked()["targets"] == [column]
