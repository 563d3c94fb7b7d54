"""What the newest rows say of the pretrained network: errors on windows that were held back."""

import numpy as np
import pytest

from lstm_forecast.forecasting.pretrained import forecast_series, shipped_network
from lstm_forecast.judging.held_back import HeldBack, held_back_windows, judge_held_back
from lstm_forecast.model.pretrained.season import Season
from lstm_forecast.panel.panel import Panel
from tests.unit.conftest import build_panel, table_of

NO_NUMBERS = np.array([], np.int64)


def panel_of(*series: np.ndarray) -> Panel:
    table = table_of(
        id=[f"s{k}" for k, values in enumerate(series) for _ in values],
        ds=[step for values in series for step in range(len(values))],
        y=np.concatenate(series).astype(float),
    )
    return build_panel(
        table, timestamp="ds", targets=["y"], series_id="id", freq="1",
        policies={"missing": "mask"},
    )  # fmt: skip


def walk(rows: int, *, seed: int = 0) -> np.ndarray:
    return np.random.default_rng(seed).normal(size=rows).cumsum()


def judged(panel: Panel, *, horizon: int, period: int = 1) -> HeldBack:
    found = judge_held_back(shipped_network(), panel, Season(period), horizon=horizon)
    assert found is not None
    return found


def seasonal_naive(past: np.ndarray, period: int, horizon: int) -> np.ndarray:
    """The value a season before each step; the last value where there is none."""
    places = len(past) - period + np.arange(horizon) % period
    return np.where(places >= 0, past[np.maximum(places, 0)], past[-1])


@pytest.mark.parametrize(("rows", "period"), [(24, 12), (17, 12), (40, 12), (60, 7)])
def test_naive_errors_are_mase_of_the_rows_before_each_window(rows: int, period: int) -> None:
    values, horizon = walk(rows), 5
    sizes = []
    for end in range(rows - horizon, max(rows - 3 * horizon, 3) - 1, -horizon):
        past, actual = values[:end], values[end : end + horizon]
        lag = period if len(past) > period else 1
        scale = np.abs(past[lag:] - past[:-lag]).mean()
        made = past[-1], seasonal_naive(past, period, horizon)
        sizes.append([np.abs(each - actual).mean() / scale for each in made])
    found = judged(panel_of(values), horizon=horizon, period=period)
    assert found.windows == len(sizes)
    naive, seasonal = np.mean(sizes, axis=0)
    assert found.errors["naive"] == pytest.approx(naive)
    assert found.errors["seasonal_naive"] == pytest.approx(seasonal)


def test_a_series_that_is_no_longer_than_a_season_counts_beside_longer_ones() -> None:
    short, long = walk(14, seed=1), walk(60)
    errors = [
        judged(panel_of(*series), horizon=4, period=12).errors["naive"]
        for series in ([long], [short], [long, short])
    ]
    assert min(errors[:2]) < errors[2] < max(errors[:2])


def test_forecasts_that_are_judged_are_those_that_would_have_been_given() -> None:
    """What falls towards 0 is never forecast below it, as none of its values is."""
    values = np.maximum(60 - np.arange(120.0), 0) + np.abs(walk(120)) / 10
    horizon, rows = 20, len(values)
    sizes = []
    for end in (rows - horizon, rows - 2 * horizon, rows - 3 * horizon):
        past, actual = values[:end], values[end : end + horizon]
        forecast = forecast_series(
            shipped_network(), panel_of(past), Season(1), np.array([0]),
            horizon=horizon, quantiles=(0.5,),
        )[0, :, 0]  # fmt: skip
        assert (forecast >= 0).all()
        sizes.append(np.abs(forecast - actual).mean() / np.abs(np.diff(past)).mean())
    errors = judged(panel_of(values), horizon=horizon).errors
    assert errors["pretrained"] == pytest.approx(np.mean(sizes), rel=1e-5)


def test_a_window_is_not_judged_where_no_value_comes_before_it() -> None:
    late = np.where((np.arange(500) < 50) | (np.arange(500) >= 490), walk(500), np.nan)
    with_late, alone = (
        judged(panel_of(*series), horizon=6).errors for series in ([walk(80), late], [walk(80)])
    )
    assert np.isfinite(list(with_late.values())).all()
    assert with_late != alone  # its newest window has values before it


def test_windows_have_at_least_three_rows_before_them() -> None:
    layout = panel_of(walk(80), walk(9), walk(10), walk(17)).layout
    found = [(back, own.tolist()) for back, own in held_back_windows(layout, np.arange(4), 7)]
    assert found == [(7, [0, 2, 3]), (14, [0, 3]), (21, [0])]
    assert list(held_back_windows(layout, NO_NUMBERS, 7)) == []


def test_nothing_is_judged_where_every_series_is_too_short_or_none_varies() -> None:
    for series in (walk(9), np.ones(80)):
        found = judge_held_back(shipped_network(), panel_of(series), Season(1), horizon=7)
        assert found is None
