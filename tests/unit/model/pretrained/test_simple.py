"""The simple forecasts, each against its definition written value by value, and the laws that all
of them obey.
"""

from collections.abc import Sequence
from math import exp, expm1

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from lstm_forecast.model.pretrained.season import Season
from lstm_forecast.model.pretrained.simple import SIMPLE, Past

SEASONAL = SIMPLE[SIMPLE.index("seasonal naive") :]
LEADS = np.arange(1, 15)
LENGTH = 32
SEEDS = st.integers(0, 2**32)
SEASONS = st.sampled_from([Season(1), Season(4), Season(5, 10), Season(3, 8), Season(40)])
Values = Sequence[float | None]


def series(seed: int, *, missing: float = 0.2, level: float = 0.0) -> np.ndarray:
    """A random series (LENGTH,), NaN where missing, but for its first value."""
    rng = np.random.default_rng(seed)
    values = rng.normal(level, 1, LENGTH)
    values[rng.random(LENGTH) < missing] = np.nan
    values[0] = level + rng.normal()
    return values


def past_of(values: np.ndarray, season: Season, *, zero: float | None = 0.0) -> Past:
    """Windows (n, length), looked at from several steps; with None nobody knows where 0 lies."""
    rows = np.atleast_2d(values)
    ends = np.array([1, 7, 16, rows.shape[1] - 1])
    observed = (~np.isnan(rows)).astype(np.float32)
    filled = np.nan_to_num(rows).astype(np.float32)
    zeros = None if zero is None else np.full(len(rows), zero, np.float32)
    return Past(filled, observed, zeros, season, ends)


def forecasts(
    values: np.ndarray, season: Season, *, zero: float | None = 0.0
) -> dict[str, np.ndarray]:
    """By name, (n_ends, n_leads) for one series."""
    (found,) = past_of(values, season, zero=zero).forecasts(LEADS)
    return {name: found[:, number] for number, name in enumerate(SIMPLE)}


# What follows are the definitions: of a list that ends at the cutoff, None where missing.


def discounted(values: Values, kept: float) -> float:
    newest_first = [(kept**age, value) for age, value in enumerate(reversed(values))]
    known = [(weight, value) for weight, value in newest_first if value is not None]
    return sum(w * v for w, v in known) / sum(w for w, _ in known) if known else 0.0


def differences(values: Values, others: Values) -> list[float | None]:
    pairs = zip(values, others, strict=True)
    return [None if a is None or b is None else a - b for a, b in pairs]


def damped(lead: int, kept: float) -> float:
    return sum(kept**step for step in range(1, lead + 1))


def sides(values: Values, zero: float) -> bool:
    known = [value - zero for value in values if value is not None]
    return min(known) > 0 or max(known) < 0


def without_season(values: Values, zero: float, lead: int) -> dict[str, float]:
    places = [k for k, value in enumerate(values) if value is not None]
    first, last = values[places[0]], values[places[-1]]
    drift = lead * (last - first) / max(places[-1] - places[0], 1)
    changes = differences(values, [None, *values[:-1]])
    trend = discounted(changes, 0.7) * damped(lead, 0.9)
    size = discounted(values, 0.9) - zero
    rate = discounted(changes, 0.9) / size
    grown = min(max(rate * damped(lead, 0.95), -1.5), 1.5)
    return {
        "last value": last,
        "smoothing .5": discounted(values, 0.5),
        "smoothing .2": discounted(values, 0.8),
        "smoothing .03": discounted(values, 0.97),
        "mean": discounted(values, 1),
        "drift": last + drift,
        "damped trend": last + trend,
        "half drift": last + drift / 2,
        "damped growth": last + ((last - zero) * expm1(grown) if sides(values, zero) else trend),
    }


def pattern(values: Values, step: int, period: int, seasons: int) -> float | None:
    """The mean of so many values whole periods before a step, each of .7 of the weight of the one
    after it.
    """
    known = [
        (0.7**back, values[step - period * (back + 1)])
        for back in range(seasons)
        if 0 <= step - period * (back + 1) < len(values)
    ]
    known = [(weight, value) for weight, value in known if value is not None]
    return sum(w * v for w, v in known) / sum(w for w, _ in known) if known else None


def with_season(values: Values, zero: float, lead: int, season: Season) -> dict[str, float]:
    plain = without_season(values, zero, lead)
    last, half = plain["last value"], plain["half drift"] - plain["last value"]
    slow = exp(-1 / max(season.period, 4))
    second = season.second or season.period

    def forecast(
        period: int, seasons: int, kept: float, *, how: str = "plus", more: float = 0.0
    ) -> float:
        seasons = min(seasons, max(season.context_length // period, 1))
        ahead = pattern(values, len(values) + (lead - 1) % period, period, seasons)
        if ahead is None:
            return last + more
        fitted = [pattern(values, step, period, seasons) for step in range(len(values))]
        errors = differences(values, fitted)
        level = discounted(errors, kept)
        if how == "times" and sides(values, zero):
            of_errors = [None if e is None else f for e, f in zip(errors, fitted, strict=True)]
            size = discounted(of_errors, kept) - zero
            factor = (ahead - zero) / (size if abs(size) > 1e-6 else 1)
            return ahead + level * min(max(factor, 0), 4)
        parts = {"plain": 0, "plus": level, "times": level}
        parts["drift"] = level * ((lead - 1) // period + 1)
        return ahead + parts[how] + more

    one = season.period
    return {
        "seasonal naive": forecast(one, 1, 1, how="plain"),
        "seasonal drift": forecast(one, 1, 0.9, how="drift"),
        "seasonal naive + level": forecast(one, 1, 0.5),
        "seasons + level .4": forecast(one, 6, 0.6),
        "seasons + level of a season": forecast(one, 6, slow),
        "seasons x level of a season": forecast(one, 6, slow, how="times"),
        "seasons + level .4 + half drift": forecast(one, 6, 0.6, more=half),
        "second season": forecast(second, 1, 1, how="plain"),
        "second seasons + level .2": forecast(second, 6, 0.8),
        "second seasons + level of a season": forecast(second, 6, slow),
        "second seasons x level of a season": forecast(second, 6, slow, how="times"),
    }


@settings(max_examples=60, deadline=None)
@given(SEEDS, SEASONS, st.sampled_from([0.0, -4.0, 4.0]), st.sampled_from([0.0, 0.3, 0.8]))
def test_each_does_what_its_definition_says(
    seed: int, season: Season, zero: float, missing: float
) -> None:
    values = series(seed, missing=missing)
    found = forecasts(values, season, zero=zero)
    for number, end in enumerate(past_of(values, season).ends):
        seen = [None if np.isnan(value) else float(value) for value in values[: end + 1]]
        for lead in LEADS:
            expected = without_season(seen, zero, lead) | with_season(seen, zero, lead, season)
            assert tuple(expected) == SIMPLE
            for name, value in expected.items():
                assert found[name][number, lead - 1] == pytest.approx(value, rel=2e-3, abs=2e-3)


ADDED = {
    "damped growth": "damped trend",
    "seasons x level of a season": "seasons + level of a season",
    "second seasons x level of a season": "second seasons + level of a season",
}  # instead of what multiplies


@settings(max_examples=30, deadline=None)
@given(SEEDS, SEASONS, st.sampled_from([0.0, 6.0]))
def test_where_nobody_knows_of_0_what_multiplies_is_what_adds(
    seed: int, season: Season, level: float
) -> None:
    values = series(seed, level=level)
    known, unknown = forecasts(values, season), forecasts(values, season, zero=None)
    for name in SIMPLE:
        expected = unknown[ADDED[name]] if name in ADDED else known[name]
        np.testing.assert_array_equal(unknown[name], expected)


def test_0_matters_to_what_multiplies() -> None:
    values = series(0, level=6.0)
    known, unknown = (forecasts(values, Season(4), zero=zero) for zero in (0.0, None))
    for name in ADDED:
        assert np.abs(known[name] - unknown[name]).max() > 0.01


@settings(max_examples=30, deadline=None)
@given(st.floats(-5, 5, width=32), SEASONS, st.sampled_from([0.0, -7.0, 7.0, None]))
def test_a_constant_series_goes_on_as_it_is(
    value: float, season: Season, zero: float | None
) -> None:
    for each in forecasts(np.full(LENGTH, value), season, zero=zero).values():
        np.testing.assert_allclose(each, value, rtol=1e-5, atol=1e-5)


@settings(max_examples=30, deadline=None)
@given(SEEDS, st.sampled_from([Season(4), Season(5, 10), Season(3)]), st.booleans())
def test_a_pattern_that_repeats_is_continued_by_all_that_know_the_season(
    seed: int, season: Season, positive: bool
) -> None:
    one = np.random.default_rng(seed).normal(5 * positive, 1, season.period)
    endless = np.tile(one, 40)
    found = forecasts(endless[:LENGTH], season)
    ends = past_of(endless[:LENGTH], season).ends
    expected = endless[ends[:, None] + LEADS]
    whole = ends >= 2 * (season.second or season.period) - 1
    for name in SEASONAL:
        if "drift" not in name or name == "seasonal drift":
            np.testing.assert_allclose(found[name][whole], expected[whole], rtol=1e-4, atol=1e-4)


@settings(max_examples=50, deadline=None)
@given(SEEDS, SEASONS, st.floats(0.1, 10), st.floats(-5, 5), st.sampled_from([0.0, -6.0, 6.0]))
def test_units_play_no_part(
    seed: int, season: Season, scale: float, shift: float, zero: float
) -> None:
    values = series(seed)
    found = forecasts(values, season, zero=zero)
    moved = forecasts(values * scale + shift, season, zero=zero * scale + shift)
    for name in SIMPLE:
        expected = found[name] * scale + shift
        np.testing.assert_allclose(moved[name], expected, rtol=1e-3, atol=1e-3 * scale + 1e-4)


@settings(max_examples=50, deadline=None)
@given(SEEDS, SEASONS, st.sampled_from([0.0, -6.0, 6.0]))
def test_the_mirror_image_is_forecast_as_the_mirror_image(
    seed: int, season: Season, zero: float
) -> None:
    values = series(seed)
    found, mirrored = forecasts(values, season, zero=zero), forecasts(-values, season, zero=-zero)
    for name in SIMPLE:
        np.testing.assert_array_equal(mirrored[name], -found[name])


@settings(max_examples=30, deadline=None)
@given(SEEDS, SEASONS)
def test_what_comes_after_a_cutoff_changes_nothing(seed: int, season: Season) -> None:
    values = series(seed)
    other = values.copy()
    other[17:] = np.random.default_rng(seed).normal(50, 9, LENGTH - 17)
    before, after = forecasts(values, season), forecasts(other, season)
    for name in SIMPLE:
        np.testing.assert_array_equal(after[name][:3], before[name][:3])


def assert_equal_rows(one: np.ndarray, other: np.ndarray) -> None:
    np.testing.assert_allclose(one, other, rtol=1e-5, atol=1e-6)


@pytest.mark.parametrize("season", [Season(1), Season(5, 10)], ids=str)
def test_series_play_no_part_in_each_other(season: Season) -> None:
    rows = np.stack([series(seed) for seed in range(6)])
    together = past_of(rows, season).forecasts(LEADS)
    for row, found in zip(rows, together, strict=True):
        assert_equal_rows(past_of(row, season).forecasts(LEADS)[0], found)


def test_a_series_without_a_value_is_forecast_as_0() -> None:
    for each in forecasts(np.full(LENGTH, np.nan), Season(4)).values():
        assert not each.any()


def test_the_newest_value_is_the_last_one_observed() -> None:
    values = np.full(LENGTH, np.nan)
    values[3], values[9] = 5, 7
    past = past_of(values, Season(4))
    assert past.newest[0, [0, 3, 8, 9, LENGTH - 1]].tolist() == [-1, 3, 3, 9, 9]
    assert past.last[0].tolist() == [0, 5, 7, 7]
