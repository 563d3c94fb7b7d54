"""Tables that people have, and how far ahead they want to look: the tasks of the ``defaults``
benchmark.

Public ones come from ``shared/data`` beside the repository (sources and licences in its README),
samples from ``data``, and the rest is generated from fixed seeds: kinds of data that neither holds.
"""

import gzip
from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from pathlib import Path

import numpy as np
import pandas as pd

from tests.benchmarks.files import data_file

ROOT = Path(__file__).parents[2]
ETT = ("HUFL", "HULL", "MUFL", "MULL", "LUFL", "LULL", "OT")
CURRENCIES = ("0", "1", "2", "3", "4", "5", "6", "OT")
FIRST_DAY = "2010-01-04"  # a Monday, long enough ago for ten years of months


@dataclass(frozen=True)
class Task:
    """A table, whose last ``windows * horizon`` rows of every series are held out.

    That is a fifth of the rows, or 40 windows where that is less, and of competitions the official
    test: few windows of one series say more about their own weeks than about who forecasts best.
    """

    load: Callable[[], pd.DataFrame]
    horizon: int
    windows: int
    # rows; of AutoETS and AutoTheta, as the field has it, and 1 above 24, which ETS does not fit
    season: int
    timestamp: str = "ds"
    targets: tuple[str, ...] = ("y",)
    series_id: str | None = None
    newest: int | None = None  # rows that AutoETS and AutoTheta see; none: all, as the tool does
    scored: int | None = None  # series, a fixed random choice; none: all


def public(name: str) -> pd.DataFrame:
    return pd.read_csv(data_file(f"{name}.csv.gz"))


def sample(name: str) -> pd.DataFrame:
    return pd.read_csv(ROOT / "data" / f"{name}.csv")


def competition(name: str) -> pd.DataFrame:
    """The official train and test rows, series after series."""
    return pd.concat([public(f"{name}_train"), public(f"{name}_test")]).sort_values(
        ["unique_id", "ds"]
    )


def shampoo() -> pd.DataFrame:
    """Its months are ``1-01``, which is no date: numbered here."""
    table = public("shampoo_sales")
    return pd.DataFrame({"ds": np.arange(len(table)), "y": table["Sales"]})


def ausgrid() -> pd.DataFrame:
    """Monash's format: after ``@data`` a line ``name:start:value,value,...`` for each series."""
    with gzip.open(data_file("ausgrid_weekly.tsf.gz"), "rt", encoding="cp1252") as file:
        _, _, body = file.read().partition("@data\n")
    parts = []
    for line in body.splitlines():
        name, start, numbers = line.split(":")
        values = np.array(numbers.split(","), float)
        days = pd.date_range(start.split(" ")[0], periods=len(values), freq="7D")
        parts.append(pd.DataFrame({"unique_id": name, "ds": days, "y": values}))
    return pd.concat(parts, ignore_index=True)


# Data that is not there


def intermittent() -> pd.DataFrame:
    """Daily sales of spare parts: four days in five without any."""
    rng = np.random.default_rng(1)
    sold = rng.random((40, 300)) < 0.2
    return _dated(sold * (1 + rng.poisson(rng.uniform(0.5, 6, (40, 1)), (40, 300))), "D")


def shares() -> pd.DataFrame:
    """Weekly shares of about 2 %, between 0 and 1: the logistic function of autoregressions."""
    rng = np.random.default_rng(2)
    walks = _autoregressions(rng.normal(0, 0.25, (20, 200)), 0.9)
    return _dated(1 / (1 + np.exp(4 + rng.normal(0, 0.7, (20, 1)) - walks)), "W-MON")


def trend() -> pd.DataFrame:
    """A monthly straight line with noise of a fifth of its step."""
    return _dated(100 + 5 * np.arange(120) + np.random.default_rng(3).normal(0, 1, (1, 120)), "MS")


def regimes() -> pd.DataFrame:
    """Daily, with a weekly pattern; late in it the level triples and the noise quadruples."""
    rng, day = np.random.default_rng(4), np.arange(1000)
    late = day >= 750
    noise = rng.normal(0, 1, (1, 1000)) * np.where(late, 4, 1)
    return _dated(10 + 20 * late + 2 * np.sin(2 * np.pi * day / 7) + noise, "D")


def walks() -> pd.DataFrame:
    """Daily random walks: nothing beats the last value."""
    return _dated(100 + np.random.default_rng(5).normal(0, 1, (10, 400)).cumsum(axis=1), "D")


def three_seasons() -> pd.DataFrame:
    """Three years of months to learn from and one to forecast: trend, season and noise."""
    month, rng = np.arange(48), np.random.default_rng(6)
    return _dated(
        50 + 0.5 * month + 10 * np.sin(2 * np.pi * month / 12) + rng.normal(0, 1.5, (1, 48)), "MS"
    )


def short_yearly() -> pd.DataFrame:
    """50 series of 9 to 15 years to learn from, and 4 to forecast: random walks with drift."""
    rng = np.random.default_rng(7)
    parts = []
    for name, length in enumerate(rng.integers(9, 16, 50) + 4):
        values = rng.uniform(50, 500) * np.exp(rng.normal(0.03, 0.05, length).cumsum())
        parts.append(
            pd.DataFrame(
                {"unique_id": f"s{name:02}", "year": np.arange(2024 - length, 2024), "y": values}
            )
        )
    return pd.concat(parts, ignore_index=True)


def _autoregressions(shocks: np.ndarray, share: float) -> np.ndarray:
    """(series, rows): every value is ``share`` of the one before and a shock."""
    values = shocks.copy()
    for row in range(1, shocks.shape[1]):
        values[:, row] += share * values[:, row - 1]
    return values


def _dated(values: np.ndarray, freq: str) -> pd.DataFrame:
    """(series, rows) as a long table; ``values`` of one series as ``ds, y`` alone."""
    count, rows = values.shape
    days = pd.date_range(FIRST_DAY, periods=rows, freq=freq)
    table = pd.DataFrame({"ds": np.tile(days, count), "y": values.ravel()})
    names = np.repeat([f"s{name:02}" for name in range(count)], rows)
    return table if count == 1 else table.assign(unique_id=names)[["unique_id", "ds", "y"]]


many = partial(Task, series_id="unique_id")
electricity = partial(Task, timestamp="date", season=24, newest=1000)

TASKS: dict[str, Task] = {
    "air_passengers": Task(partial(public, "air_passengers"), 12, 2, 12),
    "shampoo_sales": Task(shampoo, 6, 1, 12),
    "daily_min_temperatures": Task(
        partial(public, "daily_min_temperatures"), 14, 40, 7, timestamp="Date", targets=("Temp",)
    ),
    "stocks": Task(
        partial(public, "stocks_daily"),
        5,
        40,
        5,
        timestamp="date",
        targets=("close",),
        series_id="symbol",
        newest=1000,
    ),
    "wikipedia": Task(
        partial(public, "wikipedia_traffic_daily"),
        14,
        7,
        7,
        timestamp="date",
        targets=("value",),
        series_id="Page",
    ),
    "vic_electricity": Task(
        partial(public, "vic_electricity"),
        48,
        40,
        1,
        timestamp="Time",
        targets=("Demand",),
        newest=2000,
    ),
    "etth1": electricity(partial(public, "ETTh1"), 24, 40, targets=("OT",)),
    "etth1_all": electricity(partial(public, "ETTh1"), 24, 40, targets=ETT),
    "ettm1": electricity(partial(public, "ETTm1"), 96, 40, season=1, targets=("OT",), newest=2000),
    "exchange_rate": Task(
        partial(public, "exchange_rate"),
        30,
        40,
        1,
        timestamp="date",
        targets=CURRENCIES,
        newest=1000,
    ),
    "national_illness": Task(
        partial(public, "national_illness"), 24, 8, 1, timestamp="date", targets=("% WEIGHTED ILI",)
    ),
    "m4_hourly": many(partial(competition, "m4_hourly"), 48, 1, 24, scored=60),
    "m4_weekly": many(partial(competition, "m4_weekly"), 13, 1, 1),
    "m4_daily_subset": many(partial(competition, "m4_daily_subset"), 14, 1, 1, newest=1000),
    "m3_quarterly": many(partial(competition, "m3_quarterly"), 8, 1, 4),
    "tourism_yearly": many(partial(competition, "tourism_yearly"), 4, 1, 1),
    "ausgrid_weekly": many(ausgrid, 8, 3, 1),
    "sine": Task(partial(sample, "sine"), 50, 4, 1, timestamp="step"),
    "co2": Task(partial(sample, "co2"), 26, 14, 1, timestamp="date", targets=("co2",)),
    "laguardia": Task(
        partial(sample, "laguardia"), 24, 40, 24, timestamp="time", targets=("temp",), newest=1000
    ),
    "share_prices": Task(
        partial(sample, "stocks"),
        12,
        1,
        12,
        timestamp="date",
        targets=("price",),
        series_id="symbol",
    ),
    "intermittent": many(intermittent, 14, 4, 7),
    "shares": many(shares, 8, 5, 1),
    "trend": Task(trend, 12, 2, 12),
    "regimes": Task(regimes, 14, 14, 7),
    "walks": many(walks, 10, 8, 7),
    "three_seasons": Task(three_seasons, 12, 1, 12),
    "short_yearly": many(short_yearly, 4, 1, 1, timestamp="year"),
}
