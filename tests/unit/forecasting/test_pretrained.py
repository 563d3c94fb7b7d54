"""Forecasts of the pretrained network for a panel: what is known by then decides them."""

import numpy as np
import pytest

from lstm_forecast.forecasting.pretrained import (
    forecast_series,
    own_periods,
    shipped_network,
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
    ended = np.where((np.arange(400) < 90) | (np.arange(400) == 399), rare(400), np.nan)
    found = forecasts(panel_of(rare(400), ended), horizon=60, back=1)
    assert np.isfinite(found[0]).all()
    assert np.isnan(found[1]).all()


def test_a_season_that_is_found_in_the_values_is_told() -> None:
    once = np.random.default_rng(0).normal(size=344).cumsum()
    values = np.tile(once, 4) + np.random.default_rng(1).normal(scale=0.1, size=4 * 344)
    told = told_season(panel_of(values))
    assert told == Season(344)
    assert told.fits


def turning(period: float, rows: int = 600) -> np.ndarray:
    """A trend and a season that lasts so many rows."""
    phase = 2 * np.pi * np.arange(rows) / period
    return 20 + np.arange(rows) / 100 + 5 * np.sin(phase) + np.sin(2 * phase)


def periods(*series: np.ndarray, told: int = 24, back: int = 0) -> list[int]:
    panel = panel_of(*series)
    return own_periods(panel, Season(told), np.arange(len(series)), back=back).tolist()


@pytest.mark.parametrize("period", [13, 23, 25, 40, 48])
def test_a_series_that_repeats_after_another_number_of_rows_has_that_period(period: int) -> None:
    assert periods(turning(24), turning(period)) == [24, period]


@pytest.mark.parametrize("seed", range(20))
def test_what_does_not_repeat_far_better_elsewhere_has_the_period_of_the_table(seed: int) -> None:
    rng = np.random.default_rng(seed)
    walk = rng.normal(size=600).cumsum()
    noisy = turning(23) + 10 * rng.normal(size=600)
    kinds = walk, walk.cumsum(), rng.normal(size=600), rng.poisson(0.3, 600), noisy, np.full(600, 7)
    for told in (7, 24, 52):
        assert periods(*kinds, told=told) == [told] * len(kinds)


def test_three_periods_have_to_be_seen() -> None:
    """Those of the table too: what was not seen misses nothing."""
    assert periods(turning(23, rows=75), turning(23, rows=71)) == [23, 24]
    assert periods(turning(23, rows=75), back=5) == [24]


def test_a_series_with_a_period_of_its_own_is_forecast_by_it_and_others_as_before() -> None:
    rows, horizon = 600, 48
    usual, own = turning(24, rows + horizon), turning(23, rows + horizon)
    panel, numbers = panel_of(usual[:rows], own[:rows]), np.arange(2)

    def forecast(periods: np.ndarray | None) -> np.ndarray:
        return forecast_series(
            shipped_network(), panel, Season(24, 168), numbers,
            horizon=horizon, quantiles=QUANTILES, periods=periods,
        )  # fmt: skip

    told, better = forecast(None), forecast(own_periods(panel, Season(24, 168), numbers))
    np.testing.assert_allclose(better[0], told[0], rtol=1e-6)
    before, after = (np.abs(each[1, :, 1] - own[rows:]).mean() for each in (told, better))
    assert after < before / 5
