"""Forecasts of the pretrained network for a panel: what is known by then decides them."""

import numpy as np
import pytest

from lstm_forecast.forecasting.pretrained import (
    forecast_series,
    shipped_network,
    steps_without_value,
    told_season,
)
from lstm_forecast.model.pretrained.season import Season
from lstm_forecast.panel.panel import Panel
from tests.unit.conftest import build_panel, table_of

QUANTILES = (0.1, 0.5, 0.9)


def panel_of(*series: np.ndarray, steps: np.ndarray | None = None, gaps: str = "split") -> Panel:
    table = table_of(
        id=[f"s{k}" for k, values in enumerate(series) for _ in values],
        ds=[step for values in series for step in range(len(values))] if steps is None else steps,
        y=np.concatenate(series).astype(float),
    )
    return build_panel(
        table, timestamp="ds", targets=["y"], series_id="id", freq="1",
        policies={"missing": "mask", "gaps": gaps},
    )  # fmt: skip


def forecasts(panel: Panel, *, horizon: int = 10, back: int = 0) -> np.ndarray:
    numbers = np.arange(len(panel.layout.ids))
    return forecast_series(
        shipped_network(), panel, Season(1), numbers,
        horizon=horizon, quantiles=QUANTILES, back=back,
    )  # fmt: skip


def rare(rows: int = 120) -> np.ndarray:
    return np.random.default_rng(0).poisson(0.3, rows).astype(float)


@pytest.mark.parametrize("back", [0, 20, 40])
def test_no_forecast_is_below_zero_where_no_value_until_then_is(back: int) -> None:
    cold = rare() - 30
    found = forecasts(panel_of(rare(), cold), back=back)
    assert (found[0] >= 0).all() and (found[0] == 0).any()
    assert (found[1] < 0).any()


@pytest.mark.parametrize("gap", [0, 5])
def test_forecasts_of_earlier_rows_are_those_of_a_table_that_ends_there(gap: int) -> None:
    """Also where a value below 0 comes later, and where steps are missing in between."""
    values, back = rare(), 20
    values[-back // 2 :] = -3
    steps = np.arange(len(values)) + gap * (np.arange(len(values)) >= len(values) - 10)
    whole, until = panel_of(values, steps=steps), len(values) - back + gap
    then = panel_of(values[:until], steps=steps[:until])
    found, expected = forecasts(whole, back=back), forecasts(then)
    assert (expected >= 0).all()
    assert found == pytest.approx(expected, rel=1e-5, abs=1e-6)


def test_nothing_is_forecast_from_a_window_without_a_value() -> None:
    ended = np.where(np.arange(400) < 90, rare(400), np.nan)
    found = forecasts(panel_of(rare(400), ended), horizon=60)
    assert np.isfinite(found[0]).all()
    assert np.isnan(found[1]).all()


@pytest.mark.parametrize("gaps", ["split", "mask"])
def test_steps_without_a_value_are_counted_over_gaps_too(gaps: str) -> None:
    values = rare(60)
    values[-5:] = np.nan
    steps = np.arange(60) + 100 * (np.arange(60) >= 55)
    panel = panel_of(values, rare(60), steps=np.tile(steps, 2), gaps=gaps)
    assert steps_without_value(panel).tolist() == [105, 0]


def test_a_season_that_is_found_in_the_values_is_told() -> None:
    once = np.random.default_rng(0).normal(size=344).cumsum()
    values = np.tile(once, 4) + np.random.default_rng(1).normal(scale=0.1, size=4 * 344)
    told = told_season(panel_of(values))
    assert told == Season(344)
    assert told.fits
