import json
import time
import warnings
from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray

from lstm_forecast.judging.baselines import (
    drift,
    moving_average,
    naive,
    seasonal_naive,
    simple_forecasts,
)
from lstm_forecast.judging.intervals import coverage
from lstm_forecast.judging.metrics import errors, errors_by_step, left_out, rmsse, seasonal_scale
from lstm_forecast.judging.report import SeriesErrors, make_report, worst_series
from lstm_forecast.store.report import LeftOut, Report

Floats = NDArray[np.float64]

# Two windows of two steps and one target: errors 1, -3 | 0, 4
ACTUAL = np.array([[[10.0], [20.0]], [[0.0], [-4.0]]])
FORECAST = np.array([[[11.0], [17.0]], [[0.0], [0.0]]])
SCALE = np.array([[[2.0]], [[4.0]]])


def column(*values: float) -> Floats:
    return np.array(values, float)[:, None]


# Metrics


def test_errors_of_a_small_case_are_those_computed_by_hand() -> None:
    found = errors(FORECAST, ACTUAL, SCALE)
    assert found.mae == pytest.approx((1 + 3 + 0 + 4) / 4)
    assert found.rmse == pytest.approx(((1 + 9 + 0 + 16) / 4) ** 0.5)
    assert found.mse == pytest.approx((1 + 9 + 0 + 16) / 4)
    assert found.bias == pytest.approx((1 - 3 + 0 + 4) / 4)
    # without the value that is 0
    assert found.mape == pytest.approx(100 * (1 / 10 + 3 / 20 + 4 / 4) / 3)
    assert found.smape == pytest.approx((200 * 1 / 21 + 200 * 3 / 37 + 0 + 200 * 4 / 4) / 4)
    assert found.mase == pytest.approx((1 / 2 + 3 / 2 + 0 + 4 / 4) / 4)


def test_errors_by_step_of_a_small_case_are_those_computed_by_hand() -> None:
    found = errors_by_step(FORECAST, ACTUAL)
    assert found.mae == pytest.approx([0.5, 3.5])
    assert found.rmse == pytest.approx([(1 / 2) ** 0.5, (25 / 2) ** 0.5])


@pytest.mark.parametrize(("shift", "bias"), [(2.0, 2.0), (-2.0, -2.0)])
def test_forecasting_too_much_is_a_positive_bias(shift: float, bias: float) -> None:
    assert errors(ACTUAL + shift, ACTUAL, SCALE).bias == pytest.approx(bias)


def test_a_perfect_forecast_has_no_error_at_all_even_at_zero() -> None:
    assert set(errors(ACTUAL, ACTUAL, SCALE).content().values()) == {0.0, None}
    zero = np.zeros((3, 2, 1))
    found = errors(zero, zero, np.ones((3, 1, 1)))
    assert found.mape is None
    assert set(replace(found, mape=0.0, rmsse=0.0, owa=0.0).content().values()) == {0.0}


def test_smape_is_at_most_200_and_reaches_it_on_the_wrong_side_of_zero() -> None:
    assert errors(-FORECAST - 1, FORECAST + 1, SCALE).smape == pytest.approx(200)
    assert errors(np.zeros_like(SCALE), SCALE, SCALE).smape == pytest.approx(200)


def test_a_series_without_variation_is_left_out_of_mase_alone() -> None:
    scale = np.array([[[0.0]], [[4.0]]])
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", RuntimeWarning)  # numpy's, about the mean of nothing
        found = errors(FORECAST, ACTUAL, scale)
        none_left = errors(FORECAST, ACTUAL, np.zeros_like(scale))
    assert found.mase == pytest.approx((0 + 4 / 4) / 2)
    assert found.mae == pytest.approx(2)
    assert none_left.mase is None
    assert rmsse(FORECAST, ACTUAL, scale) == pytest.approx((16 / 2 / 4) ** 0.5)
    assert rmsse(FORECAST, ACTUAL, 0 * scale) is None
    assert left_out(ACTUAL, scale) == LeftOut(zero_scale=1, zero_actual=1)
    assert json.dumps(none_left.content(), allow_nan=False)


def test_every_target_is_divided_by_its_own_scale() -> None:
    error = np.array([[[1.0, 30.0], [3.0, 10.0]]])
    found = errors(error, np.zeros_like(error), np.array([[[1.0, 10.0]]]))
    assert found.mase == pytest.approx((1 + 3 + 3 + 1) / 4)
    assert found.mae == pytest.approx(11)


def test_coverage_counts_the_borders_as_inside() -> None:
    low, high = np.full((2, 2, 1), 0.0), np.full((2, 2, 1), 10.0)
    actual = np.array([[[0.0], [10.0]], [[-0.1], [5.0]]])
    assert coverage(low, high, actual) == (0.75, 10.0)


@pytest.mark.parametrize(
    ("rows", "season", "expected"),
    [
        (column(1, 3, 2, 6), 1, (2 + 1 + 4) / 3),
        (column(1, 3, 2, 6), 2, (1 + 3) / 2),
        (column(1, 3, 2, 6), 4, (2 + 1 + 4) / 3),  # no full season: the last value instead
        (column(1, 3, 2, 6), 99, (2 + 1 + 4) / 3),
        (column(5, 5, 5), 1, 0),
        (column(5), 1, 0),
        (np.empty((0, 1)), 1, 0),
    ],
)
def test_the_scale_of_mase_is_the_seasonal_naive_error_in_training(
    rows: Floats, season: int, expected: float
) -> None:
    assert seasonal_scale(rows, season) == pytest.approx([expected])


def test_the_seasonal_naive_forecast_of_its_own_training_rows_has_a_mase_of_one() -> None:
    rows = np.random.default_rng(0).normal(size=(60, 2)).cumsum(axis=0)
    season = 7
    origins = np.arange(season, len(rows))
    forecast = seasonal_naive(
        rows, origins, np.zeros_like(origins), horizon=1, season_length=season
    )
    scale = np.broadcast_to(seasonal_scale(rows, season), (len(origins), 1, 2))
    assert errors(forecast, rows[origins][:, None], scale).mase == pytest.approx(1)


# Every window and step weighs the same


@settings(max_examples=50, deadline=None)
@given(st.integers(1, 40), st.integers(1, 5), st.integers(1, 3), st.randoms(use_true_random=False))
def test_metrics_depend_neither_on_the_order_of_windows_nor_on_how_they_are_batched(
    n: int, horizon: int, n_targets: int, random: object
) -> None:
    rng = np.random.default_rng(random.randrange(2**32))  # type: ignore[attr-defined]
    forecast, actual = rng.normal(size=(2, n, horizon, n_targets)) * 100
    scale = rng.uniform(0.1, 2, size=(n, 1, n_targets))
    whole = errors(forecast, actual, scale)
    order = rng.permutation(n)
    shuffled = errors(forecast[order], actual[order], scale[order])
    assert shuffled.content() == pytest.approx(whole.content())
    cuts = np.sort(rng.integers(0, n, size=3))
    batches = [part for part in np.split(np.arange(n), cuts) if len(part)]
    parts = [(len(part), errors(forecast[part], actual[part], scale[part])) for part in batches]
    for name in ("mae", "bias", "smape", "mase"):
        assert sum(size * getattr(found, name) for size, found in parts) / n == pytest.approx(
            getattr(whole, name)
        )
    assert (sum(size * found.rmse**2 for size, found in parts) / n) ** 0.5 == pytest.approx(
        whole.rmse
    )


def test_a_small_last_batch_does_not_count_more_than_its_windows() -> None:
    actual = np.zeros((101, 1, 1))
    forecast = np.r_[np.ones(100), 102.0][:, None, None]
    # not (1 + 102) / 2
    assert errors(forecast, actual, np.ones((101, 1, 1))).mae == pytest.approx(2)


@settings(max_examples=50, deadline=None)
@given(st.floats(1e-3, 1e3), st.floats(-1e3, 1e3))
def test_metrics_follow_the_unit_of_the_data(factor: float, shift: float) -> None:
    whole = errors(FORECAST, ACTUAL, SCALE)
    other = errors(FORECAST * factor + shift, ACTUAL * factor + shift, SCALE * factor)
    for name in ("mae", "rmse", "bias"):
        expected = pytest.approx(factor * getattr(whole, name), rel=1e-6, abs=1e-9)
        assert getattr(other, name) == expected
    assert other.mase == pytest.approx(whole.mase, rel=1e-6)


# Baselines


def test_naive_repeats_the_last_value_before_each_origin() -> None:
    values = np.arange(20.0).reshape(10, 2)
    found = naive(values, np.array([3, 9]), horizon=3)
    assert found.shape == (2, 3, 2)
    assert found[0].tolist() == [[4.0, 5.0]] * 3
    assert found[1].tolist() == [[16.0, 17.0]] * 3


def test_seasonal_naive_repeats_the_last_season_as_often_as_needed() -> None:
    values = column(0, 1, 2, 3, 4, 5, 6, 7)
    found = seasonal_naive(values, np.array([6, 8]), np.array([0, 0]), horizon=5, season_length=3)
    assert found[..., 0].tolist() == [[3, 4, 5, 3, 4], [5, 6, 7, 5, 6]]


def test_seasonal_naive_never_looks_across_a_gap_or_into_another_series() -> None:
    values = column(100, 100, 1, 2, 3, 4)  # a span that starts in row 2
    found = seasonal_naive(values, np.array([4, 5]), np.array([2, 2]), horizon=3, season_length=3)
    assert found[..., 0].tolist() == [[2, 2, 2], [1, 2, 3]]


def test_seasonal_naive_of_season_one_is_naive() -> None:
    values = np.random.default_rng(0).normal(size=(30, 2))
    origins = np.arange(1, 30)
    found = seasonal_naive(values, origins, np.zeros_like(origins), horizon=4, season_length=1)
    assert np.array_equal(found, naive(values, origins, horizon=4))


def test_drift_draws_the_line_from_the_first_to_the_last_value_further() -> None:
    values = np.array([[100.0, 0], [1, 0], [2, 5], [7, 1]])  # a span that starts in row 1
    found = drift(values, np.array([4, 2]), np.array([1, 1]), horizon=2)
    assert found.tolist() == [[[10.0, 1.5], [13.0, 2.0]], [[1.0, 0.0], [1.0, 0.0]]]


def test_the_moving_average_is_that_of_a_season_or_of_a_horizon_and_of_what_there_is() -> None:
    values = column(100, 1, 2, 6)
    found = moving_average(values, np.array([4, 2]), np.array([1, 1]), horizon=2, window=2)
    assert found[..., 0].tolist() == [[4, 4], [1, 1]]
    at, floor = np.array([4]), np.array([0])
    for season, window in ((1, 3), (2, 2), (9, 4)):
        named = simple_forecasts(values, at, floor, horizon=3, season_length=season)
        assert named["moving_average"][0, :, 0] == pytest.approx(values[-window:].mean())


@settings(max_examples=50, deadline=None)
@given(
    st.integers(1, 60),
    st.lists(st.tuples(st.integers(0, 39), st.integers(1, 9)), max_size=8),
    st.integers(0, 99),
)
def test_the_moving_average_of_every_window_is_that_of_its_own_span(
    window: int, places: list[tuple[int, int]], seed: int
) -> None:
    values = (
        np.random.default_rng(seed).normal(size=(50, 2))
        * np.where(np.arange(50) < 20, 1e9, 1e-3)[:, None]
    )
    floors = np.array([20 * (origin // 20) for origin, _ in places], np.int64)
    origins = np.minimum(
        np.array([origin + more for origin, more in places], np.int64), floors + 20
    )
    found = moving_average(values, origins, floors, horizon=2, window=window)
    assert found.shape == (len(places), 2, 2)
    for each, origin, floor in zip(found, origins, floors, strict=True):
        expected = values[max(floor, origin - window) : origin].mean(axis=0)
        assert each == pytest.approx(np.stack([expected, expected]), rel=1e-9, abs=1e-12)


def test_the_moving_average_of_a_season_of_millions_of_rows_takes_no_time() -> None:
    values, origins = np.ones((5_000, 1)), np.arange(1, 5_000)
    started = time.perf_counter()
    assert (
        moving_average(values, origins, np.zeros_like(origins), horizon=3, window=8_640_000) == 1
    ).all()
    assert time.perf_counter() - started < 2


@settings(max_examples=50, deadline=None)
@given(st.integers(1, 12), st.integers(1, 20), st.integers(1, 20))
def test_baselines_never_see_their_targets(season: int, horizon: int, origin: int) -> None:
    values = np.random.default_rng(0).normal(size=(40, 1))
    changed = values.copy()
    changed[origin:] = np.nan
    at, floor = np.array([origin]), np.array([0])
    for rows in (values, changed):
        found = simple_forecasts(rows, at, floor, horizon=horizon, season_length=season)
        assert all(np.isfinite(forecast).all() for forecast in found.values())


# Report


def report(quantiles: tuple[float, ...] = (0.5,)) -> Report:
    offsets = np.array([(q - 0.5) * 7 for q in quantiles])  # the quantiles of the forecast
    return make_report(
        actual=ACTUAL,
        forecast=FORECAST[..., None] + offsets,
        quantiles=quantiles,
        baselines={"naive": ACTUAL + 4, "perfect": ACTUAL},
        scale=SCALE,
        squared_scale=SCALE**2,
        reference="naive",
    )


def test_a_report_compares_the_median_with_every_baseline() -> None:
    for quantiles in ((0.5,), (0.1, 0.5, 0.9), (0.025, 0.1, 0.5, 0.9, 0.975)):
        found = report(quantiles)
        assert found.windows == 2
        assert list(found.errors) == list(found.by_step) == ["forecast", "naive", "perfect"]
        own = found.errors["forecast"]
        assert replace(own, rmsse=None, owa=None) == errors(FORECAST, ACTUAL, SCALE)
        assert own.rmsse == rmsse(FORECAST, ACTUAL, SCALE**2)
        other = found.errors["naive"]
        assert own.owa == pytest.approx((own.smape / other.smape + own.mase / other.mase) / 2)
        assert other.owa == pytest.approx(1)
        assert found.by_step["forecast"] == errors_by_step(FORECAST, ACTUAL)


def test_skill_is_positive_where_the_forecast_beats_the_baseline() -> None:
    skill = report().skill
    assert skill["naive"] == pytest.approx(1 - 2 / 4)
    assert skill["perfect"] is None  # nothing can be compared with an error of 0


def test_a_report_measures_the_interval_of_every_level_from_the_outermost_in() -> None:
    intervals = report((0.025, 0.1, 0.5, 0.9, 0.975)).intervals
    assert list(intervals) == ["95", "80"]
    # Of the errors 1 and 3, whose scale is 2, and 0 and 4, whose scale is 4
    outside = 2 / 0.05 * (4 - 3.325) / 4 / 4
    assert intervals["95"].content() == pytest.approx(
        {"coverage": 3 / 4, "width": 0.95 * 7, "msis": 0.95 * 7 * (1 / 2 + 1 / 4) / 2 + outside}
    )
    assert (intervals["80"].coverage, intervals["80"].width) == (
        2 / 4,
        pytest.approx(0.8 * 7),
    )
    assert (report().intervals, report().scaled_crps) == ({}, None)


def series_report() -> tuple[SeriesErrors, ...]:
    """Series a has the windows 0 and 2, b the window 1, and c the window 3, without a scale."""
    actual = np.array([10.0, 20.0, 30.0, 40.0])[:, None, None] + np.zeros((4, 2, 1))
    size = np.array([1.0, 2.0, 3.0, 50.0])[:, None, None]
    return worst_series(
        actual=actual,
        forecast=actual + size,
        reference=actual - 4,
        scale=np.array([4.0, 1.0, 4.0, 0.0])[:, None, None],
        ids=np.array(["a", "b", "a", "c"], object)[:, None],
    )


def test_series_come_with_the_worst_scaled_error_first_and_those_without_a_scale_last() -> None:
    rows = series_report()
    assert [row.unique_id for row in rows] == ["b", "a", "c"]
    assert [row.mase for row in rows] == [2, (1 + 3) / 2 / 4, None]
    assert [row.mae for row in rows] == [row.bias for row in rows] == [2, 2, 50]
    assert [row.windows for row in rows] == [1, 2, 1]
    assert [row.skill for row in rows] == pytest.approx([1 - 2 / 4, 1 - 2 / 4, 1 - 50 / 4])
    assert rows[1].rmse == pytest.approx(((1 + 9) / 2) ** 0.5)


def warnings_of(forecast: Floats, actual: Floats, last: Floats) -> list[str]:
    found = make_report(
        actual=actual,
        forecast=forecast[..., None],
        quantiles=(0.5,),
        baselines=dict.fromkeys(
            ("naive", "seasonal_naive"), np.repeat(last[:, None], actual.shape[1], axis=1)
        ),
        scale=np.ones((len(actual), 1, 1)),
        squared_scale=np.ones((len(actual), 1, 1)),
        reference="naive",
    ).warnings
    return [warning.removeprefix("the forecast ").split(":")[0] for warning in found]


def test_a_forecast_that_copies_the_last_value_never_varies_or_is_worse_is_warned_of() -> None:
    rng = np.random.default_rng(0)
    walk = rng.normal(size=(200, 6, 1)).cumsum(axis=1)
    last = np.zeros((200, 1))
    copied = 0.2 * rng.normal(size=walk.shape)
    assert warnings_of(copied, walk, last) == ["copies the last value"]
    assert warnings_of(np.zeros_like(walk), walk, last) == ["copies the last value", "is flat"]
    assert warnings_of(np.repeat(walk.mean(axis=1, keepdims=True), 6, axis=1), walk, last) == [
        "is flat"
    ]
    assert warnings_of(walk + 0.1, walk, last) == []
    # bad, but no copy
    assert warnings_of(10 + copied, walk, last) == ["errs more than the naive one"]
    signs = rng.choice([-1, 1], size=walk.shape)
    assert warnings_of(walk + 1.04 * signs * walk, walk, last) == []
    assert warnings_of(walk + 1.06 * signs * walk, walk, last) == ["errs more than the naive one"]


def test_one_step_is_never_flat_and_constant_series_give_no_warning() -> None:
    step = np.random.default_rng(0).normal(size=(50, 1, 1))
    assert warnings_of(step / 2, step, np.zeros((50, 1))) == []
    assert warnings_of(np.ones((50, 4, 1)), np.ones((50, 4, 1)), np.ones((50, 1))) == []


def test_a_report_is_plain_json() -> None:
    content = report((0.1, 0.5, 0.9)).content()
    assert json.loads(json.dumps(content, allow_nan=False)) == content
