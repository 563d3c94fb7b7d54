"""What deserves doubt in forecasts, and what does not."""

from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from lstm_forecast.config.schema import Config
from lstm_forecast.forecasting.doubts import (
    doubtful_intervals,
    doubtful_levels,
    doubtful_season,
    doubtful_support,
    target_ranges,
)
from lstm_forecast.panel.panel import Panel
from lstm_forecast.panel.scale import Scaler, fit_scaler
from tests.unit.conftest import build_panel, table_of

ROWS, MORE = 120, 60
STEPS = np.arange(ROWS + MORE)


def panel_of(*series: np.ndarray) -> Panel:
    table = table_of(
        id=[f"s{k}" for k, values in enumerate(series) for _ in values],
        ds=[step for values in series for step in range(len(values))],
        y=np.concatenate(series).astype(float),
    )
    return build_panel(table, timestamp="ds", targets=["y"], series_id="id", freq="1")


def config_of(**preprocessing: Any) -> Config:
    data = {"path": "a.csv", "timestamp": "ds", "targets": ["y"], "series_id": "id"}
    return Config(
        name="a", data=data, preprocessing={"log": False, "support": "real"} | preprocessing,
        windows={"horizon": 7, "season_length": 7},
    )  # fmt: skip


def scaler_of(config: Config, panel: Panel) -> Scaler:
    how, ends = config.preprocessing, panel.layout.offsets[1:]
    return fit_scaler(
        panel, kind=how.scaler, log=bool(how.log), train_ends=ends, pooled=how.scope == "global"
    )  # fmt: skip


def levels(trained: list[np.ndarray], now: list[np.ndarray], **preprocessing: Any) -> list[str]:
    config, panel = config_of(**preprocessing), panel_of(*now)
    return list(
        doubtful_levels(
            scaler_of(config, panel_of(*trained)),
            panel,
            np.arange(len(now)),
            preprocessing=config.preprocessing,
            n_targets=config.n_outputs,
            cycle=max(config.windows.horizon, config.windows.season_length),
        )
    )


# Levels


def sales(seed: int) -> np.ndarray:
    rng = np.random.default_rng(seed)
    return 100 * (1 + 0.3 * np.sin(2 * np.pi * STEPS / 7)) * rng.lognormal(0, 0.2, len(STEPS))


ORDINARY = {
    "sales": lambda seed: sales(seed),
    "a random walk": lambda seed: np.random.default_rng(seed).normal(size=len(STEPS)).cumsum() + 50,
    "a line half as long again": lambda seed: (
        10 + STEPS + np.random.default_rng(seed).normal(0, 1, 180)
    ),
    "growth to six times as much, and on": lambda seed: 1.015**STEPS,
    "spare parts": lambda seed: (np.random.default_rng(seed).random(180) < 0.1) * 7.0,
    "demand that ceased": lambda seed: np.where(STEPS < ROWS, sales(seed), 0),
    "a level that doubles": lambda seed: np.where(STEPS < ROWS, 1, 2) * sales(seed),
    "a strong year": lambda seed: 50 * (1.1 + np.cos(2 * np.pi * STEPS / 120)),
    "noise around 0": lambda seed: np.random.default_rng(seed).normal(size=180),
    "a spike at the end": lambda seed: np.where(STEPS == 179, 1e4, sales(seed)),
}


@pytest.mark.parametrize("scaler", ["standard", "minmax", "robust", "none"])
@pytest.mark.parametrize("kind", ORDINARY)
def test_ordinary_changes_are_not_told(kind: str, scaler: str) -> None:
    for seed in range(3):
        values = ORDINARY[kind](seed)
        assert levels([values[:ROWS]], [values], scaler=scaler) == []


@pytest.mark.parametrize("scaler", ["standard", "minmax", "robust"])
@pytest.mark.parametrize("log", [False, True])
@pytest.mark.parametrize("factor", [1e-3, 1e3])
def test_other_units_are_told_with_figures(factor: float, log: bool, scaler: str) -> None:
    trained = [sales(0), sales(1), sales(2)]
    (text,) = levels(
        trained, [factor * trained[0], trained[1], factor * trained[2]], log=log, scaler=scaler
    )
    assert (
        "the newest level of 2 of 3 series lies far outside of what training saw: series s0: "
        in text
    )
    assert f"{factor * np.median(trained[0][-7:]):.6g} (median of its newest 7 rows)" in text


@pytest.mark.filterwarnings("error")
@pytest.mark.parametrize("factor", [1e-3, 1e3, 1e5])
def test_other_units_of_values_that_are_mostly_0_are_told(factor: float) -> None:
    rng = np.random.default_rng(0)
    trained = (rng.random(120) < 0.3) * rng.integers(1, 9, 120).astype(float)
    (text,) = levels([trained, trained], [factor * trained, np.zeros(120)])
    assert (
        "the newest level of 1 of 2 series lies far outside of what training saw: series s0: "
        in text
    )


def test_kelvin_and_celsius_are_told_apart() -> None:
    kelvin = 290 + 8 * np.sin(STEPS / 9)
    assert levels([kelvin], [kelvin - 273.15])
    assert levels([kelvin - 273.15], [kelvin])


def test_a_series_that_never_changed_is_told_of_where_it_is_another_one_now() -> None:
    (text,) = levels([np.full(50, 5.0)], [np.full(50, 5000.0)])
    assert "training saw about 5 to 5" in text
    assert levels([np.full(50, 5.0)], [np.full(50, 6.0)]) == []


def test_one_large_series_among_many_is_not_told_where_all_share_one_scale() -> None:
    many = [sales(k) for k in range(30)] + [1e4 * sales(30)]
    assert levels(many, many, scope="global") == []
    assert levels(many, [1e6 * each for each in many], scope="global")


# Seasons and supports


def test_a_season_that_no_series_holds_twice_is_told_of_and_any_other_is_not() -> None:
    for season, told in ((1, False), (7, False), (90, False), (91, True), (8_640_000, True)):
        assert bool(list(doubtful_season(season, panel_of(STEPS).layout))) == told


def test_rows_outside_of_the_support_are_counted() -> None:
    values = np.array([[0.0], [-1.0], [2.0], [np.nan]])
    assert list(doubtful_support("real", values)) == []
    for support, count in (("non_negative", 1), ("unit", 2)):
        (text,) = doubtful_support(support, values)
        assert (
            f"{count} of 4 rows hold a target outside of preprocessing.support: {support}" in text
        )


# Intervals


def intervals(low: float, middle: float, high: float, *history: float) -> list[str]:
    layout = panel_of(np.array(history)).layout
    ranges = target_ranges(layout, np.array(history)[:, None])
    forecast = np.broadcast_to([low, middle, high], (1, 3, 1, 3))
    return list(
        doubtful_intervals(
            forecast, np.zeros(1, np.int64), ranges, np.array([["a"]], object), (95,)
        )
    )


def test_an_interval_of_no_width_is_told_of_where_the_history_varies() -> None:
    (text,) = intervals(538, 538, 538, 0, 0, 1000)
    assert (
        "95 % intervals with no width in 1 of 1 series: a, step 1: 538 to 538, and its history goes"
        " from 0" in text
    )


def test_a_constant_forecast_of_a_history_that_never_varied_needs_no_width() -> None:
    assert intervals(5, 5, 5, 5, 5, 5) == []
    assert intervals(6, 6, 6, 5, 5, 5)


def test_an_interval_of_many_times_the_range_of_the_history_is_told_of() -> None:
    (text,) = intervals(-50, 5, 60, 0, 10, 10)
    assert (
        "95 % intervals with more than 10 times the range of the history in 1 of 1 series" in text
    )


@settings(max_examples=40, deadline=None)
@given(st.floats(-1e6, 1e6), st.floats(1e-3, 1e6), st.floats(0.01, 9))
def test_an_ordinary_interval_is_not_told_of(level: float, extent: float, width: float) -> None:
    half = width * extent / 2
    assert (
        intervals(level - half, level, level + half, level - extent / 2, level + extent / 2, level)
        == []
    )


def test_series_are_counted_once_whatever_windows_they_have() -> None:
    ranges = np.array([[[0.0], [0.0]], [[9.0], [9.0]]])
    forecast, ids = np.full((6, 4, 1, 5), 3.0), np.array([["a"], ["b"]], object)
    (text,) = doubtful_intervals(forecast, np.array([1, 1, 1, 1, 1, 1]), ranges, ids, (80, 95))
    assert text.startswith(
        "warning: 95, 80 % intervals with no width in 1 of 2 series: b, step 1: 3 to 3"
    )
