"""Smoothing as matrices: what they do to a window is what its recursions do."""

from dataclasses import replace
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from lstm_forecast.model.linear.methods import best_kernel, holt_winters, last_value_kernel, theta
from lstm_forecast.model.linear.smoothing import Smoothing, fit_smoothing, most_numbers
from lstm_forecast.windows.channels import Channels
from lstm_forecast.windows.framing import Framing
from lstm_forecast.windows.windows import Windows

SHARES = st.floats(0, 1)


def textbook_holt_winters(
    values: np.ndarray,
    horizon: int,
    *,
    season_length: int,
    alpha: float,
    beta: float,
    gamma: float,
    phi: float,
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
        forecast.append(
            level + damped * trend + seasons[-season_length:][(step - 1) % season_length]
        )
    return np.array(forecast)


@settings(max_examples=100, deadline=None)
@given(
    st.integers(2, 6),
    st.integers(1, 20),
    st.integers(1, 15),
    SHARES,
    SHARES,
    st.floats(0.01, 1),
    SHARES,
)
def test_holt_winters_does_what_its_recursion_does(
    season: int, more: int, horizon: int, alpha: float, beta: float, gamma: float, phi: float
) -> None:
    values = np.random.default_rng(more).normal(size=season + more)
    how = {"season_length": season, "alpha": alpha, "beta": beta, "gamma": gamma, "phi": phi}
    method = holt_winters(len(values), horizon, **how)
    # Where the window ends within a season, the next step's season is the one seen a season before
    # it.
    assert_close(values @ method.forecast, textbook_holt_winters(values, horizon, **how))
    assert_one_step_errors(
        values, method.errors, season, lambda seen: textbook_holt_winters(seen, 1, **how)
    )


@settings(max_examples=50, deadline=None)
@given(st.integers(2, 30), st.integers(1, 9), SHARES, SHARES, SHARES, SHARES)
def test_without_a_season_gamma_plays_no_part(
    length: int, horizon: int, alpha: float, beta: float, gamma: float, phi: float
) -> None:
    values = np.random.default_rng(length).normal(size=length)
    how = {"season_length": 1, "alpha": alpha, "beta": beta, "phi": phi}
    method = holt_winters(length, horizon, gamma=gamma, **how)
    assert_close(values @ method.forecast, textbook_holt_winters(values, horizon, gamma=0.0, **how))


def assert_close(found: np.ndarray, expected: np.ndarray) -> None:
    np.testing.assert_allclose(found, expected, rtol=1e-6, atol=1e-6 * (1 + np.abs(expected).max()))


def assert_one_step_errors(
    values: np.ndarray, errors: np.ndarray, first: int, forecast: Any
) -> None:
    """Every error is that of the forecast from the values before; ``errors`` as of a Method."""
    found = values @ errors
    assert not found[:first].any()
    expected = [values[t] - forecast(values[:t])[0] for t in range(first, len(values))]
    assert_close(found[first:], np.array(expected))


@pytest.mark.parametrize("phi", [0.9, 1.0])
def test_following_every_value_without_a_trend_is_the_naive_forecast(phi: float) -> None:
    method = holt_winters(9, 4, season_length=1, alpha=1.0, beta=0.0, gamma=0.0, phi=phi)
    np.testing.assert_array_equal(method.forecast, last_value_kernel(9, 4))


@pytest.mark.parametrize("alpha", [0.2, 0.6, 1.0])
@pytest.mark.parametrize("beta", [0.15, 0.4])
def test_a_straight_line_is_continued_where_the_trend_is_not_damped(
    alpha: float, beta: float
) -> None:
    line = 3 + 0.5 * np.arange(406)
    method = holt_winters(400, 6, season_length=1, alpha=alpha, beta=beta, gamma=0.0, phi=1.0)
    assert line[:400] @ method.forecast == pytest.approx(line[400:], abs=1e-3)


def test_a_damped_trend_grows_ever_more_slowly() -> None:
    method = holt_winters(400, 9, season_length=1, alpha=1.0, beta=0.4, gamma=0.0, phi=0.9)
    steps = np.diff(np.arange(400) @ method.forecast)
    assert (steps > 0).all()
    assert steps[1:] / steps[:-1] == pytest.approx(np.full(7, 0.9), abs=1e-3)


@pytest.mark.parametrize("season", [2, 4, 7])
@pytest.mark.parametrize("rest", [0, 1])
def test_a_perfectly_seasonal_series_is_repeated_exactly(season: int, rest: int) -> None:
    series = np.tile(np.random.default_rng(season).normal(size=season), 12)
    length = 5 * season + rest
    method = holt_winters(
        length, 2 * season, season_length=season, alpha=0.3, beta=0.05, gamma=0.25, phi=0.9
    )
    assert series[:length] @ method.forecast == pytest.approx(
        series[length : length + 2 * season], abs=1e-5
    )


def textbook_theta(
    values: np.ndarray, horizon: int, *, season_length: int, alpha: float
) -> np.ndarray:
    """The Theta method as its second paper writes it, value by value."""
    line = np.polynomial.Polynomial.fit(range(len(values)), values, 1).convert(domain=[-1, 1])
    above = values - line(np.arange(len(values)))
    seasons = np.array([above[phase::season_length].mean() for phase in range(season_length)])
    seasons -= seasons.mean()
    adjusted = [value - seasons[t % season_length] for t, value in enumerate(values)]
    slope = (
        np.polynomial.Polynomial.fit(range(len(values)), adjusted, 1)
        .convert(domain=[-1, 1])
        .coef[1]
    )
    level, n = adjusted[0], len(values)
    for value in adjusted[1:]:
        level += alpha * (value - level)
    drift = [h - 1 + (1 - (1 - alpha) ** n) / alpha for h in range(1, horizon + 1)]
    return np.array(
        [level + slope / 2 * d + seasons[(n + h) % season_length] for h, d in enumerate(drift)]
    )


@settings(max_examples=100, deadline=None)
@given(st.integers(1, 6), st.integers(2, 20), st.integers(1, 15), st.floats(0.02, 1))
def test_theta_does_what_its_recursion_does(
    season: int, more: int, horizon: int, alpha: float
) -> None:
    values = np.random.default_rng(more).normal(size=season + more)
    method = theta(len(values), horizon, season_length=season, alpha=alpha)
    assert_close(
        values @ method.forecast, textbook_theta(values, horizon, season_length=season, alpha=alpha)
    )


def test_theta_errs_nowhere_on_half_a_line_and_a_season() -> None:
    wave = np.tile([3.0, -1, 0, -2], 6)
    method = theta(24, 4, season_length=4, alpha=1.0)
    # its line is not quite level
    assert wave @ method.errors == pytest.approx(np.zeros(24), abs=0.8)
    errors = 2.0 * np.arange(24) @ theta(24, 4, season_length=1, alpha=1.0).errors
    assert errors[1:] == pytest.approx(np.ones(23))  # it drifts by half of the slope of 2


@pytest.mark.parametrize("season", [1, 4])
def test_theta_follows_a_line_at_half_its_slope_and_a_season_in_full(season: int) -> None:
    wave = np.tile([3.0, -1.0, 0.0, -2.0], 6) if season == 4 else np.zeros(24)
    ahead = (2.0 * np.arange(24) + wave) @ theta(24, 8, season_length=season, alpha=1.0).forecast
    assert np.diff(ahead[::season]) == pytest.approx(
        np.full(8 // season - 1, season * 1.0), abs=0.1
    )
    if season == 4:
        assert ahead[0] - ahead[1] == pytest.approx(4 - 1, abs=0.3)


def test_the_best_kernel_of_every_target_fits_that_target() -> None:
    values = np.stack([values[:1].ravel() for values in kinds(1, 300).values()], axis=1)
    windows = replace(
        windows_of(values[None, :, 0], context=24),
        values=values.astype(np.float32),
        channels=Channels(n_targets=4),
    )
    batch = windows.batch(np.arange(len(windows)))
    own, targets = batch.inputs.transpose(2, 0, 1), batch.targets.transpose(2, 0, 1)
    kernels = best_kernel(windows, season_length=4)
    for k, (kind, most) in enumerate(MOST.items()):
        relative = error(own[k] @ kernels[k], targets[k]) / error(own[k, :, -1:], targets[k])
        assert relative < most, kind


# Weighted in the window


def windows_of(
    values: np.ndarray, *, context: int, horizon: int = 6, padded: bool = False
) -> Windows:
    """Of several series (n, rows) one after another, every window of each."""
    n, rows = values.shape
    starts = np.arange(n) * rows
    return Windows(
        values=values.reshape(-1, 1).astype(np.float32), starts=starts + (3 if padded else context),
        counts=np.full(n, rows - horizon + 1 - (3 if padded else context)), floors=starts,
        framing=Framing(context_length=context, horizon=horizon),
        channels=Channels(n_targets=1, padded=padded),
    )  # fmt: skip


def plain(length: int, *, season: int = 1, padded: bool = False) -> Smoothing:
    """As it is where nothing is known of other windows."""
    nothing = windows_of(np.zeros((1, length + 6)), context=length, padded=padded)
    return fit_smoothing(replace(nothing, counts=np.array([0])), season_length=season)


def smoothed(
    values: np.ndarray, smoothing: Smoothing | None = None, *, season: int = 1
) -> np.ndarray:
    own = np.atleast_2d(values).astype(np.float32)
    return (smoothing or plain(own.shape[1], season=season)).predict(own[None], np.ones_like(own))[
        0
    ]


def error(forecast: np.ndarray, actual: np.ndarray) -> float:
    return float(np.abs(forecast - actual).mean())


def kinds(n: int, rows: int) -> dict[str, np.ndarray]:
    rng, steps = np.random.default_rng(0), np.arange(rows)
    return {
        "walk": rng.normal(size=(n, rows)).cumsum(axis=1),
        "level": 5 + rng.normal(size=(n, rows)),
        "season": np.array([0.0, 3, -2, 8])[steps % 4] + 0.1 * rng.normal(size=(n, rows)),
        "trend": 0.5 * steps + 0.1 * rng.normal(size=(n, rows)),
    }


# error, relative to that of the last value
MOST = {"walk": 1.1, "level": 0.8, "season": 0.1, "trend": 0.5}


@pytest.mark.parametrize("kind", MOST)
def test_every_window_gets_the_methods_that_suit_it(kind: str) -> None:
    values = kinds(200, 46)[kind]
    found = smoothed(values[:, :40], season=4)
    assert error(found, values[:, 40:]) < MOST[kind] * error(values[:, 39:40], values[:, 40:])


@pytest.mark.parametrize("kind", MOST)
def test_what_other_windows_tell_makes_forecasts_better(kind: str) -> None:
    values, others = np.split(kinds(200, 46)[kind], 2)
    fitted = fit_smoothing(windows_of(others, context=12), season_length=4)
    without, informed = smoothed(values[:, 28:40], season=4), smoothed(values[:, 28:40], fitted)
    assert error(informed, values[:, 40:]) < 1.01 * error(without, values[:, 40:])
    if kind == "walk":
        assert error(informed, values[:, 40:]) < 1.02 * error(values[:, 39:40], values[:, 40:])


@settings(max_examples=50, deadline=None)
@given(
    st.integers(3, 60),
    st.integers(1, 8),
    st.floats(-10, 10),
    st.floats(1e-3, 1e3),
    st.integers(0, 99),
)
def test_a_window_that_is_shifted_and_scaled_is_forecast_shifted_and_scaled(
    length: int, season: int, shift: float, scale: float, seed: int
) -> None:
    values = np.random.default_rng(seed).normal(size=length).cumsum()
    before, after = (
        smoothed(values, season=season),
        smoothed(scale * (shift + values), season=season),
    )
    np.testing.assert_allclose(after, scale * (shift + before), rtol=0, atol=1e-2 * scale)


@settings(max_examples=50, deadline=None)
@given(st.integers(1, 30), st.integers(1, 6), st.floats(-1e6, 1e6))
def test_a_constant_is_continued(length: int, season: int, constant: float) -> None:
    forecast = smoothed(np.full(length, constant), season=season)
    assert forecast[0] == pytest.approx(np.full(6, constant), rel=1e-4, abs=1e-6)


@pytest.mark.parametrize("observed", [1, 2, 3, 7, 20, 24])
def test_a_padded_window_is_forecast_from_observed_steps_alone(observed: int) -> None:
    values = np.random.default_rng(0).normal(size=(5, 24)).astype(np.float32)
    smoothing = plain(24, season=4, padded=True)
    flags = np.broadcast_to((np.arange(24) >= 24 - observed).astype(np.float32), values.shape)
    found, noisy = (
        smoothing.predict(own[None], flags)
        for own in (values * flags, np.where(flags > 0, values, 1e6))
    )
    np.testing.assert_array_equal(found, noisy)
    looked_at = max(
        (group.length for group in smoothing.groups if group.length <= observed), default=1
    )
    assert looked_at >= min(observed, 0.75 * observed - 1)
    np.testing.assert_allclose(found[0], smoothed(values[:, -looked_at:], season=4), atol=1e-6)


@pytest.mark.parametrize(("context_length", "season"), [(5, 1), (100, 7), (1000, 48), (60, 12)])
def test_the_numbers_of_a_smoothing_are_bounded_by_what_is_foretold(
    context_length: int, season: int
) -> None:
    groups = plain(context_length, season=season, padded=True).groups
    numbers = sum(group.errors.size + group.forecasts.size for group in groups)
    assert numbers <= most_numbers(context_length, 6, season_length=season) <= 10 * numbers + 1000
