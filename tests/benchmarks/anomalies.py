"""What ``detect`` finds: ``python -m tests.benchmarks anomalies [alarms] [power] [nab]``.

``alarms`` trains a run on 17 generated series of each of 12 kinds without anomalies, and judges the
500 rows of each that follow: the share of steps that is called unusual, at two rates. ``power``
plants anomalies of six kinds and three sizes in the series with a season: how many are found, and
how many steps later. ``nab`` scores public series with labels beside other detectors, see
``tests.benchmarks.nab``. Prints one JSON line for each.
"""

import argparse
import json
import tempfile
from collections.abc import Callable, Iterator, Sequence
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from scipy.stats import binomtest

import lstm_forecast
from lstm_forecast.detecting.anomalies import Verdicts
from lstm_forecast.detecting.detect import judge
from lstm_forecast.forecasting.loaded import LoadedRun, load_run
from lstm_forecast.tables.source import given_source
from tests.benchmarks.nab import nab

ROWS, KNOWN, SERIES, HORIZON = 1500, 1000, 17, 24
RATES = (0.01, 0.001)
STEPS = np.arange(ROWS)
DAY = np.sin(2 * np.pi * STEPS / 24)
Floats = NDArray[np.float64]
Random = np.random.Generator


def _autoregression(rng: Random) -> Floats:
    values = rng.normal(size=ROWS)
    for step in range(1, ROWS):
        values[step] += 0.9 * values[step - 1]
    return 50 + 2 * values


def _plateaus(rng: Random) -> Floats:
    return np.repeat(rng.choice([10.0, 20, 30], ROWS // 10), 10) + rng.normal(0, 0.2, ROWS)


def _growth(rng: Random) -> Floats:
    return np.exp(3 + 0.001 * STEPS + 0.1 * DAY + rng.normal(0, 0.05, ROWS))


def _seasonal(rng: Random) -> Floats:
    return 100 + 10 * DAY * rng.uniform(0.5, 2) + rng.normal(0, 1, ROWS)


def _two_seasons(rng: Random) -> Floats:
    week = np.sin(2 * np.pi * STEPS / 168 + rng.uniform(0, 6))
    return 100 + 10 * DAY + 8 * week + rng.normal(0, 1.5, ROWS)


USUAL: dict[str, Callable[[Random], Floats]] = {
    "noise": lambda rng: 100 + rng.normal(0, 5, ROWS),
    "season": _seasonal,
    "two seasons": _two_seasons,
    "autoregression": _autoregression,
    "random walk": lambda rng: 200 + np.cumsum(rng.normal(0, 1, ROWS)),
    "trend": lambda rng: 100 + rng.uniform(-0.05, 0.05) * STEPS + 5 * DAY + rng.normal(0, 2, ROWS),
    "growth": _growth,
    "counts": lambda rng: rng.poisson(np.exp(1.5 + DAY)).astype(float),
    "rare counts": lambda rng: rng.poisson(0.15, ROWS).astype(float),
    "heavy tails": lambda rng: 100 + 10 * DAY + 2 * rng.standard_t(3, ROWS),
    "changing variance": lambda rng: 100 + rng.normal(0, 1, ROWS) * (3 + 2 * DAY),
    "plateaus": _plateaus,
}


def _spread(values: Floats, size: float, rng: Random) -> Floats:
    return values + rng.normal(0, size, len(values))


# What becomes of the rows of a series from some row on, by a size in standard deviations of noise.
PLANTED: dict[str, Callable[[Floats, float, Random], Floats]] = {
    "spike": lambda values, size, rng: np.append(values[0] + size, values[1:]),
    "level": lambda values, size, rng: values + size,
    "variance": _spread,
    "flat": lambda values, size, rng: np.append(np.full(int(size), values[0]), values[int(size) :]),
    "no season": lambda values, size, rng: values - size * DAY[: len(values)],
    "drift": lambda values, size, rng: values + size / 500 * np.arange(len(values)),
}
SIZES = {
    "spike": (4, 6, 9), "level": (2, 3, 5), "variance": (1, 2, 4), "flat": (4, 8, 24),
    "no season": (3, 6, 10), "drift": (2, 5, 10),
}  # fmt: skip
PLACE = 1104  # the first row that is changed; a day begins there


def main(arguments: Sequence[str]) -> None:
    parser = argparse.ArgumentParser(
        prog="python -m tests.benchmarks anomalies", description="What detect finds."
    )
    parser.add_argument("parts", nargs="*", metavar="PART", help=", ".join(PARTS))
    options = parser.parse_args(arguments)
    for part in options.parts or PARTS:
        for found in PARTS[part]():
            print(json.dumps({"benchmark": part, **found}), flush=True)


def _table(make: Callable[[Random], Floats], seed: int) -> pd.DataFrame:
    stamps = pd.date_range("2024-01-01", periods=ROWS, freq="h")
    return pd.concat(
        pd.DataFrame({"id": f"s{k}", "ds": stamps, "y": make(np.random.default_rng([seed, k]))})
        for k in range(SERIES)
    ).reset_index(drop=True)


def _trained(table: pd.DataFrame, folder: str) -> LoadedRun:
    run = lstm_forecast.train(
        table.groupby("id").head(KNOWN),
        target="y",
        timestamp="ds",
        series_id="id",
        horizon=HORIZON,
        runs=folder,
        model={"ensemble": 1},
    )
    return load_run(run)


def _judged(loaded: LoadedRun, table: pd.DataFrame) -> Verdicts:
    return judge(loaded, given_source(table), rate=min(RATES), last=ROWS - KNOWN).verdicts


def alarms() -> Iterator[dict[str, Any]]:
    """Share of the steps of usual series that is unusual, with its binomial interval."""
    totals = dict.fromkeys(RATES, 0)
    steps = 0
    for seed, (kind, make) in enumerate(USUAL.items()):
        with tempfile.TemporaryDirectory() as folder:
            table = _table(make, seed)
            rarity = _judged(_trained(table, folder), table).steps.rarity
        found = {str(rate): float((rarity <= rate).mean().round(5)) for rate in RATES}
        for rate in RATES:
            totals[rate] += int((rarity <= rate).sum())
        steps += len(rarity)
        yield {"kind": kind, "steps": len(rarity), "share": found}
    for rate, count in totals.items():
        interval = binomtest(count, steps).proportion_ci()
        share = {"share": count / steps, "low": interval.low, "high": interval.high}
        yield {"rate": rate, "steps": steps, **{key: round(v, 5) for key, v in share.items()}}


def power() -> Iterator[dict[str, Any]]:
    """Share of planted anomalies that is found, and the median of steps until then."""
    with tempfile.TemporaryDirectory() as folder:
        table = _table(_seasonal, list(USUAL).index("season"))
        loaded = _trained(table, folder)
        for kind, change in PLANTED.items():
            for size in SIZES[kind]:
                changed, rng = table.copy(), np.random.default_rng(0)
                for k in range(SERIES):
                    rows = slice(k * ROWS + PLACE, (k + 1) * ROWS - 1)
                    values = changed.loc[rows, "y"].to_numpy()
                    changed.loc[rows, "y"] = change(values, size, rng)
                judged = _judged(loaded, changed)
                steps = judged.steps.only(judged.found & (judged.steps.ordinal >= PLACE))
                first = pd.Series(steps.ordinal).groupby(steps.series).min() - PLACE
                delay = None if first.empty else float(first.median())
                yield {"kind": kind, "size": size, "found": len(first) / SERIES, "delay": delay}


PARTS: dict[str, Callable[[], Iterator[dict[str, Any]]]] = {
    "alarms": alarms,
    "power": power,
    "nab": nab,
}
