"""Lessons: what follows from a seed, what is to be forecast, and what counts."""

from dataclasses import fields, replace

import numpy as np
import pytest
import threadpoolctl

from lstm_forecast.model.pretrained import lessons
from lstm_forecast.model.pretrained.inputs import COUNT, Inputs, inputs_of, standardised_windows
from lstm_forecast.model.pretrained.lessons import (
    BEYOND,
    BLOCK,
    CUTS,
    FARTHEST,
    FREQUENCIES,
    LEAST_VALUES,
    Curriculum,
    Frequency,
    Lesson,
    Lessons,
    lesson,
)
from lstm_forecast.model.pretrained.processes import Floats, Random
from lstm_forecast.model.pretrained.season import HORIZON, LAGS, STEPS, Season
from lstm_forecast.model.pretrained.simple import SIMPLE, Past

MONTHS = Frequency(Season(12), 24, share=1.0, short=0.0)
N = 40


def same(one: Lesson, other: Lesson) -> bool:
    return all(
        np.array_equal(getattr(one, field.name), getattr(other, field.name))
        for field in fields(Lesson)
    )


@pytest.fixture
def generated(monkeypatch: pytest.MonkeyPatch) -> np.ndarray:
    """Series of months that the lessons get, (N, context_length + HORIZON), some values missing."""
    length = MONTHS.season.context_length + HORIZON
    rng = np.random.default_rng(4)
    series = rng.normal(5, 1, (N, length)) + np.sin(np.arange(length) * np.pi / 6)
    series[rng.random(series.shape) < 0.1] = np.nan

    def generate(
        rng: Random, n: int, length: int, season: Season, kinds: tuple[str, ...], *, slow: bool
    ) -> Floats:
        return series[:n, -length:].astype(np.float32)

    monkeypatch.setattr(lessons, "generate", generate)
    return series.astype(np.float32)


def of_months(seed: int = 0) -> Lesson:
    return lesson(np.random.default_rng(seed), N, MONTHS, wrong=0)


def whole(one: Lesson) -> np.ndarray:
    """The rows that have all of their history: their first step sees something."""
    return np.flatnonzero(one.steps[:, 0, COUNT] > 0)


def test_a_lesson_follows_from_seed_and_number_alone() -> None:
    first, again = (Curriculum(3, 24).batches(2) for _ in range(2))
    assert len(first) == BLOCK
    assert all(map(same, first, again))
    others = (Curriculum(3, 24).batches(1), Curriculum(4, 24).batches(2),
              Curriculum(3, 24, ("walks",)).batches(2))  # fmt: skip
    for other in others:
        assert not any(map(same, first, other))
    assert not same(first[0], first[1])


def test_batches_of_the_process_are_those_of_their_numbers_in_order() -> None:
    curriculum = Curriculum(5, 24, ("walks",))
    with threadpoolctl.threadpool_limits(1):  # sums of products depend on it
        expected = [one for block in range(2) for one in curriculum.batches(block)]
    with Lessons(curriculum) as drawn:
        found = [drawn.batch(number) for number in range(2 * BLOCK)]
    assert all(map(same, found, expected))


def test_batches_may_be_taken_from_any_number_on_and_once_more() -> None:
    """As after a training that is taken up."""
    curriculum = Curriculum(5, 24, ("walks",))
    with threadpoolctl.threadpool_limits(1):
        expected = [one for block in range(3) for one in curriculum.batches(block)]
    with Lessons(curriculum) as drawn:
        for number in (2 * BLOCK - 1, 2 * BLOCK, 2 * BLOCK, 1, 0, 2 * BLOCK + 1):
            assert same(drawn.batch(number), expected[number]), number


def test_shapes_are_those_of_as_many_series_as_asked_for() -> None:
    for one in Curriculum(0, 25).batches(0):
        assert one.steps.shape[:2] == (25, STEPS)
        assert one.cut_steps.shape == (25, CUTS)
        assert one.cuts.shape[:2] == (25, CUTS)
        assert one.simple.shape == (25, CUTS, len(SIMPLE), HORIZON)
        assert one.targets.shape == one.weights.shape == (25, CUTS, HORIZON)


@pytest.mark.parametrize("block", range(3))
def test_all_is_finite_and_targets_are_not_far(block: int) -> None:
    for one in Curriculum(1, 24).batches(block):
        for field in fields(Lesson):
            assert np.isfinite(getattr(one, field.name)).all(), field.name
        assert np.abs(one.targets).max() <= FARTHEST
        assert set(np.unique(one.weights)) <= {0, np.float32(BEYOND), 1}
        assert not one.targets[one.weights == 0].any()


def test_cutoffs_ascend_and_the_last_step_is_one_of_them() -> None:
    for one in Curriculum(2, 24).batches(0):
        assert (np.diff(one.cut_steps, axis=1) >= 0).all()
        assert (one.cut_steps[:, -1] == STEPS - 1).all()


def seen_again(one: Lesson, series: np.ndarray) -> tuple[np.ndarray, np.ndarray, Inputs]:
    """Whole histories on their scale, the values that follow every cutoff, and the inputs."""
    season, cuts = MONTHS.season, one.cut_steps[0]
    scaled, seen, zero, _, _ = standardised_windows(series[whole(one)])
    past = Past(*(each[:, : season.context_length] for each in (scaled, seen)), zero, season,
                season.ends)  # fmt: skip
    ahead = season.ends[cuts, None] + np.arange(1, HORIZON + 1)
    return scaled[:, ahead], seen[:, ahead], inputs_of(past, cuts)


def test_targets_are_the_values_that_follow_relative_to_the_newest_in_scales(
    generated: np.ndarray,
) -> None:
    one = of_months()
    rows = whole(one)
    assert len(rows) > N / 2
    values, seen, inputs = seen_again(one, generated)
    found = one.targets[rows] * inputs.scale[..., None] + inputs.last[..., None]
    known = one.weights[rows] > 0
    np.testing.assert_allclose(found[known], values[known], atol=1e-5)
    np.testing.assert_array_equal(known, seen > 0)
    np.testing.assert_allclose(one.steps[rows], inputs.steps, atol=1e-5)
    np.testing.assert_allclose(one.simple[rows], inputs.simple, atol=1e-4)


@pytest.mark.parametrize("short", [0.0, 1.0], ids=["long", "short"])
@pytest.mark.parametrize("frequency", FREQUENCIES, ids=str)
def test_what_follows_a_cutoff_says_nothing_before_it(
    frequency: Frequency, short: float, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Windows are standardised with what follows, which must not be seen in any unit or size."""
    frequency = replace(frequency, short=short)
    usual = lesson(np.random.default_rng(5), N, frequency, wrong=0)
    cut = CUTS // 2
    step = usual.cut_steps[0, cut]

    def standardised(values: Floats) -> tuple[Floats, ...]:
        at = LAGS + step * ((values.shape[1] - HORIZON - LAGS) // (STEPS - 1))
        rng, begun = np.random.default_rng(6), ~np.isnan(values[:, :at]).all(axis=1)
        far = 10 ** rng.uniform(-2, 1.5, (len(values), 1)) * rng.normal(1, 0.1, values.shape)
        after = begun[:, None] & (np.arange(values.shape[1]) >= at)
        return standardised_windows(np.where(after, far, values))

    monkeypatch.setattr(lessons, "standardised_windows", standardised)
    other = lesson(np.random.default_rng(5), N, frequency, wrong=0)
    seen = usual.steps[..., COUNT] > 0
    near = {"rtol": 2e-3, "atol": 2e-3}
    before = seen[:, : step + 1]
    np.testing.assert_allclose(
        other.steps[:, : step + 1][before], usual.steps[:, : step + 1][before], **near
    )
    known = seen[:, step]
    np.testing.assert_allclose(other.cuts[known, cut], usual.cuts[known, cut], **near)
    np.testing.assert_allclose(other.simple[known, cut], usual.simple[known, cut], **near)
    assert known.any() and not np.allclose(other.targets, usual.targets)


def test_steps_beyond_the_usual_horizon_count_less(generated: np.ndarray) -> None:
    weights = of_months().weights
    assert set(np.unique(weights[..., : MONTHS.horizon])) == {0, 1}
    assert set(np.unique(weights[..., MONTHS.horizon :])) == {0, np.float32(BEYOND)}


def test_nothing_is_to_be_forecast_before_enough_was_seen(generated: np.ndarray) -> None:
    one = of_months(seed=1)
    count = np.expm1(5 * one.steps[np.arange(N)[:, None], one.cut_steps, COUNT])
    enough = np.round(count) >= LEAST_VALUES
    assert not enough.all()
    assert not one.weights[~enough].any()
    assert one.weights[enough].any(axis=1).all()


def test_short_histories_are_padded_in_front() -> None:
    short = Frequency(Season(12), 24, share=1.0, short=1.0)
    one = lesson(np.random.default_rng(0), N, short, wrong=0)
    padded = one.steps[:, :, COUNT] == 0
    assert padded.any(axis=1).all()
    assert (np.diff(padded.astype(int), axis=1) <= 0).all()  # never again after the first value
    assert not one.weights[..., short.horizon :].any()


def test_every_series_has_a_value_before_its_last_cutoff() -> None:
    for one in Curriculum(6, 48).batches(0):
        seen = one.steps[:, :, 2 * LAGS : 3 * LAGS]
        assert (seen.sum(axis=(1, 2)) > 0).all()


def test_shares_of_what_is_learned_are_whole() -> None:
    assert sum(frequency.share for frequency in FREQUENCIES) == pytest.approx(1)
    assert all(frequency.horizon <= HORIZON for frequency in FREQUENCIES)
