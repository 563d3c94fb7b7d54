"""The pretrained network as ONNX graphs: alone, of inputs that NumPy computes, and from values to
forecasts, for runs that use it.
"""

from collections.abc import Mapping
from typing import Any, TypeAlias

import numpy as np
from numpy.typing import NDArray

from lstm_forecast.model.onnx.cells import CELLS, cell_inputs
from lstm_forecast.model.onnx.symbol import Symbol
from lstm_forecast.model.onnx.writer import Graph
from lstm_forecast.model.pretrained.architecture import MIDDLE, QUANTILES, STRETCHES, Architecture
from lstm_forecast.model.pretrained.inputs import COUNT, N_CUT, N_STEP, inputs_of
from lstm_forecast.model.pretrained.rolling import rolled_block
from lstm_forecast.model.pretrained.season import HORIZON, STEPS, Season
from lstm_forecast.model.pretrained.simple import SIMPLE, Past

__all__ = ["network_graph", "window_graph"]

CLOSED = -1e4  # what keeps an input gate shut
LEAST_STEPS = 3  # of shorter windows: with fewer, parts of the inputs would be empty
Weights = Mapping[str, NDArray[np.float32]]
Traced: TypeAlias = Any  # a `Symbol`: to NumPy's stubs no array


def network_graph(weights: Weights) -> bytes:
    """Serialise the network alone.

    Inputs are `steps` (batch, any number of steps, N_STEP), `cut` (batch, N_CUT) and `simple`
    (batch, n_simple, HORIZON), as `inputs_of` makes them at the last step; output is `prediction`
    (batch, HORIZON, n_quantiles), relative to the newest value, in scales, quantiles ascending.
    """
    graph = Graph()
    inputs = {"steps": (STEPS, N_STEP), "cut": (N_CUT,), "simple": (len(SIMPLE), HORIZON)}
    found = _relative(weights, *(Symbol.of(graph, name, *shape) for name, shape in inputs.items()))
    graph.add("Identity", found.name, output="prediction")
    free = {"steps": ("steps", N_STEP)}
    return graph.model({**inputs, **free}, {"prediction": (HORIZON, len(QUANTILES))})


def window_graph(weights: Weights, season: Season, *, context_length: int, horizon: int) -> bytes:
    """Serialise all from windows to forecasts.

    Input is `window` (batch, context_length, 2): values, and 1 where one was observed; output is
    `prediction` (batch, horizon, n_quantiles), in units of the values. Of the context the network
    looks at the newest `season.context_length` values; where 0 lies, it is not told. Beyond
    `HORIZON` steps the forecast is rolled, see `rolled_block`; quantiles may cross then.
    """
    graph = Graph()
    window: Traced = Symbol.of(graph, "window", context_length, 2)
    observed = window[..., 1]
    values = np.where(observed > 0, window[..., 0], np.float32(0))
    forecast = _forecast(weights, season, values, observed)
    while forecast.shape[1] < horizon:
        steps, numbers = forecast.shape[1], range(len(QUANTILES))
        paths = [np.concatenate([values, forecast[..., number]], axis=1) for number in numbers]
        seen = np.pad(observed, ((0, 0), (0, steps)), constant_values=1)
        ahead = _forecast(
            weights, season, np.concatenate(paths), np.concatenate([seen] * len(paths))
        )
        after = ahead.reshape(len(QUANTILES), -1, HORIZON, len(QUANTILES))
        forecast = np.concatenate([forecast, rolled_block(after)], axis=1)
    graph.add("Identity", forecast[:, :horizon].name, output="prediction")
    return graph.model({"window": (context_length, 2)}, {"prediction": (horizon, len(QUANTILES))})


def _forecast(weights: Weights, season: Season, values: Traced, observed: Traced) -> Traced:
    """Forecast `HORIZON` steps of windows (n, length), 0 where nothing was observed: (n, HORIZON,
    n_quantiles), the mean of what the network says of them and of their mirror images. That of
    constants is the constant.
    """
    length, wanted = values.shape[1], season.context_length
    values, observed = values[:, -wanted:], observed[:, -wanted:]
    empty = int(np.searchsorted(season.ends, max(wanted - length, 0)))
    ends = season.ends[: max(STEPS - empty, LEAST_STEPS)]
    ahead = (0, 0), (int(ends[-1]) + 1 - values.shape[1], 0)
    values, observed = np.pad(values, ahead), np.pad(observed, ahead)
    count = np.maximum(np.sum(observed, axis=1), 1)[:, None]
    first = np.take_along_axis(values, np.argmax(observed, axis=1)[:, None], 1)
    moved = (values - first) * observed  # constants are exactly 0
    mean = np.sum(moved, axis=1)[:, None] / count
    centred = (moved - mean) * observed
    deviation = np.sqrt(np.sum(centred * centred, axis=1)[:, None] / count)
    scaled = centred / np.where(deviation > 0, deviation, np.float32(1))
    both, seen = np.concatenate([scaled, -scaled]), np.concatenate([observed, observed])
    inputs = inputs_of(Past(both, seen, None, season, ends), np.array([len(ends) - 1]))
    relative = _relative(weights, inputs.steps, inputs.cuts[:, 0], inputs.simple[:, 0])
    forecast = inputs.last[..., None] + relative * inputs.scale[..., None]
    pair = forecast.reshape(2, -1, HORIZON, len(QUANTILES))
    total = pair[0] - pair[1][..., ::-1]
    return (first + mean)[..., None] + total / 2 * deviation[..., None]


def _relative(weights: Weights, steps: Traced, cut: Traced, simple: Traced) -> Traced:
    """The network: quantiles (n, HORIZON, n_quantiles), in scales from the newest value."""

    def dense(x: Traced, name: str) -> Traced:
        return x @ weights[f"{name}.kernel"] + weights[f"{name}.bias"]

    layers = Architecture.of(weights).layers
    along = np.swapaxes(steps, 0, 1)
    state, padding = dense(along, "segment").apply("Gelu"), along[..., COUNT : COUNT + 1] == 0
    for k in range(layers):
        state = state + _lstm(weights, f"recurrent_{k}", state, padding)
    own = dense(np.concatenate([state[-1], cut], axis=1), "cut").apply("Gelu")
    own = own + dense(own, "hidden").apply("Gelu")
    parts = dense(own, "weights").reshape(-1, len(STRETCHES), len(SIMPLE)).apply("Softmax", axis=2)
    stretch = np.searchsorted(STRETCHES, np.arange(1, HORIZON + 1))
    mean = np.sum(parts[:, stretch] * np.swapaxes(simple, 1, 2), axis=2)
    correction = dense(own, "output").reshape(-1, HORIZON, len(QUANTILES))
    median = mean[..., None] + correction[..., MIDDLE : MIDDLE + 1]
    widths = correction.apply("Softplus")
    above = median + np.cumsum(widths[..., MIDDLE + 1 :], axis=2)
    below = median - np.cumsum(widths[..., :MIDDLE][..., ::-1], axis=2)[..., ::-1]
    return np.concatenate([below, median, above], axis=2)


def _lstm(weights: Weights, name: str, x: Traced, padding: Traced) -> Traced:
    """Every state of a recurrent layer, (steps, n, units), of (steps, n, width).

    Padding, (steps, n, 1) and always in front, leaves the state 0: as one more input it shuts the
    input gate.
    """
    kernel = weights[f"{name}.kernel"]
    closed = np.zeros((1, kernel.shape[1]), np.float32)
    closed[:, : kernel.shape[1] // 4] = CLOSED  # of the gates, the input gate is the first
    longer = {**weights, f"{name}.kernel": np.concatenate([kernel, closed])}
    own = [each[None] for each in cell_inputs(longer, name, CELLS["lstm"])]  # of one direction
    seen: Traced = np.concatenate([x, padding.astype(np.float32)], axis=2)
    directions = (*x.shape[:1], 1, *x.shape[1:])
    return seen.apply("LSTM", *own, shape=directions, hidden_size=x.shape[2])[:, 0]
