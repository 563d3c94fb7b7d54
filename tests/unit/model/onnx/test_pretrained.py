"""The pretrained forecaster as one graph: it forecasts what NumPy and the network alone do, in any
units, and nothing but what was observed matters.
"""

from functools import cache

import numpy as np
import onnx
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from lstm_forecast.forecasting.onnx_file import read_network
from lstm_forecast.forecasting.tracing import OPERATORS, require_bounded
from lstm_forecast.model.onnx import symbol
from lstm_forecast.model.onnx.pretrained import network_graph, window_graph
from lstm_forecast.model.onnx.session import Session
from lstm_forecast.model.pretrained.architecture import MIDDLE, QUANTILES, Architecture
from lstm_forecast.model.pretrained.inputs import inputs_of, standardised_windows
from lstm_forecast.model.pretrained.season import HORIZON, STEPS, Season
from lstm_forecast.model.pretrained.shipped import weights
from lstm_forecast.model.pretrained.simple import Past

SEASONS = (Season(1), Season(4), Season(12), Season(24, 168), Season(7, 365))
SEEDS = st.integers(0, 2**32)
LENGTH, BEYOND = 90, 60  # of windows, shorter than what the network looks at, and of a horizon
NUMBERS = range(len(QUANTILES))
# Season, length of the windows and horizon: more and less than the network looks at and forecasts.
SIZES = [
    *((season, season.context_length, horizon)
      for season, horizon in zip(SEASONS, (1, 12, 48, 49, 24), strict=True)),
    *((season, 37, horizon) for season, horizon in zip(SEASONS, (48, 20, 5, 3, 60), strict=True)),
    *((season, season.context_length + 20, 5) for season in SEASONS[:3]),
    (Season(4), 90, 150),
    (Season(24, 168), 500, 60),
    (Season(12), 2, 7),
    (Season(1), 1, 7),
]  # fmt: skip


@cache
def session_of(season: Season, length: int = LENGTH, horizon: int = BEYOND) -> Session:
    return Session(window_graph(weights(), season, context_length=length, horizon=horizon))


@cache
def network() -> Session:
    return Session(network_graph(weights()))


def series(seed: int, length: int, season: Season, n: int = 6) -> np.ndarray:
    """A wandering level, a season and noise, (n, length), of single precision."""
    rng = np.random.default_rng(seed)
    pattern = np.tile(rng.normal(0, 2, (n, season.period)), -(-length // season.period))
    level = np.cumsum(rng.normal(0.05, 0.4, (n, length)), axis=1)
    return (level + pattern[:, :length] + rng.normal(3, 0.6, (n, length))).astype(np.float32)


def with_gaps(values: np.ndarray, seed: int) -> np.ndarray:
    """The values, NaN before a start of each row's own and in a tenth of the other places."""
    rng = np.random.default_rng(seed)
    n, length = values.shape
    starts = rng.integers(0, length, (n, 1))
    missing = (np.arange(length) < starts) | (rng.random((n, length)) < 0.1)
    missing[np.arange(n), np.maximum(starts[:, 0], length - 2)] = False
    missing[0] = False
    return np.where(missing, np.float32(np.nan), values)


def forecast(session: Session, values: np.ndarray) -> np.ndarray:
    """Of windows with NaN where nothing was observed: quantiles ascending."""
    window = np.stack([np.nan_to_num(values), ~np.isnan(values)], axis=2)
    return session.predict(window.astype(np.float32))


def spreads(values: np.ndarray) -> np.ndarray:
    """Deviations (n, 1, 1) of what was observed; 1 for constants."""
    deviation = np.nanstd(values.astype(np.float64), axis=1)[:, None, None]
    return np.where(deviation > 0, deviation, 1)


def assert_near(
    found: np.ndarray, expected: np.ndarray, values: np.ndarray, far: float, share: float = 1e-7
) -> None:
    """Equal but for so many deviations of the values, or that share of the forecast."""
    spread = spreads(values)
    np.testing.assert_allclose(found / spread, expected / spread, atol=far, rtol=share)


def by_numpy(values: np.ndarray, season: Season, horizon: int) -> np.ndarray:
    """What the network forecasts of inputs that NumPy computed, where nobody knows where 0 lies."""
    found = _block(values, season)
    while found.shape[1] < horizon:
        paths = (np.concatenate([values, found[..., number]], axis=1) for number in NUMBERS)
        after = [_block(path, season) for path in paths]
        each = [_border(after[MIDDLE], after[number], number) for number in NUMBERS]
        found = np.concatenate([found, np.stack(each, axis=2)], axis=1)
    return np.sort(found[:, :horizon], axis=2)


def _border(after_median: np.ndarray, after_border: np.ndarray, number: int) -> np.ndarray:
    """The variance of what the network errs by, and of where the border's path moves its median."""
    median = after_median[..., MIDDLE]
    errs, moves = after_median[..., number] - median, after_border[..., MIDDLE] - median
    if number == MIDDLE:
        return median
    if number < MIDDLE:
        return median - np.hypot(errs, np.minimum(moves, 0))
    return median + np.hypot(errs, np.maximum(moves, 0))


def _block(values: np.ndarray, season: Season) -> np.ndarray:
    """`HORIZON` steps, each row from the steps within which it was observed."""
    values = values[:, -season.context_length :]
    found = np.empty((len(values), HORIZON, len(QUANTILES)))
    before = season.context_length - values.shape[1]
    for number, row in enumerate(values):
        oldest = before + int((~np.isnan(row)).argmax())
        ends = season.ends[: STEPS - int(np.searchsorted(season.ends, oldest))]
        padded = np.pad(row, (season.context_length, 0), constant_values=np.nan)
        found[number] = _both_ways(padded[None, -(ends[-1] + 1) :], season, ends)[0]
    return found


def _both_ways(values: np.ndarray, season: Season, ends: np.ndarray) -> np.ndarray:
    scaled, seen, _, mean, deviation = standardised_windows(values)
    found = []
    for sign in (np.float32(1), np.float32(-1)):
        inputs = inputs_of(Past(sign * scaled, seen, None, season, ends), np.array([len(ends) - 1]))
        feed = {"steps": inputs.steps, "cut": inputs.cuts[:, 0], "simple": inputs.simple[:, 0]}
        relative = network().run(feed)
        found.append(inputs.last[..., None] + relative * inputs.scale[..., None])
    both = (found[0] - found[1][..., ::-1]) / 2
    return np.asarray(mean[:, None, None] + both * deviation[:, None, None])


@pytest.mark.parametrize(("season", "length", "horizon"), SIZES, ids=str)
def test_the_graph_forecasts_what_numpy_and_the_network_do(
    season: Season, length: int, horizon: int
) -> None:
    values = with_gaps(series(length, length, season), seed=length)
    found = forecast(session_of(season, length, horizon), values)
    assert (found.dtype, found.shape) == (np.float32, (len(values), horizon, len(QUANTILES)))
    assert_near(found, by_numpy(values, season, horizon), values, 1e-3)


@settings(max_examples=10, deadline=None)
@given(SEEDS, st.sampled_from(SEASONS))
def test_it_does_for_any_padding_and_any_gaps(seed: int, season: Season) -> None:
    values = with_gaps(series(seed, LENGTH, season), seed)
    found = forecast(session_of(season), values)
    assert_near(found, by_numpy(values, season, BEYOND), values, 1e-3)


@settings(max_examples=10, deadline=None)
@given(SEEDS, st.sampled_from(SEASONS), st.integers(2, LENGTH - 1))
def test_it_does_not_matter_how_much_padding_there_is(
    seed: int, season: Season, length: int
) -> None:
    """Windows with the same values at their ends, of different lengths."""
    values = series(seed, LENGTH, season)
    values[:, :-length] = np.nan
    longer = np.pad(values, ((0, 0), (season.context_length, 0)), constant_values=np.nan)
    found = forecast(session_of(season), values)
    wider = session_of(season, longer.shape[1])
    assert_near(forecast(wider, longer), found, values, 1e-3)


@settings(max_examples=25, deadline=None)
@given(SEEDS, st.sampled_from(SEASONS), st.floats(1e-9, 1e9), st.floats(-1e4, 1e4))
def test_scaling_and_shifting_windows_scales_and_shifts_forecasts(
    seed: int, season: Season, scale: float, shift: float
) -> None:
    values = with_gaps(series(seed, LENGTH, season), seed)
    values = values[np.nanstd(values, axis=1) > 0.5]
    plain, session = forecast(session_of(season), values), session_of(season)
    assert_near(forecast(session, values * np.float32(scale)) / scale, plain, values, 1e-3)
    # Values lose digits where they are moved; forecasts that are far away are multiples of changes.
    lost = abs(shift) * np.finfo(np.float32).eps
    moved = forecast(session, values + np.float32(shift)) - shift
    assert_near(moved, plain, values, 1e-3 + 10 * lost, share=1e-3)


@settings(max_examples=25, deadline=None)
@given(SEEDS, st.sampled_from(SEASONS))
def test_turning_windows_over_turns_forecasts_over(seed: int, season: Season) -> None:
    values = with_gaps(series(seed, LENGTH, season), seed)
    plain, turned = (forecast(session_of(season), each) for each in (values, -values))
    assert_near(turned, -plain[..., ::-1], values, 1e-5)


@settings(max_examples=25, deadline=None)
@given(SEEDS, st.sampled_from(SEASONS), st.floats(-(2.0**99), 2.0**99, width=32))
def test_what_is_in_unobserved_places_does_not_matter(
    seed: int, season: Season, value: float
) -> None:
    values = with_gaps(series(seed, LENGTH, season), seed)
    seen = ~np.isnan(values)
    windows = (
        np.stack([np.where(seen, values, other), seen], axis=2).astype(np.float32)
        for other in (0, value)
    )
    plain, changed = map(session_of(season).predict, windows)
    np.testing.assert_array_equal(changed, plain)


@pytest.mark.parametrize("season", SEASONS[:3], ids=str)
def test_a_window_without_an_observed_value_is_forecast_as_0_whatever_it_holds(
    season: Season,
) -> None:
    length = season.context_length
    window = np.zeros((2, length, 2), np.float32)
    window[1, :, 0] = series(0, length, season, 1)
    found = session_of(season, length).predict(window)
    np.testing.assert_array_equal(found[..., MIDDLE], 0)
    np.testing.assert_array_equal(found[1], found[0])


@pytest.mark.parametrize("season", SEASONS, ids=str)
def test_windows_play_no_part_in_each_other(season: Season) -> None:
    values = with_gaps(series(1, LENGTH, season), seed=1)
    together = forecast(session_of(season), values)
    alone = [forecast(session_of(season), row[None])[0] for row in values]
    assert_near(np.array(alone), together, values, 1e-5)


@pytest.mark.parametrize("season", SEASONS, ids=str)
@pytest.mark.parametrize("value", [0.0, 7.3, -1e6, 3e-9])
def test_a_constant_goes_on_and_its_intervals_lie_around_it(value: float, season: Season) -> None:
    values = with_gaps(np.full((6, LENGTH), value, np.float32), seed=2)
    found = forecast(session_of(season), values).astype(np.float64) - np.float32(value)
    rounded = 4 * np.finfo(np.float32).eps * abs(value) + 1e-5
    np.testing.assert_allclose(found[..., MIDDLE], 0, atol=rounded)
    near = found[:, :HORIZON]  # beyond, each path is rounded in its way
    np.testing.assert_allclose(near, -near[..., ::-1], atol=rounded)
    assert np.abs(found).max() < 20


ODD = {
    "nothing": [],
    "the newest": [LENGTH - 1],
    "the oldest": [0],
    "two": [LENGTH - 9, LENGTH - 4],
    "all but the newest": range(LENGTH - 1),
}


@pytest.mark.parametrize("season", SEASONS, ids=str)
@pytest.mark.parametrize("seen", ODD)
def test_few_observed_values_give_finite_numbers(seen: str, season: Season) -> None:
    values = np.full((3, LENGTH), np.nan, np.float32)
    values[:, list(ODD[seen])] = series(0, LENGTH, season, 3)[:, list(ODD[seen])]
    found = forecast(session_of(season), values)
    assert np.isfinite(found).all()
    if seen == "nothing":
        np.testing.assert_array_equal(found[..., MIDDLE], 0)
    if seen in ("the newest", "the oldest"):
        value = np.nanmean(values, axis=1)[:, None]
        np.testing.assert_allclose(found[..., MIDDLE], np.broadcast_to(value, found.shape[:2]),
                                   atol=1e-5)  # fmt: skip


@pytest.mark.parametrize("season", SEASONS, ids=str)
@pytest.mark.parametrize("far", [1e9, -1e15])
def test_an_outlier_and_a_jump_give_finite_numbers(far: float, season: Season) -> None:
    values = series(0, LENGTH, season, 3)
    values[0, 50] = values[1, 80:] = far
    values[2, :60], values[2, 60:] = 0, values[2, 60:] * 1e-15
    assert np.isfinite(forecast(session_of(season), values)).all()


def test_intervals_go_on_to_widen_beyond_the_horizon_of_the_network() -> None:
    values = np.cumsum(np.random.default_rng(0).normal(size=(40, LENGTH)), axis=1)
    found = forecast(session_of(Season(1)), values.astype(np.float32))
    widths = np.mean(found[..., -1] - found[..., 0], axis=0)
    assert widths[0] < widths[10] < widths[HORIZON - 1] < widths[-1]


SMALL = Architecture(units=8, layers=2, hidden=10)
Weights = dict[str, np.ndarray]


def small_weights(seed: int = 0) -> Weights:
    rng = np.random.default_rng(seed)
    return {
        name: (0.3 * rng.normal(size=shape)).astype(np.float32)
        for name, shape in SMALL.shapes.items()
    }


def small_graph(season: Season, horizon: int = BEYOND, seed: int = 0) -> bytes:
    return window_graph(small_weights(seed), season, context_length=LENGTH, horizon=horizon)


def test_weights_of_other_sizes_make_graphs_too() -> None:
    values = series(0, LENGTH, Season(12))
    found = forecast(Session(small_graph(Season(12))), values)
    assert found.shape == (len(values), BEYOND, len(QUANTILES))
    assert np.isfinite(found).all()
    other = forecast(Session(small_graph(Season(12), seed=1)), values)
    assert not np.allclose(found, other, atol=0.1)


def test_weights_of_no_such_network_are_refused() -> None:
    wrong = small_weights()
    del wrong["cut.bias"]
    with pytest.raises(ValueError, match="not the weights of a pretrained network"):
        window_graph(wrong, Season(12), context_length=LENGTH, horizon=5)


@pytest.mark.parametrize("season", SEASONS, ids=str)
def test_equal_weights_give_equal_bytes_whatever_the_batch_of_examples(
    season: Season, monkeypatch: pytest.MonkeyPatch
) -> None:
    content = small_graph(season)
    assert small_graph(season) == content
    monkeypatch.setattr(symbol, "BATCH", 5)
    assert small_graph(season) == content


@pytest.mark.parametrize("season", SEASONS, ids=str)
@pytest.mark.parametrize("horizon", [5, 120])
def test_the_graph_is_valid_and_made_of_operators_that_are_known(
    season: Season, horizon: int
) -> None:
    model = onnx.load_from_string(small_graph(season, horizon))
    onnx.checker.check_model(model, full_check=True)
    assert {node.op_type for node in model.graph.node} <= set(OPERATORS)
    assert {node.domain for node in model.graph.node} == {""}
    kinds = {attribute.type for node in model.graph.node for attribute in node.attribute}
    assert not kinds & {onnx.AttributeProto.GRAPH, onnx.AttributeProto.GRAPHS}  # no control flow
    assert not model.functions


@pytest.mark.parametrize("season", SEASONS, ids=str)
@pytest.mark.parametrize("horizon", [5, 120])
def test_the_shapes_that_are_worked_out_before_it_runs_are_those_of_its_files(
    season: Season, horizon: int
) -> None:
    network = read_network(small_graph(season, horizon))
    sizes = {"inputs": (LENGTH, 2), "outputs": (horizon, len(QUANTILES))}
    require_bounded(network, **sizes, largest=2**20)
    for wrong in ({"inputs": (LENGTH + 1, 2)}, {"outputs": (horizon + 1, len(QUANTILES))}):
        with pytest.raises(ValueError):
            require_bounded(network, **{**sizes, **wrong}, largest=2**20)
    with pytest.raises(ValueError, match="more than the config needs"):
        require_bounded(network, **sizes, largest=500)
