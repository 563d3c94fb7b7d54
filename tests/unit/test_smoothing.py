"""Simple forecasts as kernels: what they do to a window is what their recursions do."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from lstm_forecast.data.windows import Windows
from lstm_forecast.model.smoothing import (
    best_smoothing,
    best_theta,
    last_value_kernel,
    seasonal_kernel,
    smoothing_kernel,
    theta_kernel,
)

SHARES = st.floats(0, 1)


def holt_winters(
    values: np.ndarray, horizon: int, *, season_length: int, alpha: float, beta: float, gamma: float, phi: float
) -> np.ndarray:
    """Damped additive Holt-Winters as the textbook writes it, value by value."""
    level, trend = values[:season_length].mean(), 0.0
    seasons = [value - level for value in values[:season_length]]
    for value in values[season_length:]:
        season = seasons[-season_length]
        before = level
        level = alpha * (value - season) + (1 - alpha) * (before + phi * trend)
        trend = beta * (level - before) + (1 - beta) * phi * trend
        seasons.append(gamma * (value - level) + (1 - gamma) * season)
    forecast = []
    for step in range(1, horizon + 1):
        damped = sum(phi**k for k in range(1, step + 1))
        forecast.append(level + damped * trend + seasons[-season_length:][(step - 1) % season_length])
    return np.array(forecast)


def windows_of(values: np.ndarray, context: int = 24, horizon: int = 6) -> Windows:
    return Windows(
        values=values.astype(np.float32), starts=np.array([context]),
        counts=np.array([len(values) - context - horizon + 1]), floors=np.array([0]), stride=1, context_length=context,
        horizon=horizon, n_targets=values.shape[1], normalisation="none", padded=False,
    )  # fmt: skip


@pytest.mark.parametrize("horizon", [1, 3, 7])
def test_the_last_value_is_repeated(horizon: int) -> None:
    assert (np.array([5.0, 1, 2]) @ last_value_kernel(3, horizon)).tolist() == [2] * horizon


@pytest.mark.parametrize(("season", "horizon"), [(1, 3), (2, 5), (3, 3), (4, 2), (5, 12)])
def test_the_last_season_is_repeated_as_often_as_the_horizon_asks(season: int, horizon: int) -> None:
    values = np.random.default_rng(0).normal(size=5)
    repeated = np.tile(values[-season:], horizon)[:horizon]
    assert values @ seasonal_kernel(5, horizon, season_length=season) == pytest.approx(repeated)


@settings(max_examples=100, deadline=None)
@given(st.integers(1, 6), st.integers(0, 20), st.integers(1, 15), SHARES, SHARES, st.floats(0.01, 1), SHARES)
def test_the_kernel_does_what_the_recursion_does(
    season: int, more: int, horizon: int, alpha: float, beta: float, gamma: float, phi: float
) -> None:
    values = np.random.default_rng(more).normal(size=season + more)
    how = {"season_length": season, "alpha": alpha, "beta": beta, "gamma": gamma, "phi": phi}
    forecast = values @ smoothing_kernel(len(values), horizon, **how)
    # Where the context ends within a season, the next step's season is the one seen a season before it.
    expected = holt_winters(values, horizon, **how)
    np.testing.assert_allclose(forecast, expected, rtol=1e-4, atol=1e-4 * (1 + np.abs(expected).max()))


@settings(max_examples=50, deadline=None)
@given(st.integers(1, 30), st.integers(1, 9), SHARES, SHARES, SHARES)
def test_without_gamma_the_season_plays_no_part(
    context: int, horizon: int, alpha: float, beta: float, phi: float
) -> None:
    values = np.random.default_rng(context).normal(size=context)
    how = {"alpha": alpha, "beta": beta, "gamma": 0.0, "phi": phi}
    kernel = smoothing_kernel(context, horizon, season_length=4, **how)
    expected = holt_winters(values, horizon, season_length=1, **how)
    np.testing.assert_allclose(values @ kernel, expected, rtol=1e-4, atol=1e-4 * (1 + np.abs(expected).max()))


@pytest.mark.parametrize("phi", [0.9, 1.0])
def test_following_every_value_without_a_trend_is_the_naive_forecast(phi: float) -> None:
    kernel = smoothing_kernel(9, 4, season_length=1, alpha=1.0, beta=0.0, gamma=0.0, phi=phi)
    np.testing.assert_array_equal(kernel, last_value_kernel(9, 4))


@pytest.mark.parametrize("alpha", [0.2, 0.6, 1.0])
@pytest.mark.parametrize("beta", [0.15, 0.4])
def test_a_straight_line_is_continued_where_the_trend_is_not_damped(alpha: float, beta: float) -> None:
    line = 3 + 0.5 * np.arange(406)
    kernel = smoothing_kernel(400, 6, season_length=1, alpha=alpha, beta=beta, gamma=0.0, phi=1.0)
    assert line[:400] @ kernel == pytest.approx(line[400:], abs=1e-3)


def test_a_damped_trend_grows_ever_more_slowly() -> None:
    forecast = np.arange(400) @ smoothing_kernel(400, 9, season_length=1, alpha=1.0, beta=0.4, gamma=0.0, phi=0.9)
    steps = np.diff(forecast)
    assert (steps > 0).all()
    assert steps[1:] / steps[:-1] == pytest.approx(np.full(7, 0.9), abs=1e-3)


@pytest.mark.parametrize("season", [2, 4, 7])
@pytest.mark.parametrize("rest", [0, 1])
def test_a_perfectly_seasonal_series_is_repeated_exactly(season: int, rest: int) -> None:
    series = np.tile(np.random.default_rng(season).normal(size=season), 12)
    context = 5 * season + rest
    kernel = smoothing_kernel(context, 2 * season, season_length=season, alpha=0.3, beta=0.05, gamma=0.25, phi=0.9)
    assert series[:context] @ kernel == pytest.approx(series[context : context + 2 * season], abs=1e-5)


@settings(max_examples=50, deadline=None)
@given(st.integers(1, 6), SHARES, SHARES, SHARES, st.floats(-1e3, 1e3))
def test_a_constant_is_continued_whatever_the_parameters(
    season: int, alpha: float, beta: float, gamma: float, constant: float
) -> None:
    kernel = smoothing_kernel(12, 5, season_length=season, alpha=alpha, beta=beta, gamma=gamma, phi=0.9)
    assert np.full(12, constant) @ kernel == pytest.approx(np.full(5, constant), rel=1e-4, abs=1e-6)


def test_the_best_smoothing_of_each_target_fits_that_target() -> None:
    rng, rows = np.random.default_rng(0), 300
    walk = rng.normal(size=rows).cumsum()
    level = 5 + rng.normal(size=rows)
    season = np.tile([0.0, 3, -2, 8], rows // 4) + 0.1 * rng.normal(size=rows)
    windows = windows_of(np.stack([walk, level, season], axis=1))
    batch = windows.batch(np.arange(len(windows)))
    errors = [
        np.abs(batch.inputs[..., k] @ kernel - batch.targets[..., k]).mean()
        for k, kernel in enumerate(best_smoothing(windows, season_length=4))
    ]
    naive = [np.abs(batch.inputs[:, -1:, k] - batch.targets[..., k]).mean() for k in range(3)]
    assert errors[0] <= naive[0]
    assert errors[1] < 0.8 * naive[1]
    assert errors[2] < 0.1 * naive[2]


def theta(values: np.ndarray, horizon: int, *, season_length: int, alpha: float) -> np.ndarray:
    """The Theta method as its second paper writes it, value by value."""
    line = np.polynomial.Polynomial.fit(range(len(values)), values, 1).convert(domain=[-1, 1])
    above = values - line(np.arange(len(values)))
    seasons = np.array([above[phase::season_length].mean() for phase in range(season_length)])
    seasons -= seasons.mean()
    adjusted = [value - seasons[t % season_length] for t, value in enumerate(values)]
    slope = np.polynomial.Polynomial.fit(range(len(values)), adjusted, 1).convert(domain=[-1, 1]).coef[1]
    level, n = adjusted[0], len(values)
    for value in adjusted[1:]:
        level += alpha * (value - level)
    drift = [h - 1 + (1 - (1 - alpha) ** n) / alpha for h in range(1, horizon + 1)]
    return np.array([level + slope / 2 * d + seasons[(n + h) % season_length] for h, d in enumerate(drift)])


@settings(max_examples=100, deadline=None)
@given(st.integers(1, 6), st.integers(2, 20), st.integers(1, 15), st.floats(0.02, 1))
def test_the_theta_kernel_does_what_the_recursion_does(season: int, more: int, horizon: int, alpha: float) -> None:
    values = np.random.default_rng(more).normal(size=season + more)
    forecast = values @ theta_kernel(len(values), horizon, season_length=season, alpha=alpha)
    expected = theta(values, horizon, season_length=season, alpha=alpha)
    np.testing.assert_allclose(forecast, expected, rtol=1e-4, atol=1e-4 * (1 + np.abs(expected).max()))


@pytest.mark.parametrize("season", [1, 4])
def test_theta_follows_a_line_at_half_its_slope_and_a_season_in_full(season: int) -> None:
    wave = np.tile([3.0, -1.0, 0.0, -2.0], 10)[: 24 if season == 4 else 0]
    steps = np.arange(24)
    values = 2.0 * steps + (wave if season == 4 else 0)
    ahead = values @ theta_kernel(24, 8, season_length=season, alpha=1.0)
    assert np.diff(ahead[::season]) == pytest.approx(np.full(8 // season - 1, season * 1.0), abs=0.1)
    if season == 4:
        assert ahead[0] - ahead[1] == pytest.approx(4 - 1, abs=0.3)


def test_the_best_theta_is_chosen_per_target() -> None:
    rng = np.random.default_rng(1)
    walk, noise = rng.normal(size=400).cumsum(), rng.normal(size=400)
    kernels = best_theta(windows_of(np.stack([walk, noise], axis=1)), season_length=1)
    last = kernels[:, -1, 0]  # how much the newest value counts
    assert last[0] > 0.7
    assert last[1] < 0.3
