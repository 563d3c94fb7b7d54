"""Every sentence of the verdict: planted where it is true, and away where its opposite is."""

from collections.abc import Iterator

import numpy as np
import pandas as pd
import pytest
from numpy.typing import NDArray

from lstm_forecast.judging.report import make_report
from lstm_forecast.panel.steps.grid import Grid
from lstm_forecast.pictures.page.page import Sentence
from lstm_forecast.reporting.outcomes import Outcomes
from lstm_forecast.reporting.verdict import (
    bias,
    change,
    distrusted,
    few_windows,
    gain,
    intervals_held,
    typical_error,
    verdict,
)
from lstm_forecast.store.report import Report

HORIZON = 4
Floats = NDArray[np.float64]


def outcomes(
    errors: Floats, *, level: float = 100.0, naive: Floats | float = 8.0, stride: int = HORIZON
) -> Outcomes:
    """Windows whose forecasts lie by ``errors`` (n_series, n_windows) above actual values of about
    ``level``, and those that repeat a value by ``naive``.
    """
    n_series, n_windows = errors.shape
    shape = (n_series, n_windows, HORIZON)
    series, window, step = (axis.ravel() for axis in np.indices(shape))
    cutoffs = 50 + stride * window
    actual = np.full(series.size, level)
    return Outcomes(
        grid=Grid("D", pd.Timestamp("2024-01-01")),
        ids=tuple(f"shop {k}" for k in range(n_series)),
        series=series,
        cutoffs=cutoffs,
        ends=cutoffs + step + 1,
        forecast=actual + np.broadcast_to(errors[..., None], shape).ravel(),
        borders={},
        season_length=1,
        actual=actual,
        reference=actual + np.broadcast_to(np.asarray(naive)[..., None, None], shape).ravel(),
    )


def report(
    own: float,
    *,
    naive: float = 10.0,
    seasonal: float = 9.0,
    ridge: float = 11.0,
    inside: float = 0.8,
) -> Report:
    """A part of 400 windows with these mean absolute errors; ``inside`` is the share that an
    interval of 80 % holds.
    """
    n = 400
    actual = np.zeros((n, 1, 1))
    low = np.where(np.arange(n)[:, None, None] < round(n * inside), -1.0, 5.0)
    forecast = np.stack((low, np.full_like(low, own), np.full_like(low, 6.0)), axis=-1)
    return make_report(
        actual=actual,
        forecast=forecast,
        quantiles=(0.1, 0.5, 0.9),
        baselines={
            "naive": actual + naive,
            "seasonal_naive": actual + seasonal,
            "ridge": actual + ridge,
        },
        scale=np.ones((n, 1, 1)),
        squared_scale=np.ones((n, 1, 1)),
        reference="seasonal_naive",
    )


def only(sentences: Iterator[Sentence]) -> Sentence:
    (found,) = sentences
    return found


def alternating(size: float, count: int = 20) -> Floats:
    """Errors of one series whose sign changes from window to window."""
    return size * np.where(np.arange(count) % 2, 1.0, -1.0)[None]


def test_the_typical_error_is_in_percent_of_what_came() -> None:
    found = only(typical_error(outcomes(alternating(8.0)), ahead="4 days"))
    assert found.text == "Half of all forecasts up to 4 days ahead are wrong by at most 8 %."


@pytest.mark.parametrize("level", [0.0, -100.0, 100.0])
def test_the_typical_error_is_in_units_where_values_are_0_or_change_their_sign(
    level: float,
) -> None:
    found = outcomes(alternating(8.0), level=level)
    if level:
        found.actual[0] *= -1
    assert " % " not in only(typical_error(found, ahead="4 days")).text.split("at most")[1]


def test_a_gain_is_told_beside_the_best_simple_forecast() -> None:
    found = only(gain(report(6.0, naive=10.0, seasonal=8.0)))
    assert found.tone == "good"
    assert "25 % below" in found.text
    assert "season before" in found.text
    assert "last value" in only(gain(report(6.0, naive=8.0, seasonal=10.0))).text


def test_a_linear_model_that_errs_as_little_is_named() -> None:
    found = only(gain(report(6.0, ridge=6.1)))
    assert found.text.endswith("the season before; a linear model errs as little.")
    assert "linear" not in only(gain(report(6.0, ridge=7.0))).text


def test_no_gain_is_told_as_none() -> None:
    found = only(gain(report(8.9)))
    assert (found.tone, "about that" in found.text) == ("neutral", True)


def test_forecasts_that_err_more_than_a_simple_one_are_not_to_be_used() -> None:
    found = only(gain(report(12.0, naive=8.0)))
    assert found.tone == "bad"
    assert "50 % above that of repeating the last value" in found.text


@pytest.mark.parametrize(
    ("inside", "tone", "words"),
    [
        (0.8, "good", "as promised"),
        (0.6, "bad", "too narrow"),
        (0.97, "bad", "wider than they need to be"),
    ],
)
def test_intervals_are_held_to_what_they_promise(inside: float, tone: str, words: str) -> None:
    found = only(intervals_held(report(1.0, inside=inside)))
    assert (found.tone, words in found.text) == (tone, True)


def test_forecasts_on_one_side_are_called_so() -> None:
    high, low = (only(bias(outcomes(sign * np.full((1, 20), 5.0)))) for sign in (1, -1))
    assert "too high" in high.text
    assert "too low" in low.text
    assert high.tone == low.tone == "bad"


def test_forecasts_on_both_sides_are_not() -> None:
    assert not list(bias(outcomes(alternating(5.0))))


def test_series_that_a_simple_forecast_would_have_served_better_are_named_the_worst_first() -> None:
    errors = np.repeat([[2.0], [9.0], [30.0], [3.0]], 12, axis=1)
    found = only(distrusted(outcomes(errors)))
    assert found.text.startswith("Do not trust shop 2, shop 1: of 4 series, 2 were")


def test_no_series_is_distrusted_where_all_are_better() -> None:
    assert not list(distrusted(outcomes(np.full((4, 12), 2.0))))


def test_since_when_errors_have_doubled_is_told() -> None:
    rng = np.random.default_rng(0)
    sizes = np.where(np.arange(30) < 20, 2.0, 5.0) * rng.uniform(0.8, 1.2, 30)
    found = only(change(outcomes(sizes[None])))
    # the cutoff of window 20 is day 50 + 4 * 20; what it forecasts begins a day later
    assert found.text.startswith("Since 2024-05-11 errors are 2.")
    assert found.tone == "bad"
    assert only(change(outcomes(sizes[None, ::-1]))).tone == "good"


def test_errors_that_only_vary_are_no_change() -> None:
    rng = np.random.default_rng(1)
    told = [list(change(outcomes(rng.lognormal(0, 0.5, (1, 30))))) for _ in range(200)]
    assert sum(map(bool, told)) <= 6  # 1 % of chance, and a margin


def test_few_windows_are_called_chance_and_many_are_not() -> None:
    assert only(few_windows(outcomes(alternating(2.0, count=3)))).tone == "bad"
    assert not list(few_windows(outcomes(alternating(2.0, count=12))))


def test_windows_that_overlap_count_once() -> None:
    assert list(few_windows(outcomes(alternating(2.0, count=12), stride=1)))


def test_many_series_at_one_time_are_one_stretch_of_time() -> None:
    found = only(few_windows(outcomes(np.full((40, 1), 2.0))))
    assert (found.tone, "one stretch" in found.text) == ("neutral", True)


def test_a_verdict_of_the_validation_part_says_that_it_flatters() -> None:
    found = verdict(report(6.0), outcomes(alternating(2.0)), part="validation", ahead="4 days")
    assert "flatter" in found[0].text
    assert len(found) == 3


def test_a_verdict_says_all_of_it_the_size_of_errors_first() -> None:
    found = verdict(report(6.0), outcomes(np.full((3, 12), 9.0)), part="test", ahead="4 days")
    words = ["Half of all", "below that of", "held", "too high", "Do not trust"]
    assert [word in each.text for word, each in zip(words, found, strict=True)] == [True] * 5
