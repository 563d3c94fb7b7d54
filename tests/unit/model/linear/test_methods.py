"""Simple forecasts of a window as a matrix to multiply it by."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from lstm_forecast.model.linear.methods import last_value_kernel, regression_kernel, seasonal_kernel


@pytest.mark.parametrize("horizon", [1, 3, 7])
def test_the_last_value_is_repeated(horizon: int) -> None:
    assert (np.array([5.0, 1, 2]) @ last_value_kernel(3, horizon)).tolist() == [2] * horizon


@pytest.mark.parametrize(("season", "horizon"), [(1, 3), (2, 5), (3, 3), (4, 2), (5, 12)])
def test_the_last_season_is_repeated_as_often_as_the_horizon_asks(
    season: int, horizon: int
) -> None:
    values = np.random.default_rng(0).normal(size=5)
    repeated = np.tile(values[-season:], horizon)[:horizon]
    assert values @ seasonal_kernel(5, horizon, season_length=season) == pytest.approx(repeated)


@settings(deadline=None)
@given(
    slope=st.floats(-5, 5),
    season=st.lists(st.floats(-10, 10), min_size=1, max_size=6),
    length=st.integers(12, 40),
    horizon=st.integers(1, 15),
)
def test_regression_continues_lines_with_a_season_exactly(
    slope: float, season: list[float], length: int, horizon: int
) -> None:
    steps = np.arange(length + horizon)
    values = slope * steps + np.take(season, steps, mode="wrap")
    kernel = regression_kernel(length, horizon, season_length=len(season))
    assert values[:length] @ kernel == pytest.approx(
        values[length:], abs=1e-4 * (1 + np.abs(values).max())
    )


def test_regression_takes_windows_of_less_than_two_seasons_for_a_line_with_noise() -> None:
    values = np.array([1.0, 3, 2, 4, 3, 5, 4])
    line = np.polynomial.Polynomial.fit(np.arange(7), values, 1)
    assert values @ regression_kernel(7, 2, season_length=4) == pytest.approx(
        line(np.array([7.0, 8])), abs=1e-5
    )
