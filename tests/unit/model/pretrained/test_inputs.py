"""What the network sees: nothing of the future, nothing of padding, and finite numbers always."""

from dataclasses import fields

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from lstm_forecast.model.pretrained.inputs import (
    COUNT,
    LARGEST,
    N_CUT,
    N_SCALARS,
    N_STEP,
    Inputs,
    inputs_of,
    standardised_windows,
)
from lstm_forecast.model.pretrained.season import HORIZON, LAGS, STEPS, Season
from lstm_forecast.model.pretrained.simple import SIMPLE, Past

SEASONS = [Season(1), Season(7), Season(12), Season(24, 168), Season(52), Season(7, 365)]
SEEDS = st.integers(0, 2**32)
LAST = np.array([STEPS - 1])
# Numbers of recurrent steps whose windows end within one of the seasons that are averaged.
PARTIAL = [(Season(52), 6), (Season(24, 168), 20), (Season(48, 336), 5)]


def windows(season: Season, n: int = 8, *, seed: int = 0, missing: float = 0.0) -> np.ndarray:
    """Random windows with a season, (n, context_length)."""
    rng = np.random.default_rng(seed)
    length = season.context_length
    values = (
        rng.normal(3, 1, (n, length))
        + np.tile(rng.normal(0, 2, season.period), -(-length // season.period))[:length]
    )
    values[rng.random(values.shape) < missing] = np.nan
    return values


def inputs(
    values: np.ndarray, season: Season, cuts: np.ndarray = LAST, *, known: bool = True
) -> Inputs:
    """Of windows of which it is ``known`` or not where 0 lies."""
    scaled, seen, zero, _, _ = standardised_windows(values)
    return inputs_of(Past(scaled, seen, zero if known else None, season, season.ends), cuts)


def arrays(found: Inputs) -> dict[str, np.ndarray]:
    return {field.name: getattr(found, field.name) for field in fields(found)}


@pytest.mark.parametrize("season", SEASONS, ids=str)
def test_shapes_are_those_that_the_network_has(season: Season) -> None:
    found = inputs(windows(season, 3), season, np.array([4, STEPS - 1]))
    shapes = {name: array.shape for name, array in arrays(found).items()}
    assert shapes == {
        "steps": (3, STEPS, N_STEP),
        "cuts": (3, 2, N_CUT),
        "simple": (3, 2, len(SIMPLE), HORIZON),
        "last": (3, 2),
        "scale": (3, 2),
    }


@settings(max_examples=15, deadline=None)
@given(SEEDS, st.sampled_from(SEASONS), st.integers(1, STEPS - 1), st.booleans())
def test_what_comes_after_a_cutoff_changes_nothing_up_to_it(
    seed: int, season: Season, step: int, gaps: bool
) -> None:
    rng = np.random.default_rng(seed)
    scaled, seen, zero, _, _ = standardised_windows(windows(season, seed=seed, missing=0.2 * gaps))
    other, other_seen = scaled.copy(), seen.copy()
    after = season.ends[step] + 1
    other[:, after:] = rng.normal(9, 50, other[:, after:].shape)
    other_seen[:, after:] = rng.random(other[:, after:].shape) < 0.5
    other *= other_seen
    cuts = np.array([step - 1, step])
    found, changed = (
        inputs_of(Past(*each, zero, season, season.ends), cuts)
        for each in ((scaled, seen), (other, other_seen))
    )
    np.testing.assert_array_equal(changed.steps[:, : step + 1], found.steps[:, : step + 1])
    for name in ("cuts", "simple", "last", "scale"):
        np.testing.assert_array_equal(arrays(changed)[name], arrays(found)[name])


def assert_padding_plays_no_part(season: Season, n_steps: int) -> None:
    """Histories that begin within the first of the last ``n_steps`` are seen as the same with the
    steps before them and without.
    """
    length = season.ends[n_steps - 1] + 1
    values = windows(season, 20, seed=n_steps, missing=0.05)
    begin = season.context_length - length + LAGS - season.stride
    for number, row in enumerate(values):
        row[: begin + number % season.stride] = np.nan
        row[begin + number % season.stride] = 1.0
    scaled, seen, zero, _, _ = standardised_windows(values)
    padded = inputs_of(Past(scaled, seen, zero, season, season.ends), LAST)
    short = Past(scaled[:, -length:], seen[:, -length:], zero, season, season.ends[:n_steps])
    found = inputs_of(short, np.array([n_steps - 1]))
    np.testing.assert_allclose(found.steps, padded.steps[:, -n_steps:], rtol=1e-4, atol=2e-5)
    assert (padded.steps[:, : STEPS - n_steps, COUNT] == 0).all()
    assert (padded.steps[:, STEPS - n_steps :, COUNT] > 0).all()
    for name in ("cuts", "simple", "last", "scale"):
        np.testing.assert_allclose(
            arrays(found)[name], arrays(padded)[name], rtol=1e-4, atol=2e-5, err_msg=name
        )


@pytest.mark.parametrize("n_steps", [1, 2, 3, 12, STEPS])
@pytest.mark.parametrize("season", SEASONS, ids=str)
def test_padding_plays_no_part(season: Season, n_steps: int) -> None:
    assert_padding_plays_no_part(season, n_steps)


@pytest.mark.parametrize(("season", "n_steps"), PARTIAL, ids=str)
def test_padding_plays_no_part_in_means_of_seasons(season: Season, n_steps: int) -> None:
    assert_padding_plays_no_part(season, n_steps)


ODD = {
    "constant": lambda values: np.full_like(values, 7.3),
    "zeros": np.zeros_like,
    "all missing": lambda values: np.full_like(values, np.nan),
    "one value": lambda values: np.where(np.arange(values.shape[1]) == 40, values, np.nan),
    "huge": lambda values: values * 1e12,
    "tiny": lambda values: values * 1e-12,
    "far from 0": lambda values: values + 1e9,
    "one outlier": lambda values: np.where(np.arange(values.shape[1]) == 50, 1e9, values),
    "constant, then not": lambda values: np.where(np.arange(values.shape[1]) < 80, 2, values),
}


@pytest.mark.parametrize("season", SEASONS, ids=str)
@pytest.mark.parametrize("odd", ODD)
@pytest.mark.parametrize("known", [True, False])
def test_inputs_of_any_series_are_finite_and_small(odd: str, season: Season, known: bool) -> None:
    values, cuts = ODD[odd](windows(season)), np.array([0, 9, STEPS - 1])
    with np.errstate(all="raise", under="ignore"):
        found = inputs(values, season, cuts, known=known)
    for name, array in arrays(found).items():
        assert np.isfinite(array).all(), name
    assert np.abs(found.steps).max() < 30
    assert np.abs(found.cuts).max() < 30
    assert np.abs(found.simple).max() <= LARGEST
    assert (found.scale > 0).all()


@pytest.mark.parametrize("season", SEASONS, ids=str)
@pytest.mark.parametrize("factor", [1e12, 1e-12, 3.0])
def test_units_play_no_part(factor: float, season: Season) -> None:
    values = windows(season, missing=0.1)
    plain, moved = inputs(values, season), inputs(values * factor, season)
    for name, array in arrays(plain).items():
        np.testing.assert_allclose(arrays(moved)[name], array, rtol=1e-3, atol=1e-3)


@pytest.mark.parametrize("season", SEASONS, ids=str)
@pytest.mark.parametrize("known", [True, False])
def test_the_mirror_image_is_seen_as_one(season: Season, known: bool) -> None:
    scaled, seen, zero, _, _ = standardised_windows(windows(season, missing=0.1))
    one, other = (
        inputs_of(
            Past(sign * scaled, seen, sign * zero if known else None, season, season.ends), LAST
        )
        for sign in (1, -1)
    )
    np.testing.assert_array_equal(other.simple, -one.simple)
    np.testing.assert_array_equal(other.last, -one.last)
    np.testing.assert_array_equal(other.scale, one.scale)
    np.testing.assert_array_equal(np.abs(other.steps), np.abs(one.steps))


@pytest.mark.parametrize("season", SEASONS, ids=str)
def test_where_nobody_knows_of_0_nothing_is_said_of_it(season: Season) -> None:
    values = np.abs(windows(season, missing=0.1)) + 1
    known, unknown = (inputs(values, season, known=told) for told in (True, False))
    told, untold = (each.steps[..., -N_SCALARS:] for each in (known, unknown))
    (differ,) = np.nonzero((told != untold).any(axis=(0, 1)))
    assert len(differ) == 2  # how far it is, and whether all lie on one side; none is 0
    assert not untold[..., differ].any()
    for name in ("last", "scale"):
        np.testing.assert_array_equal(arrays(unknown)[name], arrays(known)[name])


def test_how_many_values_are_0_is_said_where_that_is_known() -> None:
    values = windows(Season(1))
    values[:, 1::3] = 0
    known, unknown = (inputs(values, Season(1), known=told) for told in (True, False))
    told, untold = (each.steps[:, -1, -N_SCALARS:] for each in (known, unknown))
    (differ,) = np.nonzero((told != untold).all(axis=0))
    assert len(differ) == 2  # how far it is, and how many are; values are on both sides
    np.testing.assert_allclose(told[:, differ[-1]], 1 / 3, atol=0.05)


def test_the_scale_is_the_smaller_of_the_changes_of_steps_and_seasons() -> None:
    season = Season(12)
    seasonal = np.tile(np.arange(12.0), 40)[: season.context_length]
    wandering = np.cumsum(np.random.default_rng(0).normal(size=season.context_length))
    regular, walk = inputs(np.stack([seasonal, wandering]), season).scale[:, 0]
    _, _, _, _, deviation = standardised_windows(np.stack([seasonal, wandering]))
    assert regular == pytest.approx(0.03, rel=0.02)  # of the deviation: nothing else is left
    assert walk * deviation[1] == pytest.approx(0.8, rel=0.2)  # of a normal step


def test_what_begins_as_a_constant_has_the_same_scale_whatever_the_constant() -> None:
    season = Season(12)
    values = windows(season, 100)
    values[:, :150] = np.random.default_rng(1).normal(0, 1, (100, 1))
    scale = inputs(values, season, np.array([5])).scale
    np.testing.assert_allclose(scale, 1, rtol=1e-3)


def test_windows_are_standardised_by_what_was_observed() -> None:
    values = windows(Season(12), missing=0.3) * 5 + 70
    scaled, seen, zero, mean, deviation = standardised_windows(values)
    np.testing.assert_array_equal(seen, ~np.isnan(values))
    assert not scaled[np.isnan(values)].any()
    back = scaled * deviation[:, None] + mean[:, None]
    np.testing.assert_allclose(back[seen > 0], values[seen > 0], rtol=1e-5)
    np.testing.assert_allclose(zero * deviation + mean, 0, atol=1e-4)
    np.testing.assert_allclose(mean, np.nanmean(values, axis=1))
    np.testing.assert_allclose(deviation, np.nanstd(values, axis=1))
