"""Gates computed in NumPy from the weights, beside those that Keras computes on its way."""

import math
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any, get_args

import keras
import numpy as np
import pytest

from lstm_forecast.config.network import Activation, Cell
from lstm_forecast.forecasting.gates import (
    QUANTITIES,
    Layers,
    Trace,
    keeping_gate,
    memory_groups,
    memory_lengths,
    trace_gates,
)
from lstm_forecast.model.network.build import build_network, named_weights
from lstm_forecast.model.spec import NetworkSpec
from lstm_forecast.windows.channels import Channels
from lstm_forecast.windows.framing import Framing

WINDOWS, ROWS, FEATURES = 100, 12, 3
SHAPES: dict[str, dict[str, Any]] = {
    "one layer": {},
    "stacked": {"units": (5, 4, 3)},
    "bidirectional": {"units": (4, 3), "bidirectional": True},
    "segments": {"segment_length": 3, "segment_units": 6, "activation": "gelu"},
    "padded": {"units": (5, 4), "masked": True},
    "padded segments, both directions": {
        "units": (4, 3), "masked": True, "segment_length": 2, "segment_units": 5,
        "bidirectional": True,
    },
    "parallel decoder": {"units": (5, 4), "parallel": True, "segment_length": 2},
}  # fmt: skip
# What a cell hands to its activation functions, in that order: spies on them hear the gates and
# candidates of Keras.
HEARD: dict[Cell, tuple[str, ...]] = {
    "lstm": ("input_gate", "forget_gate", "candidate", "output_gate", "tanh of the cell state"),
    "peephole_lstm": (
        "input_gate",
        "forget_gate",
        "candidate",
        "output_gate",
        "tanh of the cell state",
    ),
    "coupled_lstm": ("input_gate", "candidate", "output_gate", "tanh of the cell state"),
    "gru": ("update_gate", "reset_gate", "candidate"),
    "rnn": ("hidden_state",),
}


def randomised(spec: NetworkSpec) -> keras.Sequential:
    """A network whose weights, peepholes and biases included, open and shut gates."""
    network, rng = build_network(spec), np.random.default_rng(1)
    for weight in network.trainable_weights:
        weight.assign(rng.normal(scale=0.8, size=weight.shape))
    return network


def windows(*, masked: bool) -> np.ndarray:
    """Of which every fourth has rows of padding, up to all but one."""
    rng = np.random.default_rng(2)
    inputs = rng.normal(size=(WINDOWS, ROWS, FEATURES)).astype(np.float32)
    if masked:
        inputs[..., -1] = 1
        for window in range(0, WINDOWS, 4):
            inputs[window, : 1 + window // 4 % (ROWS - 1)] = 0
    return inputs


def spec_of(cell: Cell, *, masked: bool = False, **shape: Any) -> NetworkSpec:
    return NetworkSpec(
        framing=Framing(context_length=ROWS, horizon=4),
        channels=Channels(n_targets=1, n_past=FEATURES - 1 - masked, padded=masked),
        quantiles=(0.5,),
        cell=cell,
        **{"units": (5,), **shape},
    )


def traced(spec: NetworkSpec, network: keras.Sequential, inputs: np.ndarray) -> tuple[Trace, ...]:
    layers = Layers(
        cell=spec.cell, units=spec.units, bidirectional=spec.bidirectional,
        segment_length=spec.segment_length, segment_units=spec.segment_units,
        activation=spec.activation, masked=spec.channels.padded,
    )  # fmt: skip
    return trace_gates(layers, named_weights(network), inputs)


@contextmanager
def heard(cell: keras.Layer) -> Iterator[list[np.ndarray]]:
    """Everything that the activation functions of a cell return, in order."""
    found: list[np.ndarray] = []
    before = {
        name: getattr(cell, name)
        for name in ("activation", "recurrent_activation")
        if hasattr(cell, name)
    }

    def spy(function: Callable[[Any], Any]) -> Callable[[Any], Any]:
        def listening(values: Any) -> Any:
            found.append(np.asarray(result := function(values)))
            return result

        return listening

    for name, function in before.items():
        setattr(cell, name, spy(function))
    try:
        yield found
    finally:
        for name, function in before.items():
            setattr(cell, name, function)


def steps_of(
    kind: Cell, cell: keras.Layer, x: np.ndarray, seen: np.ndarray, *, backward: bool
) -> dict[str, np.ndarray]:
    """What Keras' own cell computes at every step of sequences (n, steps, width), NaN where a step
    is not seen.
    """
    n, steps, _ = x.shape
    states = [np.zeros((n, cell.units), np.float32) for _ in range(2 if "lstm" in kind else 1)]
    found = {name: np.full((n, steps, cell.units), np.nan) for name in QUANTITIES[kind]}
    for step in reversed(range(steps)) if backward else range(steps):
        with heard(cell) as values:
            _, new = cell(x[:, step], states if len(states) > 1 else states[0])
        new = list(new) if isinstance(new, list | tuple) else [new]
        now = dict(zip(HEARD[kind], values, strict=True))
        now |= dict(zip(("hidden_state", "cell_state"), map(np.asarray, new), strict=False))
        if kind == "coupled_lstm":
            now["forget_gate"] = 1 - now["input_gate"]
        here = seen[:, step, None]
        for name in found:
            found[name][:, step] = np.where(here, now[name], np.nan)
        states = [
            np.where(here, after, state)
            for after, state in zip(map(np.asarray, new), states, strict=True)
        ]
    return found


def parts_of(layer: keras.Layer) -> list[keras.layers.RNN]:
    if isinstance(layer, keras.layers.Bidirectional):
        return [layer.forward_layer, layer.backward_layer]
    return [getattr(layer, "recurrent", layer)]


@pytest.mark.parametrize("shape", SHAPES)
@pytest.mark.parametrize("cell", get_args(Cell))
def test_every_gate_and_state_is_that_of_keras_on_a_hundred_windows(cell: Cell, shape: str) -> None:
    spec = spec_of(cell, **SHAPES[shape])
    network, inputs = randomised(spec), windows(masked=spec.channels.padded)
    traces = iter(traced(spec, network, inputs))
    x = inputs.reshape(WINDOWS, spec.n_steps, -1)
    seen = (x != 0).any(axis=2) if spec.channels.padded else np.ones(x.shape[:2], bool)
    if spec.segment_units:
        x = np.asarray(network.get_layer("segment")(x))
    for number in range(len(spec.units)):
        halves = []
        for part in parts_of(network.get_layer(f"recurrent_{number}")):
            trace = next(traces)
            expected = steps_of(cell, part.cell, x, seen, backward=part.go_backwards)
            assert (trace.layer, trace.backward) == (number + 1, part.go_backwards)
            assert tuple(trace.quantities) == QUANTITIES[cell]
            for name, values in trace.quantities.items():
                np.testing.assert_allclose(
                    values, expected[name], rtol=1e-5, atol=1e-5, err_msg=name
                )
            halves.append(np.nan_to_num(expected["hidden_state"]))
        x = np.concatenate(halves, axis=2).astype(np.float32)
    assert next(traces, None) is None


@pytest.mark.parametrize("shape", [name for name in SHAPES if name != "parallel decoder"])
@pytest.mark.parametrize("cell", get_args(Cell))
def test_what_the_output_is_computed_from_is_the_last_state_in_the_direction_of_reading(
    cell: Cell, shape: str
) -> None:
    spec = spec_of(cell, **SHAPES[shape])
    network, inputs = randomised(spec), windows(masked=spec.channels.padded)
    last = network.get_layer(f"recurrent_{len(spec.units) - 1}")
    handed_on = np.asarray(keras.Model(network.inputs, last.output)(inputs))
    found = []
    for trace in traced(spec, network, inputs):
        if trace.layer == len(spec.units):
            hidden = trace.quantities["hidden_state"]
            first = np.isfinite(hidden[..., 0]).argmax(axis=1)  # behind the padding
            found.append(hidden[np.arange(WINDOWS), first] if trace.backward else hidden[:, -1])
    np.testing.assert_allclose(np.concatenate(found, axis=1), handed_on, rtol=1e-5, atol=1e-5)


@pytest.mark.parametrize("activation", get_args(Activation))
def test_segments_are_folded_by_every_activation_as_in_keras(activation: Activation) -> None:
    spec = spec_of("gru", segment_length=4, segment_units=6, activation=activation)
    network, inputs = randomised(spec), windows(masked=False)
    (trace,) = traced(spec, network, inputs)
    handed_on = keras.Model(network.inputs, network.get_layer("recurrent_0").output)(inputs)
    np.testing.assert_allclose(
        trace.quantities["hidden_state"][:, -1], handed_on, rtol=1e-5, atol=1e-5
    )


def test_gates_lie_between_0_and_1_however_large_the_values() -> None:
    spec = spec_of("lstm")
    (trace,) = traced(spec, randomised(spec), 1e6 * windows(masked=False))
    for name in ("input_gate", "forget_gate", "output_gate"):
        gate = trace.quantities[name]
        assert gate.min() >= 0
        assert gate.max() <= 1


def test_a_weight_that_is_missing_or_of_another_shape_is_named() -> None:
    spec = spec_of("peephole_lstm")
    weights = named_weights(randomised(spec))
    layers, inputs = Layers(cell="peephole_lstm", units=(5,)), windows(masked=False)
    without = {name: weight for name, weight in weights.items() if not name.endswith("peephole")}
    with pytest.raises(
        ValueError, match=r"recurrent_0.peephole: expected shape \(3, 5\), received nothing"
    ):
        trace_gates(layers, without, inputs)
    wrong = {**weights, "recurrent_0.bias": np.zeros(3, np.float32)}
    with pytest.raises(
        ValueError, match=r"recurrent_0.bias: expected shape \(20,\), received shape \(3,\)"
    ):
        trace_gates(layers, wrong, inputs)


def trace_of(gate: str, shares: list[float], hidden: np.ndarray | None = None) -> Trace:
    """A layer whose units keep constant shares of their state for 40 steps."""
    values = np.broadcast_to(shares, (1, 40, len(shares)))
    return Trace(1, False, {gate: values, "hidden_state": values if hidden is None else hidden})


@pytest.mark.parametrize("gate", ["forget_gate", "update_gate"])
def test_a_unit_remembers_as_long_as_its_state_takes_to_fall_to_one_in_e(gate: str) -> None:
    lengths = memory_lengths(trace_of(gate, [0.0, 0.5, math.exp(-1 / 8), 1.0]))
    assert lengths == pytest.approx([0, 1 / math.log(2), 8, math.inf])
    assert 0.5 ** lengths[1] == pytest.approx(math.exp(-1))


def test_units_are_grouped_by_memory_and_ordered_by_how_they_follow_the_values() -> None:
    rises = np.linspace(0, 1, 40)
    signs = np.array([-1, 1, 1, -1, 0, 1])
    trace = trace_of(
        "forget_gate", [0.99, 0.98, 0.9, 0.88, 0.9, 0.1], (rises[:, None] * signs)[None]
    )
    groups = {group.name: group.units for group in memory_groups(trace, rises)}
    assert groups == {"long": (1, 0), "medium": (2, 4, 3), "short": (5,)}


def test_padding_counts_for_no_memory() -> None:
    trace = trace_of("forget_gate", [0.5, 0.98])
    padded = {name: np.concatenate([np.full((1, 60, 2), np.nan), values], axis=1)
              for name, values in trace.quantities.items()}  # fmt: skip
    later = Trace(1, False, padded)
    np.testing.assert_allclose(memory_lengths(later), memory_lengths(trace))
    values = np.arange(100.0)
    assert memory_groups(later, values) == memory_groups(trace, values[60:])


def test_a_plain_rnn_has_no_gate_that_says_how_long_it_remembers() -> None:
    spec = spec_of("rnn")
    (trace,) = traced(spec, randomised(spec), windows(masked=False))
    assert (keeping_gate(trace), memory_lengths(trace)) == (None, None)
    (group,) = memory_groups(trace, np.arange(float(ROWS)))
    assert (group.name, sorted(group.units)) == ("all", [0, 1, 2, 3, 4])
