"""Seasons that the values themselves show."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from lstm_forecast.panel.seasons import autocorrelation, strongest_season


@settings(max_examples=40, deadline=None)
@given(st.integers(2, 80), st.integers(1, 60), st.integers(0, 9))
def test_autocorrelations_are_what_their_definition_says(rows: int, lags: int, seed: int) -> None:
    values = np.random.default_rng(seed).normal(size=rows)
    values[: seed % 3] = np.nan
    change = np.diff(values)
    change = (
        np.nan_to_num(change - np.nanmean(change))
        if np.isfinite(change).any()
        else np.zeros_like(change)
    )
    power = change @ change
    expected = [
        change[lag:] @ change[:-lag] / power if 0 < lag < len(change) and power else 0
        for lag in range(1, lags + 1)
    ]
    assert autocorrelation(values, lags) == pytest.approx(expected, abs=1e-9)


@pytest.mark.parametrize("period", [5, 12, 24])
def test_the_period_of_a_pattern_is_found_in_noise(period: int) -> None:
    rng = np.random.default_rng(0)
    values = np.resize(rng.normal(size=period), 400) + 0.3 * rng.normal(size=400)
    found, strength = strongest_season(values, np.array([0]), np.array([400]))
    assert (found, strength > 0.3) == (period, True)


def test_white_noise_has_no_season() -> None:
    values = np.random.default_rng(1).normal(size=400)
    assert strongest_season(values, np.array([0]), np.array([400])) == (1, 0.0)
