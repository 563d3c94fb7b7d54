"""Conformal calibration: the laws that its intervals keep."""

from dataclasses import replace
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from lstm_forecast.forecasting.calibration import (
    Calibration,
    calibrate,
    calibration_from_bytes,
    calibrations_to_bytes,
    uncalibrated,
)

SHAPE = {"horizon": 3, "n_targets": 2, "n_series": 4}


def pairs(
    n: int, *, seed: int = 0, levels: tuple[int, ...] = (), spread: Any = 1.0
) -> tuple[Any, Any, Any]:
    """Forecasts, what came and series of ``n`` windows; the network's own intervals are far too
    narrow.
    """
    rng = np.random.default_rng(seed)
    series = np.arange(n) % 4
    median = rng.normal(size=(n, 3, 2))
    noise = (
        rng.standard_t(4, size=(n, 3, 2))
        * np.array([1.0, 2.0, 5.0])[:, None]
        * np.broadcast_to(spread, 4)[series, None, None]
    )
    steps = range(-len(levels), len(levels) + 1)
    prediction = np.stack([median + 0.1 * k for k in steps], axis=-1).astype(np.float32)
    return prediction, (median + noise).astype(np.float32), series


def learned(n: int, *, per_series: bool = False, **how: Any) -> Calibration:
    prediction, actual, series = pairs(n, **how)
    levels = how.get("levels", ())
    still = np.zeros((n, 2), np.float32)
    return calibrate(
        prediction,
        actual,
        series,
        still,
        levels=levels,
        n_series=4,
        news=1.0,
        per_series=per_series,
    )


def applied(calibration: Calibration, prediction: Any, series: Any, levels: list[int]) -> Any:
    """Quantiles in windows that did not change, where no floor binds."""
    return calibration.apply(
        prediction, series, levels, changes=np.zeros(prediction.shape[::2], np.float32)
    )


def coverage(quantiles: np.ndarray, actual: np.ndarray, axis: Any = None) -> Any:
    return ((quantiles[..., 0] <= actual) & (actual <= quantiles[..., -1])).mean(axis=axis)


@pytest.mark.parametrize("levels", [(), (80,), (50, 95)])
@pytest.mark.parametrize("level", [50, 80, 95])
def test_intervals_hold_their_level_at_every_step_of_windows_that_were_not_calibrated_on(
    level: int, levels: tuple[int, ...]
) -> None:
    calibration = learned(4_000, levels=levels)
    prediction, actual, series = pairs(4_000, seed=1, levels=levels)
    held = coverage(applied(calibration, prediction, series, [level]), actual, axis=(0, 2))
    assert held == pytest.approx(np.full(3, level / 100), abs=0.03)


@settings(max_examples=50, deadline=None)
@given(
    st.integers(1, 40),
    st.lists(st.integers(1, 99), unique=True, max_size=4),
    st.booleans(),
    st.integers(0, 99),
)
def test_larger_levels_contain_smaller_ones_and_all_contain_the_median(
    n: int, levels: list[int], per_series: bool, seed: int
) -> None:
    calibration = learned(n, levels=(60, 90), seed=seed, per_series=per_series)
    prediction, _, series = pairs(8, seed=seed + 1, levels=(60, 90))
    quantiles = applied(calibration, prediction, series, [*levels, 60])
    assert quantiles.shape[-1] == 2 * len([*levels, 60]) + 1
    assert (np.diff(quantiles, axis=-1) >= 0).all()
    assert np.array_equal(quantiles[..., quantiles.shape[-1] // 2], prediction[..., 2])


@settings(max_examples=30, deadline=None)
@given(st.integers(2, 300), st.integers(1, 99), st.integers(0, 99))
def test_the_windows_that_were_calibrated_on_are_covered_at_least_as_asked(
    n: int, level: int, seed: int
) -> None:
    prediction, actual, series = pairs(n, seed=seed)
    quantiles = applied(learned(n, seed=seed), prediction, series, [level])
    assert coverage(quantiles, actual) >= level / 100 - 1e-9


def test_few_windows_share_their_errors_among_neighbouring_steps() -> None:
    few, many = learned(4), learned(400)
    assert len({tuple(step) for step in few.residual[0].tolist()}) == 1
    assert len({tuple(step) for step in many.residual[0].tolist()}) == 3


def test_series_that_err_more_get_wider_intervals_where_that_is_asked_for() -> None:
    noisy = np.array([1.0, 1.0, 1.0, 6.0])
    prediction, actual, series = pairs(4_000, seed=1, spread=noisy)
    held = {}
    for per_series in (False, True):
        quantiles = applied(
            learned(400, spread=noisy, per_series=per_series), prediction, series, [80]
        )
        held[per_series] = [coverage(quantiles[series == k], actual[series == k]) for k in range(4)]
    assert held[True] == pytest.approx([0.8] * 4, abs=0.08)
    assert held[False][3] < 0.6


def test_a_series_without_windows_is_taken_for_an_average_one() -> None:
    prediction, actual, _ = pairs(100)
    zeros = np.zeros(100, np.int64)
    still = np.zeros((100, 2), np.float32)
    calibration = calibrate(
        prediction, actual, zeros, still, levels=(), n_series=4, news=1.0, per_series=True
    )
    assert calibration.spread[1:].tolist() == [[1, 1]] * 3


@pytest.mark.parametrize("levels", [(), (80,)])
def test_a_series_that_training_has_not_seen_is_taken_for_an_average_one(
    levels: tuple[int, ...],
) -> None:
    calibration = learned(400, levels=levels, per_series=True, spread=[1, 2, 3, 4])
    prediction, _, series = pairs(8, levels=levels)
    average = replace(calibration, spread=np.ones_like(calibration.spread))
    unseen = np.where(series == 3, -1, series)
    found, expected = (
        applied(calibration, prediction, unseen, [80]),
        applied(calibration, prediction, series, [80]),
    )
    expected[series == 3] = applied(average, prediction, series, [80])[series == 3]
    assert found == pytest.approx(expected)


def test_without_calibration_the_intervals_are_those_of_the_network() -> None:
    prediction, _, series = pairs(10, levels=(50, 80))
    plain = uncalibrated((80, 50), **SHAPE)
    assert applied(plain, prediction, series, [50, 80]) == pytest.approx(prediction, abs=1e-6)
    assert applied(plain, prediction, series, [80]) == pytest.approx(
        prediction[..., [0, 2, 4]], abs=1e-6
    )
    assert not plain.known


@pytest.mark.parametrize("levels", [(), (80, 95)])
def test_bytes_hold_every_calibration_by_name(levels: tuple[int, ...]) -> None:
    each = {"network": learned(50, levels=levels), "evaluated": uncalibrated(levels, **SHAPE)}
    content = calibrations_to_bytes(each)
    for name, calibration in each.items():
        again = calibration_from_bytes(content, name, levels=levels, **SHAPE)
        assert again.levels == calibration.levels
        for part in ("residual", "factor", "spread", "floor"):
            assert np.array_equal(getattr(again, part), getattr(calibration, part))


@pytest.mark.parametrize(
    "other", [{"horizon": 4}, {"n_targets": 1}, {"n_series": 3}, {"levels": (80,)}]
)
def test_bytes_that_do_not_fit_the_config_are_refused(other: dict[str, Any]) -> None:
    content = calibrations_to_bytes({"network": learned(50)})
    with pytest.raises(ValueError, match="is not what the config asks for"):
        calibration_from_bytes(content, "network", **({"levels": ()} | SHAPE | other))


@pytest.mark.parametrize("content", [b"", b"{}", b"\xff" * 100, b"\x10" + b"\0" * 7 + b"{" * 16])
def test_bytes_that_are_no_safetensors_are_refused(content: bytes) -> None:
    with pytest.raises(ValueError):
        calibration_from_bytes(content, "network", levels=(), **SHAPE)


def test_numbers_that_are_not_finite_are_refused() -> None:
    broken = learned(50)
    broken.residual[0, 0, 0] = np.nan
    with pytest.raises(ValueError, match="residual"):
        calibration_from_bytes(
            calibrations_to_bytes({"network": broken}), "network", levels=(), **SHAPE
        )


# Errors that say nothing


def nothing_learned(n: int = 40, **found: Any) -> Calibration:
    """Windows that never changed, forecast without an error, but for what is ``found``."""
    zeros = {
        "prediction": np.zeros((n, 3, 1, 1)),
        "actual": np.zeros((n, 3, 1)),
        "changes": np.zeros((n, 1)),
    }
    parts = {name: np.asarray(values, np.float32) for name, values in (zeros | found).items()}
    return calibrate(
        parts["prediction"],
        parts["actual"],
        np.zeros(n, np.int64),
        parts["changes"],
        levels=(),
        n_series=1,
        news=1.0,
        per_series=True,
    )


def widths(calibration: Calibration, change: float, level: int = 95) -> np.ndarray:
    """Of the intervals of a window that changes so much from step to step, (horizon,)."""
    prediction, changes = (
        np.full((1, 3, 1, 1), 538, np.float32),
        np.full((1, 1), change, np.float32),
    )
    quantiles = calibration.apply(prediction, np.zeros(1, np.int64), [level], changes=changes)
    return np.asarray(quantiles[0, :, 0, -1] - quantiles[0, :, 0, 0])


def test_a_window_that_changes_has_an_interval_though_no_error_was_ever_seen() -> None:
    calibration = nothing_learned()
    assert widths(calibration, 190) == pytest.approx(1.96 * 190, rel=0.01)
    assert (widths(calibration, 190, 99) > widths(calibration, 190)).all()


def test_a_window_that_never_changed_needs_none_where_no_error_was_ever_seen() -> None:
    assert widths(nothing_learned(), 0).tolist() == [0, 0, 0]


def test_a_single_error_among_many_of_0_counts() -> None:
    actual, changes = np.zeros((40, 3, 1)), np.zeros((40, 1))
    actual[30, 1:] = changes[31:] = 1000
    assert (widths(nothing_learned(actual=actual, changes=changes), 190)[1:] > 10).all()


def test_forecasts_of_changing_windows_that_never_erred_need_no_width() -> None:
    assert widths(nothing_learned(changes=np.ones((40, 1))), 1).tolist() == [0, 0, 0]


@pytest.mark.parametrize("levels", [(), (80,)])
@pytest.mark.parametrize("level", [50, 80, 95])
def test_windows_like_those_that_were_calibrated_on_meet_no_floor(
    level: int, levels: tuple[int, ...]
) -> None:
    prediction, actual, series = pairs(4_000, levels=levels)
    changes = np.random.default_rng(0).uniform(0.5, 2, size=(4_000, 2)).astype(np.float32)
    how = {"levels": levels, "n_series": 4, "news": 1.0, "per_series": False}
    calibration = calibrate(prediction, actual, series, changes, **how)
    assert (calibration.floor > 0.1).all()
    found = calibration.apply(prediction, series, [level], changes=changes)
    assert np.array_equal(found, applied(calibration, prediction, series, [level]))


def test_a_run_from_before_there_were_floors_has_none() -> None:
    from safetensors.numpy import load, save

    old = {
        name: part
        for name, part in load(calibrations_to_bytes({"network": learned(50)})).items()
        if not name.endswith("floor")
    }
    assert not calibration_from_bytes(save(old), "network", levels=(), **SHAPE).floor.any()
