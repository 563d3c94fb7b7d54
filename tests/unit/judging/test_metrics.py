"""Our metrics are those of utilsforecast, which computes them from a table, cutoff by cutoff."""

from collections.abc import Callable
from typing import Any

import numpy as np
import pandas as pd
import pytest
import utilsforecast.losses as theirs
from numpy.typing import NDArray

from lstm_forecast.judging.intervals import coverage, msis, pinball, scaled_crps
from lstm_forecast.judging.metrics import (
    errors,
    errors_by_group,
    gains_beyond_chance,
    relative_errors,
    rmsse,
    seasonal_scale,
)

Floats = NDArray[np.float64]
SERIES, WINDOWS, HORIZON, SEASON = 3, 4, 5, 6
QUANTILES = (0.025, 0.1, 0.5, 0.9, 0.975)
COLUMNS = ["m-lo-95", "m-lo-80", "m", "m-hi-80", "m-hi-95"]
RNG = np.random.default_rng(0)
TRAINING = RNG.normal(size=(SERIES, 60)).cumsum(axis=1)
ACTUAL = RNG.normal(size=(SERIES * WINDOWS, HORIZON, 1)) * 3
FORECAST = np.sort(ACTUAL[..., None] + RNG.normal(size=(*ACTUAL.shape, len(QUANTILES))), axis=-1)
IDS = np.repeat(np.arange(SERIES), WINDOWS)


def scale(power: int) -> Floats:
    rows = [seasonal_scale(series[:, None], SEASON, power=power) for series in TRAINING]
    return np.array(rows)[IDS][:, None]


@pytest.fixture(scope="module")
def table() -> pd.DataFrame:
    cutoffs = np.tile(60 + HORIZON * np.arange(WINDOWS), SERIES)
    frame = pd.DataFrame(
        {
            "unique_id": np.repeat(IDS, HORIZON),
            "cutoff": np.repeat(cutoffs, HORIZON),
            "ds": (cutoffs[:, None] + np.arange(1, HORIZON + 1)).ravel(),
            "y": ACTUAL.ravel(),
        }
    )
    return frame.assign(**{name: FORECAST[..., k].ravel() for k, name in enumerate(COLUMNS)})


@pytest.fixture(scope="module")
def training() -> pd.DataFrame:
    ids, steps = np.divmod(np.arange(TRAINING.size), TRAINING.shape[1])
    return pd.DataFrame({"unique_id": ids, "ds": steps, "y": TRAINING.ravel()})


def mean(loss: Callable[..., pd.DataFrame], table: pd.DataFrame, **options: Any) -> float:
    return float(loss(table, **{"models": ["m"], **options})["m"].mean())


def test_point_errors(table: pd.DataFrame, training: pd.DataFrame) -> None:
    found = errors(FORECAST[..., 2], ACTUAL, scale(1))
    seasonal = {"seasonality": SEASON, "train_df": training}
    expected = {
        "mae": mean(theirs.mae, table),
        "mse": mean(theirs.mse, table),
        "rmse": mean(theirs.mse, table) ** 0.5,
        "bias": mean(theirs.bias, table),
        "mape": 100 * mean(theirs.mape, table),
        "smape": 200 * mean(theirs.smape, table),
        "mase": mean(theirs.mase, table, **seasonal),
    }
    known = {name: figure for name, figure in found.content().items() if figure is not None}
    assert known == pytest.approx(expected, rel=1e-12)
    assert rmsse(FORECAST[..., 2], ACTUAL, scale(2)) == pytest.approx(
        mean(theirs.rmsse, table, **seasonal), rel=1e-12
    )


def test_errors_by_series(table: pd.DataFrame, training: pd.DataFrame) -> None:
    found = errors_by_group(FORECAST[..., 2], ACTUAL, scale(1), IDS[:, None])
    whole = table.drop(columns="cutoff")
    expected = {
        "mae": theirs.mae(whole, ["m"]),
        "rmse": theirs.rmse(whole, ["m"]),
        "bias": theirs.bias(whole, ["m"]),
        "smape": theirs.smape(whole, ["m"]).assign(m=lambda each: 200 * each["m"]),
        "mase": theirs.mase(whole, ["m"], SEASON, training),
    }
    for name, frame in expected.items():
        assert getattr(found, name) == pytest.approx(frame["m"].to_numpy(), rel=1e-12), name


def test_pinball_losses_and_the_scaled_crps(table: pd.DataFrame) -> None:
    found = pinball(FORECAST, ACTUAL, QUANTILES)
    for loss, q, column in zip(found, QUANTILES, COLUMNS, strict=True):
        assert loss == pytest.approx(
            mean(theirs.quantile_loss, table, models={"m": column}, q=q), rel=1e-12
        )
    expected = mean(theirs.scaled_crps, table, models={"m": COLUMNS}, quantiles=np.array(QUANTILES))
    assert scaled_crps(FORECAST, ACTUAL, QUANTILES) == pytest.approx(expected, rel=1e-12)


def test_a_window_of_zeros_is_left_out_of_the_scaled_crps() -> None:
    actual = ACTUAL.copy()
    actual[0] = 0
    assert scaled_crps(FORECAST, actual, QUANTILES) == scaled_crps(
        FORECAST[1:], actual[1:], QUANTILES
    )
    assert scaled_crps(FORECAST, 0 * ACTUAL, QUANTILES) is None


@pytest.mark.parametrize(("level", "low"), [(95, 0), (80, 1)])
def test_coverage_width_and_interval_score(level: int, low: int, table: pd.DataFrame) -> None:
    borders = FORECAST[..., low], FORECAST[..., -1 - low]
    share, width = coverage(*borders, ACTUAL)
    assert share == pytest.approx(mean(theirs.coverage, table, level=level), rel=1e-12)
    assert width == pytest.approx(
        (table[f"m-hi-{level}"] - table[f"m-lo-{level}"]).mean(), rel=1e-12
    )
    scored = theirs.winkler_score(table, ["m"], level=level).sort_values(["unique_id", "cutoff"])
    expected = (scored["m"].to_numpy() / scale(1)[:, 0, 0]).mean()
    assert msis(*borders, ACTUAL, scale(1), level=level / 100) == pytest.approx(expected, rel=1e-12)


def test_series_without_variation_are_left_out_of_the_interval_score() -> None:
    borders, scales = (FORECAST[..., 0], FORECAST[..., -1]), scale(1)
    scales[0] = 0
    rest = [values[1:] for values in (*borders, ACTUAL, scales)]
    assert msis(*borders, ACTUAL, scales, level=0.95) == msis(*rest, level=0.95)
    assert msis(*borders, ACTUAL, 0 * scales, level=0.95) is None


GAINS = np.array([3.0, 1.0, -1.0, 2.0])  # of a forecast without an error, by window: mean 1.25


def gained(gains: Floats, unit: float = 1.0, **apart: float) -> bool:
    """Whether windows (n, 2, 1) gain that much, some of them by less error and some by more."""
    actual = np.zeros((len(gains), 2, 1))
    missed = np.broadcast_to((5 + gains)[:, None, None], actual.shape)
    scale = np.full((len(gains), 1, 1), unit)
    return gains_beyond_chance(actual + 5, missed, actual, scale, **apart)


def test_gains_beyond_chance_are_more_than_their_standard_error() -> None:
    error = GAINS.std(ddof=1) / 2
    assert gained(GAINS)
    assert gained(GAINS - GAINS.mean() + 1.01 * error)
    assert not gained(GAINS - GAINS.mean() + 0.99 * error)
    assert not gained(-GAINS)


def test_windows_that_overlap_say_less() -> None:
    assert gained(GAINS, apart=2)
    assert not gained(GAINS, apart=1.5)


def test_of_one_window_its_word_is_taken() -> None:
    assert gained(GAINS[:1])
    assert not gained(-GAINS[:1])
    assert gained(GAINS, apart=1)
    assert not gained(-GAINS, apart=1)


def test_gains_count_in_the_unit_of_their_series() -> None:
    both = np.array([1.0, -900.0, 1.1, 1.2])
    actual, scale = np.zeros((4, 1, 1)), np.array([1, 1e6, 1, 1.0])[:, None, None]
    missed = (1000 + both)[:, None, None]
    assert gains_beyond_chance(actual + 1000, missed, actual, scale)
    assert not gains_beyond_chance(actual + 1000, missed, actual, np.ones_like(scale))
    # what has no scale says nothing, unless nothing has one
    scale[1] = 0
    assert gains_beyond_chance(actual + 1000, missed, actual, scale)
    assert gained(GAINS, unit=0)


def test_what_is_finite_is_taken_before_what_is_not() -> None:
    assert gained(np.array([1.0, np.inf, -1.0]))


def test_relative_errors_of_series_are_normalized_deviations_the_smallest_first(
    table: pd.DataFrame,
) -> None:
    found = relative_errors(table, "m")
    expected = theirs.nd(table.drop(columns="cutoff"), models=["m"]).set_index("unique_id")["m"]
    assert found.to_dict() == pytest.approx(expected.rename(str).to_dict())
    assert found.is_monotonic_increasing


def test_a_series_of_zeros_has_no_relative_error() -> None:
    table = pd.DataFrame({"unique_id": ["a", "a", "b"], "y": [0.0, 0, 2], "m": [1.0, 0, 1]})
    assert relative_errors(table, "m").to_dict() == {"b": 0.5}
