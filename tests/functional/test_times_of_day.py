"""Times of day as registers, tills and loggers write them: spans, hours with letters, am and pm."""

from collections.abc import Callable
from itertools import cycle
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from tests.functional.test_mended_tables import asked, refused, trained_on

HOURS = range(8, 20)
DATES = ("%Y-%m-%d", "%d.%m.%Y", "%d/%m/%Y", "%m/%d/%y")
DAYS = [day for day in pd.date_range("2024-01-02", periods=40) if day.day_of_week < 6]
STAMPS = [day + pd.Timedelta(hours=hour) for day in DAYS for hour in HOURS]


def half_day(hour: int) -> str:
    return f"{(hour - 1) % 12 + 1}"


def half(hour: int) -> str:
    return "am" if hour % 24 < 12 else "pm"


SPELLED: dict[str, Callable[[int], str]] = {
    "08:00-09:00": lambda hour: f"{hour:02}:00-{hour + 1:02}:00",
    "08:00 - 08:59": lambda hour: f"{hour:02}:00 - {hour:02}:59",
    "08:00 - 09:00 Uhr": lambda hour: f"{hour:02}:00 - {hour + 1:02}:00 Uhr",
    "8h - 9h": lambda hour: f"{hour}h - {hour + 1}h",
    "8h00-8h59": lambda hour: f"{hour}h00-{hour}h59",
    "8-9": lambda hour: f"{hour}-{hour + 1}",
    "8h": lambda hour: f"{hour}h",
    "8h00": lambda hour: f"{hour}h00",
    "8 Uhr": lambda hour: f"{hour} Uhr",
    "8am": lambda hour: f"{half_day(hour)}{half(hour)}",
    "8 AM - 9 AM": lambda hour: (
        f"{half_day(hour)} {half(hour).upper()} - {half_day(hour + 1)} {half(hour + 1).upper()}"
    ),
    "08:00 hs.": lambda hour: f"{hour:02}:00 hs.",
    "8:00 h": lambda hour: f"{hour}:00 h",
    "08:00 Hrs": lambda hour: f"{hour:02}:00 Hrs",
    "08:00:00 o'clock": lambda hour: f"{hour:02}:00:00 o'clock",
    "8:00a": lambda hour: f"{half_day(hour)}:00{half(hour)[0]}",
    "8:00 a.m.": lambda hour: f"{half_day(hour)}:00 {half(hour)[0]}.m.",
}


@pytest.mark.parametrize(("spelling", "date"), [*zip(SPELLED, cycle(DATES), strict=False)])
@pytest.mark.parametrize("columns", [1, 2])
def test_times_of_day_are_read_beside_their_date_and_behind_it(
    tmp_path: Path, spelling: str, date: str, columns: int
) -> None:
    path, between = tmp_path / "t.csv", ";" if columns == 2 else " "
    rows = [
        f"{stamp.strftime(date)}{between}{SPELLED[spelling](stamp.hour)};{k % 7}"
        for k, stamp in enumerate(STAMPS)
    ]
    names = "Datum;Uhrzeit" if columns == 2 else "Datum"
    path.write_text("\n".join([f"{names};Besuche", *rows]))
    found = asked(path)
    assert (found["freq"], found["series"], found["questions"]) == ("h", 1, [])
    panel = trained_on(path)
    assert list(panel.layout.stamps(np.arange(len(panel.values)))) == STAMPS


def test_offsets_from_utc_are_no_ends_of_spans(tmp_path: Path) -> None:
    path = tmp_path / "t.csv"
    stamps = pd.date_range("2024-03-01", periods=900, freq="h", tz="America/New_York")
    rows = [f"{stamp.isoformat(sep=' ')},{k % 7}" for k, stamp in enumerate(stamps)]
    path.write_text("\n".join(["time,y", *rows]))
    assert (asked(path)["freq"], trained_on(path).layout.grid.zone) == ("h", "America/New_York")


@pytest.mark.parametrize("names", ["Datum;Name;Arbeitszeit", "Datum;Name;Heures"])
def test_hours_that_were_worked_are_no_times_of_day(tmp_path: Path, names: str) -> None:
    path = tmp_path / "t.csv"
    worked = {"Ann": "7h30", "Bob": "8h", "Cyd": "7h30"}
    rows = [f"{day:%d.%m.%Y};{who};{how};{day.day}" for day in DAYS for who, how in worked.items()]
    path.write_text("\n".join([f"{names};Umsatz", *rows]))
    assert (asked(path)["series"], asked(path)["freq"]) == (3, "D")


@pytest.mark.parametrize(
    "names",
    [
        ["8.50-9.50", "9.50-10.50", "10.50-11.50"], ["0.00-0.50", "0.50-1.00", "1.00-1.50"],
        ["0-9", "10-19", "20-29"], ["M01", "M02", "M03"], ["H1", "H2", "H3"], ["1h", "2h", "4h"],
    ],
)  # fmt: skip
def test_ranges_and_codes_name_series(tmp_path: Path, names: list[str]) -> None:
    path = tmp_path / "t.csv"
    rows = [f"{day:%Y-%m-%d},{name},{day.day}" for day in DAYS for name in names]
    path.write_text("\n".join(["date,group,sold", *rows]))
    assert (asked(path)["series"], asked(path)["freq"]) == (3, "D")


@pytest.mark.parametrize("column", ["product", "store", "machine"])
@pytest.mark.parametrize("code", ["M", "Q"])
def test_codes_beside_years_name_series_and_periods_are_parts_of_years(
    tmp_path: Path, column: str, code: str
) -> None:
    path = tmp_path / "t.csv"
    rows = [f"{year},{code}0{k},{year % 7}" for year in range(1990, 2024) for k in range(1, 5)]
    path.write_text("\n".join([f"year,{column},sold", *rows]))
    assert (asked(path)["series"], asked(path)["freq"]) == (4, "1")


@pytest.mark.parametrize(("code", "parts", "freq"), [("M", 12, "MS"), ("Q", 4, "QS-JAN")])
def test_numbered_periods_beside_years_are_parts_of_these(
    tmp_path: Path, code: str, parts: int, freq: str
) -> None:
    path = tmp_path / "t.csv"
    rows = [f"{year},{code}{k:02},{k}" for year in range(2001, 2011) for k in range(1, parts + 1)]
    path.write_text("\n".join(["year,period,value", *rows]))
    assert (asked(path)["series"], asked(path)["freq"]) == (1, freq)
    assert list(trained_on(path).values[:, 0]) == [*range(1, parts + 1)] * 10


@pytest.mark.parametrize("first", [0, 1])
@pytest.mark.parametrize("code", ["HE{:02}", "H{}", "Hour {}"])
def test_all_hours_of_days_by_their_codes_are_one_series(
    tmp_path: Path, first: int, code: str
) -> None:
    path = tmp_path / "t.csv"
    hours = range(first, first + 24)
    rows = [f"{day:%Y-%m-%d},{code.format(k)},{k}" for day in DAYS[:5] for k in hours]
    path.write_text("\n".join(["date,slot,load", *rows]))
    assert (asked(path)["series"], asked(path)["freq"]) == (1, "h")
    assert trained_on(path).layout.stamps(np.arange(1))[0] == DAYS[0] + pd.Timedelta(hours=first)


@pytest.mark.parametrize("date", ["%d.%m.{}", "{}-%m-%d"])
@pytest.mark.parametrize("year", [2023, 2566])
def test_years_of_the_buddhist_era_are_refused(tmp_path: Path, date: str, year: int) -> None:
    path = tmp_path / "t.csv"
    days = pd.date_range("2023-01-01", periods=50)
    path.write_text(
        "\n".join(["day,y", *(f"{d.strftime(date).format(year)},{d.day}" for d in days)])
    )
    if year == 2023:
        assert asked(path)["freq"] == "D"
    else:
        assert "543 less" in refused(path)


def test_results_of_games_are_no_spans_of_hours(tmp_path: Path) -> None:
    path = tmp_path / "t.csv"
    rows = [f"{day:%Y-%m-%d},{day.day % 4}-{day.day % 3},{day.day}" for day in DAYS]
    path.write_text("\n".join(["date,result,spectators", *rows]))
    assert asked(path)["timestamp"] == ["date"]
