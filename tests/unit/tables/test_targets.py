"""Which columns `forecast init` takes for the one that is forecast, and for the names of series."""

import pandas as pd
import pytest

from lstm_forecast.tables.numbers.nothing import MISSING_WORDS
from lstm_forecast.tables.numbers.style import how_written
from lstm_forecast.tables.read import read_table
from lstm_forecast.tables.roles import find_roles
from tests.benchmarks.files import DATA
from tests.unit.conftest import needs_shared

TARGETS = {
    "ETTh1": "OT",
    "ETTm1": "OT",
    "air_passengers": "y",
    "daily_min_temperatures": "Temp",
    "dirty_air_quality_uci": "CO(GT)",
    "dirty_beijing_pm25": "pm2.5",
    "dirty_metro_traffic": "traffic_volume",
    "exchange_rate": "OT",
    "m3_quarterly_train": "y",
    "m4_daily_subset_train": "y",
    "m4_hourly_train": "y",
    "m4_weekly_train": "y",
    "nab_realKnownCause": "y",
    "nab_realTraffic": "y",
    "national_illness": "OT",
    "shampoo_sales": "Sales",
    "stocks_daily": "close",
    "tourism_yearly_train": "y",
    "vic_electricity": "Demand",
    "wikipedia_traffic_daily": "value",
    "wp_peyton_manning": "y",
}


@needs_shared
@pytest.mark.parametrize(("name", "target"), TARGETS.items())
def test_the_target_of_every_shared_set_is_the_one_that_people_forecast(
    name: str, target: str
) -> None:
    table = read_table(DATA / f"{name}.csv.gz")
    time = ("Month",) if name == "shampoo_sales" else ()  # 1-01: nobody can tell
    head = table.frame.head(2_000)
    roles = find_roles(head, written=how_written(head, missing=MISSING_WORDS), timestamp=time)
    assert roles.targets == (target,)


@pytest.mark.parametrize(
    ("columns", "target"),
    [
        (["temp", "humidity", "kwh"], "kwh"),
        (["humidity", "temp"], "humidity"),
        (["unit_price", "units_sold"], "units_sold"),
        (["price", "DailySales"], "price"),  # a whole name says more than a word in one
        (["position_y", "speed"], "position_y"),
        (["rain_volume", "ridershipCount"], "ridershipCount"),
        (["a", "b"], "a"),
    ],
)
def test_names_decide_before_places(columns: list[str], target: str) -> None:
    days = pd.date_range("2024-01-01", periods=9).astype("str")
    numbers = [1.5, 2, 3, 5, 8, 13, 21, 34, 55]
    frame = pd.DataFrame(
        {"ds": days, **{name: [k + n for n in numbers] for k, name in enumerate(columns)}}
    )
    assert find_roles(frame).targets == (target,)


HOURS = (
    pd.date_range("2024-10-20", "2024-11-03", freq="h", tz="Europe/Vienna")
    .tz_localize(None)
    .astype("str")
)


@pytest.mark.parametrize(
    "column", [["NW", "SE", "N"], [0, 1, 2], [f"{hour}" for hour in range(24)]]
)
def test_an_hour_that_clocks_repeat_makes_no_series_of_another_column(column: list[object]) -> None:
    other = [column[k % len(column)] for k in range(len(HOURS))]
    frame = pd.DataFrame(
        {"ds": HOURS, "load": [0.5 + k % 24 for k in range(len(HOURS))], "other": other}
    )
    assert not find_roles(frame).keys.columns


@pytest.mark.parametrize("names", [["north", "south"], [7, 12]])
@pytest.mark.parametrize("column", ["plant", "store"])
def test_a_short_series_beside_a_long_one_is_one(names: list[object], column: str) -> None:
    days = pd.date_range("2024-01-01", periods=300).astype("str").tolist()
    short = 20 if names[0] == "north" or column == "store" else 60
    frame = pd.DataFrame(
        {
            "ds": days + days[-short:],
            column: [names[0]] * 300 + [names[1]] * short,
            "load": [0.5 + k % 24 for k in range(300 + short)],
        }
    )
    assert find_roles(frame).keys.columns == (column,)
