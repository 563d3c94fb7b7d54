"""What the recurrent layers of a network do along a window: gates and states, from its weights.

The equations are those of Keras' layers and of our two cells, in NumPy and float64. For step t,
with x_t what the layer sees, h_t its hidden state, c_t its cell state, s the logistic function and
* the elementwise product:

    LSTM (Hochreiter and Schmidhuber 1997, "Long Short-Term Memory"; with the forget gate of Gers,
    Schmidhuber and Cummins 2000, "Learning to Forget"): four blocks i, f, g, o of
    W x_t + R h_{t-1} + b; the input gate is s(i), the forget gate s(f), the output gate s(o), the
    candidate tanh(g); c_t = forget * c_{t-1} + input * candidate, h_t = output * tanh(c_t).
    Peephole LSTM (Gers and Schmidhuber 2000, "Recurrent Nets That Time and Count"): i and f also
    see p * c_{t-1}, and o sees p * c_t.
    Coupled LSTM (CIFG in Greff et al. 2017, "LSTM: A Search Space Odyssey"): the forget gate is
    1 - input gate.
    GRU (Cho et al. 2014, "Learning Phrase Representations using RNN Encoder-Decoder", with the
    reset gate after the product, as in Keras): h_t = update * h_{t-1} + (1 - update) * candidate,
    where the candidate is tanh(W x_t + b + reset * (R h_{t-1} + b')).
    Plain RNN (Elman 1990, "Finding Structure in Time"): h_t = tanh(W x_t + R h_{t-1} + b).
"""

import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from lstm_forecast.config.network import Activation, Cell
from lstm_forecast.documents import described
from lstm_forecast.model.onnx.cells import cell_shapes

__all__ = [
    "QUANTITIES", "Group", "Layers", "Trace", "keeping_gate", "memory_groups", "memory_lengths",
    "trace_gates",
]  # fmt: skip

Floats = NDArray[np.float64]
Weights = Mapping[str, NDArray[np.float32]]
Step = Callable[[Mapping[str, Floats], Floats, Floats, Floats], dict[str, Floats]]

_LSTM = ("input_gate", "forget_gate", "output_gate", "candidate", "cell_state", "hidden_state")
QUANTITIES: dict[Cell, tuple[str, ...]] = {
    "lstm": _LSTM,
    "peephole_lstm": _LSTM,
    "coupled_lstm": _LSTM,
    "gru": ("update_gate", "reset_gate", "candidate", "hidden_state"),
    "rnn": ("hidden_state",),
}
"""What each cell computes at a step: gates from 0 to 1, then what they act on."""
# The share of its state that a unit keeps at a step; what replaces it has another name here.
KEEPING = ("forget_gate", "update_gate")
# Memory lengths, as shares of the steps of a window, from which a unit is of that group.
SHORT, MEDIUM, LONG = "short", "medium", "long"
MEDIUM_FROM, LONG_FROM = 0.125, 0.5


@dataclass(frozen=True, kw_only=True)
class Layers:
    """What a network has before its Dense layers: enough to compute its gates from its weights."""

    cell: Cell
    units: tuple[int, ...]  # of each recurrent layer
    bidirectional: bool = False
    segment_length: int = 1  # rows of one recurrent step; divides those of the window
    segment_units: int = 0  # width of the Dense layer on each segment; 0: none
    activation: Activation = "relu"  # of that layer
    masked: bool = False  # rows that are 0 in every feature are padding, and skipped


@dataclass(frozen=True)
class Trace:
    """One recurrent layer that reads windows in one direction.

    Arrays are (n, steps, units), NaN where a step is padding. Steps are in the order of the window,
    whatever the direction.
    """

    layer: int  # from 1, the first behind the input
    backward: bool
    quantities: Mapping[str, Floats]  # those of the cell, see QUANTITIES


@dataclass(frozen=True)
class Group:
    """Units of a layer that remember about as long."""

    name: str = field(metadata=described("short, medium or long; all where nothing tells."))
    units: tuple[int, ...] = field(
        metadata=described("Numbers of the units from 0, in the order of the picture.")
    )


def trace_gates(layers: Layers, weights: Weights, inputs: NDArray[np.float32]) -> tuple[Trace, ...]:
    """Compute what every recurrent layer does at every step of windows.

    ``inputs`` (n, rows, features) are normalised windows, ``weights`` those of the network by name,
    such as ``recurrent_0.kernel``. Layers come in their order, each forwards, then backwards if the
    network is bidirectional.

    Raises ValueError if a weight is missing or does not fit.
    """
    n, rows, features = inputs.shape
    width = layers.segment_length * features
    x = inputs.astype(np.float64).reshape(n, rows // layers.segment_length, width)
    seen = (x != 0).any(axis=2) if layers.masked else np.ones(x.shape[:2], bool)
    if layers.segment_units:
        shapes = {"kernel": (width, layers.segment_units), "bias": (layers.segment_units,)}
        segment = _part(weights, "segment", shapes)
        x = ACTIVATIONS[layers.activation](x @ segment["kernel"] + segment["bias"])
    traces: list[Trace] = []
    for number, units in enumerate(layers.units):
        prefix = f"recurrent_{number}"
        shapes = cell_shapes(layers.cell, x.shape[2], units)
        halves = [
            Trace(number + 1, False, _read(layers.cell, _part(weights, prefix, shapes), x, seen))
        ]
        if layers.bidirectional:
            own = _part(weights, f"{prefix}.backward", shapes)
            quantities = _read(layers.cell, own, x[:, ::-1], seen[:, ::-1])
            halves.append(
                Trace(number + 1, True, {name: each[:, ::-1] for name, each in quantities.items()})
            )
        traces += halves
        x = np.concatenate([half.quantities["hidden_state"] for half in halves], axis=2)
    return tuple(traces)


def keeping_gate(trace: Trace) -> str | None:
    """Name the gate that says which share of its state a unit keeps; None for a plain RNN."""
    return next((name for name in KEEPING if name in trace.quantities), None)


def memory_lengths(trace: Trace, window: int = 0) -> Floats | None:
    """Return how many steps each unit remembers in a window, (units,); None for a plain RNN.

    A unit that keeps the share f of its state at every step holds f^k = exp(-k / T) of it after k
    steps, with T = -1 / ln f: the time scale of a gated unit (Tallec and Ollivier 2018, "Can
    Recurrent Neural Networks Warp Time?"; Mahto et al. 2021, "Multi-timescale Representation
    Learning in LSTM Language Models"). Here f is the mean of the forget gate over the steps of the
    window, in a GRU that of the update gate. Infinite where it is 1.
    """
    name = keeping_gate(trace)
    if name is None:
        return None
    with np.errstate(divide="ignore"):  # a gate of 0 remembers for 0 steps, one of 1 for ever
        lengths: Floats = -1 / np.log(np.nanmean(trace.quantities[name][window], axis=0))
    return np.abs(lengths)  # no -0


def memory_groups(trace: Trace, values: Floats, window: int = 0) -> tuple[Group, ...]:
    """Group the units of a layer by how long they remember in a window, the longest first.

    Long is half of the window's steps or more, short less than an eighth. A plain RNN has one group
    of all its units; empty groups are left out. Inside a group, units whose hidden state rises and
    falls with ``values`` (steps,) come first, those that do the opposite last.
    """
    hidden = trace.quantities["hidden_state"][window]
    seen = np.isfinite(hidden[:, 0])
    order = np.argsort(-_correlations(hidden[seen], values[seen]), kind="stable")
    lengths = memory_lengths(trace, window)
    if lengths is None:
        return (Group("all", tuple(order.tolist())),)
    names = np.array([SHORT, MEDIUM, LONG])[
        np.digitize(lengths / seen.sum(), [MEDIUM_FROM, LONG_FROM])
    ]
    groups = (
        Group(name, tuple(order[names[order] == name].tolist())) for name in (LONG, MEDIUM, SHORT)
    )
    return tuple(group for group in groups if group.units)


def _correlations(hidden: Floats, values: Floats) -> Floats:
    """Pearson's, of each unit (steps, units) with the values (steps,); 0 where one is constant."""
    hidden, values = hidden - hidden.mean(axis=0), values - values.mean()
    scale = np.sqrt((hidden**2).sum(axis=0) * (values**2).sum())
    return np.asarray(np.where(scale > 0, values @ hidden / np.where(scale > 0, scale, 1), 0))


def _read(
    cell: Cell, weights: Mapping[str, Floats], x: Floats, seen: NDArray[np.bool_]
) -> dict[str, Floats]:
    """Every quantity of a layer that reads ``x`` (n, steps, width) from its first step on."""
    n, steps, _ = x.shape
    units = len(weights["recurrent_kernel"])
    found = {name: np.full((n, steps, units), np.nan) for name in QUANTITIES[cell]}
    h = c = np.zeros((n, units))
    for step in range(steps):
        now, here = STEPS[cell](weights, x[:, step], h, c), seen[:, step, None]
        for name, values in now.items():
            found[name][:, step] = np.where(here, values, np.nan)
        h, c = np.where(here, now["hidden_state"], h), np.where(here, now.get("cell_state", c), c)
    return found


def _lstm(w: Mapping[str, Floats], x: Floats, h: Floats, c: Floats) -> dict[str, Floats]:
    z_i, z_f, z_g, z_o = np.split(
        x @ w["kernel"] + h @ w["recurrent_kernel"] + w["bias"], 4, axis=1
    )
    p_i, p_f, p_o = w.get("peephole", np.zeros((3, 1)))
    i, f, g = _sigmoid(z_i + p_i * c), _sigmoid(z_f + p_f * c), np.tanh(z_g)
    c = f * c + i * g
    return _lstm_step(i, f, _sigmoid(z_o + p_o * c), g, c)


def _coupled(w: Mapping[str, Floats], x: Floats, h: Floats, c: Floats) -> dict[str, Floats]:
    z_i, z_g, z_o = np.split(x @ w["kernel"] + h @ w["recurrent_kernel"] + w["bias"], 3, axis=1)
    i, g = _sigmoid(z_i), np.tanh(z_g)
    return _lstm_step(i, 1 - i, _sigmoid(z_o), g, (1 - i) * c + i * g)


def _lstm_step(i: Floats, f: Floats, o: Floats, g: Floats, c: Floats) -> dict[str, Floats]:
    return dict(zip(_LSTM, (i, f, o, g, c, o * np.tanh(c)), strict=True))


def _gru(w: Mapping[str, Floats], x: Floats, h: Floats, c: Floats) -> dict[str, Floats]:
    x_z, x_r, x_g = np.split(x @ w["kernel"] + w["bias"][0], 3, axis=1)
    h_z, h_r, h_g = np.split(h @ w["recurrent_kernel"] + w["bias"][1], 3, axis=1)
    z, r = _sigmoid(x_z + h_z), _sigmoid(x_r + h_r)
    g = np.tanh(x_g + r * h_g)
    return {"update_gate": z, "reset_gate": r, "candidate": g, "hidden_state": z * h + (1 - z) * g}


def _rnn(w: Mapping[str, Floats], x: Floats, h: Floats, c: Floats) -> dict[str, Floats]:
    return {"hidden_state": np.tanh(x @ w["kernel"] + h @ w["recurrent_kernel"] + w["bias"])}


STEPS: dict[Cell, Step] = {
    "lstm": _lstm,
    "peephole_lstm": _lstm,
    "coupled_lstm": _coupled,
    "gru": _gru,
    "rnn": _rnn,
}


def _part(
    weights: Weights, prefix: str, shapes: Mapping[str, tuple[int, ...]]
) -> dict[str, Floats]:
    """The weights of one layer by their own names, checked."""
    found = {}
    for name, shape in shapes.items():
        weight = weights.get(f"{prefix}.{name}")
        if weight is None or weight.shape != shape:
            received = "nothing" if weight is None else f"shape {weight.shape}"
            raise ValueError(
                f"the weight {prefix}.{name}: expected shape {shape}, received {received}"
            )
        found[name] = weight.astype(np.float64)
    return found


def _sigmoid(x: Floats) -> Floats:
    return np.asarray(0.5 * (1 + np.tanh(0.5 * x)))  # no overflow, however large x is


def _gelu(x: Floats) -> Floats:
    return np.asarray(0.5 * x * (1 + np.vectorize(math.erf, otypes=[float])(x / math.sqrt(2))))


ACTIVATIONS: dict[Activation, Callable[[Floats], Floats]] = {
    "relu": lambda x: np.maximum(x, 0),
    "tanh": np.tanh,
    "sigmoid": _sigmoid,
    "elu": lambda x: np.where(x > 0, x, np.expm1(np.minimum(x, 0))),
    "gelu": _gelu,
    "linear": lambda x: x,
}
