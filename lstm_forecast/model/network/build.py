"""The Keras network that a `NetworkSpec` describes, and its weights by name."""

import math
import zlib
from collections.abc import Iterator, Mapping, Sequence
from typing import Any, assert_never

import keras
import numpy as np

from lstm_forecast.model.ensemble import Member, median_of
from lstm_forecast.model.linear.linear import Linear
from lstm_forecast.model.linear.smoothing import LEAST_ERROR, LEAST_SQUARE, Group, Smoothing
from lstm_forecast.model.network.cells import CoupledLSTMCell, PeepholeLSTMCell
from lstm_forecast.model.network.decoder import ParallelDecoder
from lstm_forecast.model.spec import NetworkSpec

__all__ = ["assign_weights", "build_network", "complete_network", "named_weights"]


def build_network(spec: NetworkSpec) -> keras.Sequential:
    """Build the network: (batch, context_length, n_features) to (batch, horizon, n_targets,
    n_quantiles).

    Equal specs give equal weights, and a layer's initial weights do not depend on the other layers.
    In a masked network the rows of left padding must be 0 in every feature, the flag included; a
    segment is skipped if all of it is padding.
    """
    return keras.Sequential(
        [
            keras.Input((spec.framing.context_length, spec.channels.n_features), name="window"),
            *_segment_layers(spec),
            *(_recurrent_layer(spec, i) for i in range(len(spec.units))),
            *_dense_layers(spec),
            keras.layers.Dense(
                math.prod(spec.output_shape),
                kernel_initializer="zeros" if spec.zero_output else _initializer(spec, "output"),
                name="output",
            ),
            *_output_layers(spec),
        ],
        name="network",
    )


def _output_layers(spec: NetworkSpec) -> Iterator[keras.Layer]:
    n_steps, *rest = spec.output_shape
    total = spec.n_segments * n_steps
    if total > spec.framing.horizon:
        yield keras.layers.Reshape((total, math.prod(rest)), name="steps")
        yield keras.layers.Cropping1D((0, total - spec.framing.horizon), name="horizon")
    yield keras.layers.Reshape((spec.framing.horizon, *rest), name="prediction")


def _segment_layers(spec: NetworkSpec) -> Iterator[keras.Layer]:
    if spec.segment_length > 1:
        yield keras.layers.Reshape(
            (spec.n_steps, spec.segment_length * spec.channels.n_features), name="segments"
        )
    if spec.channels.padded:
        yield keras.layers.Masking(0.0, name="masking")
    if spec.segment_units:
        yield _hidden_layer(spec, spec.segment_units, "segment")


def _dense_layers(spec: NetworkSpec) -> Iterator[keras.Layer]:
    if spec.dropout:
        yield keras.layers.Dropout(spec.dropout, seed=_seed(spec, "dropout"), name="dropout")
    for i, units in enumerate(spec.dense):
        yield _hidden_layer(spec, units, f"dense_{i}")


def _hidden_layer(spec: NetworkSpec, units: int, name: str) -> keras.Layer:
    return keras.layers.Dense(
        units, activation=spec.activation, kernel_initializer=_initializer(spec, name), name=name
    )


def _recurrent_layer(spec: NetworkSpec, index: int) -> keras.Layer:
    """Make a layer that hands on every step, or the last step only if it is the last layer."""
    name = f"recurrent_{index}"
    if spec.parallel and index == len(spec.units) - 1:
        recurrent = _directed_layer(spec, index, f"{name}_cell")
        return ParallelDecoder(recurrent, n_segments=spec.n_segments, name=name)
    forward = _directed_layer(spec, index, name)
    if not spec.bidirectional:
        return forward
    # Left to itself, Bidirectional copies the forward layer with its seeds: both halves would start
    # equal.
    backward = _directed_layer(spec, index, f"backward_{name}", go_backwards=True)
    return keras.layers.Bidirectional(forward, backward_layer=backward, name=name)


def _directed_layer(
    spec: NetworkSpec, index: int, name: str, *, go_backwards: bool = False
) -> keras.Layer:
    units = spec.units[index]
    last = index == len(spec.units) - 1
    steps: dict[str, Any] = {
        "return_sequences": not last,
        "go_backwards": go_backwards,
        "name": name,
    }
    weights: dict[str, Any] = {
        "kernel_initializer": _initializer(spec, f"{name}.kernel"),
        "recurrent_initializer": _initializer(
            spec, f"{name}.recurrent_kernel", spec.recurrent_initializer
        ),
        "recurrent_dropout": spec.recurrent_dropout,
        "seed": _seed(spec, f"{name}.dropout"),
    }
    # cuDNN takes right padding only, and Keras finds out while a compiled step runs: too late to
    # fall back.
    cudnn = False if spec.channels.padded else "auto"
    match spec.cell:
        case "lstm":
            return keras.layers.LSTM(units, **weights, **steps, use_cudnn=cudnn)
        case "gru":
            return keras.layers.GRU(units, **weights, **steps, use_cudnn=cudnn)
        case "rnn":
            return keras.layers.SimpleRNN(units, **weights, **steps)
        case "peephole_lstm":
            return keras.layers.RNN(PeepholeLSTMCell(units, **weights), **steps)
        case "coupled_lstm":
            return keras.layers.RNN(CoupledLSTMCell(units, **weights), **steps)
        case _:
            assert_never(spec.cell)


def _initializer(spec: NetworkSpec, name: str, kind: str = "") -> keras.Initializer:
    config = {"seed": _seed(spec, name)}
    return keras.initializers.get({"class_name": kind or spec.kernel_initializer, "config": config})


def _seed(spec: NetworkSpec, name: str) -> int:
    return zlib.crc32(f"{spec.seed}/{name}".encode())


def complete_network(members: Sequence[Member]) -> keras.Model:
    """The members, the linear part of each and their median as one network of built-in layers: what
    is published.

    (batch, longest context_length, n_features) -> (batch, horizon, n_targets, n_quantiles). It has
    neither loss nor optimiser, so that other Keras tools can load it.

    Raises:
        ValueError: weights do not fit their spec.
    """
    longest = max((member.spec for member in members), key=lambda spec: spec.framing.context_length)
    window = keras.Input(
        (longest.framing.context_length, longest.channels.n_features), name="window"
    )
    prediction = median_of(
        [_complete(member, number, window) for number, member in enumerate(members)],
        low=lambda a, b: keras.layers.Minimum()([a, b]),
        high=lambda a, b: keras.layers.Maximum()([a, b]),
        mean=lambda a, b: keras.layers.Average()([a, b]),
    )
    return keras.Model(window, prediction, name="forecaster")


def _complete(member: Member, number: int, window: Any) -> Any:
    """One member's prediction from the newest steps of the window: network and linear part."""
    spec, linear = member.spec, member.linear
    network = build_network(spec)
    network.name = f"network_{number}"
    assign_weights(network, member.weights)
    if spec.framing.context_length < window.shape[1]:
        window = keras.layers.Cropping1D((window.shape[1] - spec.framing.context_length, 0))(window)
    if linear is None:
        return network(window)
    # Cropping1D crops the middle axis, so the features go there.
    past = keras.layers.Permute((2, 1))(window)
    past = keras.layers.Cropping1D((0, spec.channels.n_features - spec.channels.n_targets))(past)
    layer = keras.layers.EinsumDense(
        "bnc,nch->bhn", (spec.framing.horizon, spec.channels.n_targets), bias_axes="hn"
    )
    line = layer(past)
    layer.set_weights([linear.kernel, linear.bias.T])
    if linear.smoothing is not None:
        line = keras.layers.Add()([line, _smoothed(linear, linear.smoothing, window, past)])
    if linear.known.size:
        line = keras.layers.Add()([line, _known_effect(spec, linear, window)])
    per_quantile = keras.layers.Reshape((spec.framing.horizon, spec.channels.n_targets, 1))(line)
    return keras.layers.Add()([network(window), per_quantile])


def _smoothed(linear: Linear, smoothing: Smoothing, window: Any, past: Any) -> Any:
    """The share of smoothing in the linear part, (batch, horizon, n_targets), from the past (...,
    n_targets, steps).
    """
    forecast = 0 * keras.ops.repeat(
        past[..., -1:], linear.kernel.shape[2], axis=2
    )  # all, where no group looks so short
    left = 1 + forecast[..., :1]
    for group in smoothing.groups:
        share = left * window[:, -group.length, -1:, None] if smoothing.padded else left
        forecast, left = (
            forecast + share * _group(past[..., -group.length :], group, smoothing),
            left - share,
        )
    layer = keras.layers.EinsumDense("bnh,n->bhn", (linear.kernel.shape[2], len(linear.share)))
    share = layer(forecast + left * past[..., -1:])
    layer.set_weights([linear.share])
    return share


def _group(own: Any, group: Group, smoothing: Smoothing) -> Any:
    """The weighted mean of several methods, from values (batch, n_targets, length) to (...,
    horizon).
    """
    ops = keras.ops
    errors, forecasts = (
        _products(own, group.errors, group.n_methods),
        _products(own, group.forecasts, group.n_methods),
    )
    floor = LEAST_SQUARE * ops.mean(ops.square(own), axis=2, keepdims=True) + LEAST_ERROR
    likelihoods = group.exponent * ops.log(ops.mean(ops.square(errors), axis=3) + floor)
    layer = keras.layers.EinsumDense("bnm,n->bnm", (own.shape[1], group.n_methods), bias_axes="nm")
    weights = ops.softmax(layer(likelihoods))
    layer.set_weights([smoothing.power, smoothing.prior[:, : group.n_methods]])
    return ops.sum(ops.expand_dims(weights, 3) * forecasts, axis=2)


def _products(own: Any, kernel: np.ndarray, n_methods: int) -> Any:
    width = kernel.shape[1] // n_methods
    layer = keras.layers.EinsumDense("bnt,tmk->bnmk", (own.shape[1], n_methods, width))
    products = layer(own)
    layer.set_weights([kernel.reshape(len(kernel), n_methods, width)])
    return products


def _known_effect(spec: NetworkSpec, linear: Linear, window: Any) -> Any:
    """What the covariates known ahead add to each step of the linear part, (batch, horizon,
    n_targets).
    """
    behind = spec.channels.n_features - linear.first - linear.known.shape[2]
    newest = keras.layers.Cropping1D((spec.framing.context_length - spec.framing.horizon, 0))(
        window
    )
    known = keras.layers.Cropping1D((linear.first, behind))(keras.layers.Permute((2, 1))(newest))
    layer = keras.layers.EinsumDense(
        "bfh,nhf->bhn", (spec.framing.horizon, spec.channels.n_targets)
    )
    effect = layer(known)
    layer.set_weights([linear.known])
    return effect


def named_weights(network: keras.Sequential) -> dict[str, np.ndarray]:
    """Copy the weights by name: those of `graph.weight_shapes`, in that order."""
    return {name: np.asarray(variable).copy() for name, variable in _variables(network).items()}


def assign_weights(network: keras.Sequential, weights: Mapping[str, np.ndarray]) -> None:
    """Set every weight by name; nothing is changed on an error.

    Raises:
        ValueError: a weight is missing, unknown or of another shape.
    """
    variables = _variables(network)
    expected = {name: tuple(variable.shape) for name, variable in variables.items()}
    received = {name: weight.shape for name, weight in weights.items()}
    if wrong := sorted(n for n in expected | received if expected.get(n) != received.get(n)):
        lines = (f"{n}: expected {expected.get(n)}, received {received.get(n)}" for n in wrong)
        raise ValueError("weights do not fit the network: " + "; ".join(lines))
    for name, variable in variables.items():
        variable.assign(weights[name])


def _variables(network: keras.Sequential) -> dict[str, keras.Variable]:
    """Name the variables: layer, `backward` for that half of a Bidirectional layer, weight."""
    parts: dict[str, keras.Layer] = {}
    for layer in network.layers:
        if isinstance(layer, keras.layers.Bidirectional):
            parts |= {
                layer.name: layer.forward_layer,
                f"{layer.name}.backward": layer.backward_layer,
            }
        else:
            parts[layer.name] = layer
    return {f"{prefix}.{v.name}": v for prefix, part in parts.items() for v in part.weights}
