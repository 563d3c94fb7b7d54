"""The network as an ONNX graph of native recurrent operators, from its spec and weights, without Keras."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from onnx import NodeProto, TensorProto, ValueInfoProto, helper, numpy_helper

from lstm_forecast.config.schema import Activation, Cell
from lstm_forecast.model.spec import NetworkSpec

__all__ = ["IR_VERSION", "OPERATORS", "OPSET", "onnx_graph", "weight_shapes"]

OPSET, IR_VERSION = 21, 10

_ACTIVATIONS: dict[Activation, str] = {  # "linear" needs none
    "relu": "Relu",
    "tanh": "Tanh",
    "sigmoid": "Sigmoid",
    "elu": "Elu",
    "gelu": "Gelu",
}


@dataclass(frozen=True)
class _OnnxCell:
    """How ONNX computes a Keras cell."""

    operator: str
    n_gates: int  # in Keras
    order: tuple[int, ...]  # the Keras gate that each ONNX gate is; -1: ONNX ignores that gate's weights
    attributes: dict[str, Any] = field(default_factory=dict)


# Keras has i, f, c, o and z, r, h; ONNX has i, o, f, c and z, r, h. The coupled cell has i, c, o: with
# `input_forget`, ONNX Runtime computes f = 1 - i and never reads the weights of f.
_CELLS: dict[Cell, _OnnxCell] = {
    "lstm": _OnnxCell("LSTM", 4, (0, 3, 1, 2)),
    "peephole_lstm": _OnnxCell("LSTM", 4, (0, 3, 1, 2)),
    "coupled_lstm": _OnnxCell("LSTM", 3, (0, 2, -1, 1), {"input_forget": 1}),
    "gru": _OnnxCell("GRU", 3, (0, 1, 2), {"linear_before_reset": 1}),
    "rnn": _OnnxCell("RNN", 1, (0,)),
}

OPERATORS: frozenset[str] = frozenset(
    {"Add", "Cast", "Ceil", "Div", "MatMul", "ReduceSum", "Reshape", "ReverseSequence", "Slice", "Transpose"}
    | {"Unsqueeze", *_ACTIVATIONS.values(), *(cell.operator for cell in _CELLS.values())}
)
"""Every operator that a graph of ours may contain, all of the default ONNX domain."""


def weight_shapes(spec: NetworkSpec) -> dict[str, tuple[int, ...]]:
    """List the shape of each weight of `build_network(spec)` by name, in the order of its layers."""
    shapes: dict[str, tuple[int, ...]] = {}

    def dense(name: str, width: int, units: int) -> int:
        shapes[f"{name}.kernel"], shapes[f"{name}.bias"] = (width, units), (units,)
        return units

    width = spec.segment_length * spec.n_features
    if spec.segment_units:
        width = dense("segment", width, spec.segment_units)
    for i, units in enumerate(spec.units):
        for prefix in _directions(spec, i):
            shapes |= {f"{prefix}.{k}": shape for k, shape in _cell_shapes(spec.cell, width, units).items()}
        width = units * len(_directions(spec, i))
    for i, units in enumerate(spec.dense):
        width = dense(f"dense_{i}", width, units)
    dense("output", width, spec.horizon * spec.n_targets * len(spec.quantiles))
    return shapes


def _cell_shapes(cell: Cell, width: int, units: int) -> dict[str, tuple[int, ...]]:
    columns = _CELLS[cell].n_gates * units
    bias = (2, columns) if cell == "gru" else (columns,)
    shapes: dict[str, tuple[int, ...]] = {
        "kernel": (width, columns),
        "recurrent_kernel": (units, columns),
        "bias": bias,
    }
    return shapes | ({"peephole": (3, units)} if cell == "peephole_lstm" else {})


def _directions(spec: NetworkSpec, index: int) -> list[str]:
    name = f"recurrent_{index}"
    return [name, f"{name}.backward"] if spec.bidirectional else [name]


def onnx_graph(
    spec: NetworkSpec, weights: Mapping[str, np.ndarray], *, linear: tuple[np.ndarray, np.ndarray] | None
) -> bytes:
    """Serialise the network as an ONNX model, with the linear part added if there is one.

    Input `window` (batch, context_length, n_features); output `prediction` (batch, horizon, n_targets,
    n_quantiles) and, with a linear part, `linear` (batch, horizon, n_targets); all float32, any batch size.
    Equal arguments give equal bytes.

    Args:
        spec: what the network is made of.
        weights: by the names and of the shapes that `weight_shapes` gives.
        linear: kernel (n_targets, context_length, horizon) and bias (n_targets, horizon), which apply to the
            first n_targets features.
    """
    graph = _Graph(weights)
    shape = [spec.horizon, spec.n_targets, len(spec.quantiles)]
    outputs = [_value("prediction", *shape)]
    network = _network(graph, spec)
    if linear is None:
        graph.add("Reshape", network, graph.constant([-1, *shape]), output="prediction")
    else:
        network = graph.add("Reshape", network, graph.constant([-1, *shape]))
        per_quantile = graph.add("Unsqueeze", _linear(graph, spec, *linear), graph.constant([-1]))
        graph.add("Add", network, per_quantile, output="prediction")
        outputs.append(_value("linear", *shape[:2]))
    window = _value("window", spec.context_length, spec.n_features)
    return graph.model([window], outputs)


class _Graph:
    """Nodes and constants of a graph that is being written."""

    def __init__(self, weights: Mapping[str, np.ndarray]) -> None:
        self.weights = weights
        self.nodes: list[NodeProto] = []
        self.constants: list[TensorProto] = []

    def add(self, operator: str, *inputs: str, output: str = "", place: int = 0, **attributes: Any) -> str:
        """Add a node, of whose outputs only the one at `place` is wanted; return that output's name."""
        output = output or f"{operator}_{len(self.nodes)}"
        outputs = [""] * place + [output]
        self.nodes.append(helper.make_node(operator, inputs, outputs, name=output, **attributes))
        return output

    def constant(self, values: Any) -> str:
        """Add a constant, of type int64 or float32; return its name."""
        array = np.asarray(values)
        array = array.astype(np.int64 if array.dtype.kind == "i" else np.float32)
        name = f"constant_{len(self.constants)}"
        self.constants.append(numpy_helper.from_array(array, name))
        return name

    def dense(self, x: str, layer: str, activation: Activation = "linear") -> str:
        product = self.add("MatMul", x, self.constant(self.weights[f"{layer}.kernel"]))
        total = self.add("Add", product, self.constant(self.weights[f"{layer}.bias"]))
        return self.add(_ACTIVATIONS[activation], total) if activation in _ACTIVATIONS else total

    def model(self, inputs: list[ValueInfoProto], outputs: list[ValueInfoProto]) -> bytes:
        graph = helper.make_graph(self.nodes, "forecast", inputs, outputs, self.constants)
        opset = helper.make_opsetid("", OPSET)
        model = helper.make_model(graph, producer_name="forecast", opset_imports=[opset], ir_version=IR_VERSION)
        return bytes(model.SerializeToString(deterministic=True))


def _value(name: str, *shape: int) -> ValueInfoProto:
    return helper.make_tensor_value_info(name, TensorProto.FLOAT, ["batch", *shape])


def _network(graph: _Graph, spec: NetworkSpec) -> str:
    """Write all layers but the last Reshape: (batch, horizon * n_targets * n_quantiles)."""
    folded = graph.constant([-1, spec.n_steps, spec.segment_length * spec.n_features])
    x = graph.add("Reshape", "window", folded)
    x = graph.add("Transpose", x, perm=[1, 0, 2])  # ONNX wants (steps, batch, features)
    lengths = ""
    if spec.masked:
        x, lengths = _left_aligned(graph, spec, x)
    if spec.segment_units:
        x = graph.dense(x, "segment", spec.activation)
    for i in range(len(spec.units)):
        x = _recurrent(graph, spec, i, x, lengths)
    for i in range(len(spec.dense)):
        x = graph.dense(x, f"dense_{i}", spec.activation)
    return graph.dense(x, "output")


def _left_aligned(graph: _Graph, spec: NetworkSpec, x: str) -> tuple[str, str]:
    """Move padding to the end of (steps, batch, features), and count the steps before it: (batch,).

    ONNX' recurrent operators skip padding at the end only. Reversing all of time, and then the observed part
    alone, keeps the order of the observed steps.
    """
    flag = _slice(graph, "window", 2, spec.n_features - 1, spec.n_features)
    rows = graph.add("ReduceSum", flag, graph.constant([1, 2]), keepdims=0)
    steps = graph.add("Ceil", graph.add("Div", rows, graph.constant(float(spec.segment_length))))
    reversed_x = _slice(graph, x, 0, -1, -spec.n_steps - 1, step=-1)
    lengths64 = graph.add("Cast", steps, to=TensorProto.INT64)
    x = graph.add("ReverseSequence", reversed_x, lengths64, time_axis=0, batch_axis=1)
    return x, graph.add("Cast", steps, to=TensorProto.INT32)


def _slice(graph: _Graph, x: str, axis: int, start: int, stop: int, step: int = 1) -> str:
    return graph.add("Slice", x, *(graph.constant([n]) for n in (start, stop, axis, step)))


def _recurrent(graph: _Graph, spec: NetworkSpec, index: int, x: str, lengths: str) -> str:
    """Map (steps, batch, features) to (steps, batch, width), or in the last layer to (batch, width)."""
    cell, units, directions = _CELLS[spec.cell], spec.units[index], _directions(spec, index)
    parts = [_cell_inputs(graph.weights, name, cell) for name in directions]
    w, r, b, *peepholes = (graph.constant(np.stack(halves)) for halves in zip(*parts, strict=True))
    last = index == len(spec.units) - 1
    y = graph.add(
        cell.operator,
        *(x, w, r, b, lengths, *(["", ""] if peepholes else []), *peepholes),  # "": initial h and c are 0
        place=1 if last else 0,  # outputs: every step; the last step
        hidden_size=units,
        direction="bidirectional" if spec.bidirectional else "forward",
        **cell.attributes,
    )
    # y is (steps, directions, batch, units), or (directions, batch, units) in the last layer.
    width = units * len(directions)
    side_by_side = graph.add("Transpose", y, perm=[1, 0, 2] if last else [0, 2, 1, 3])
    return graph.add("Reshape", side_by_side, graph.constant([-1, width] if last else [spec.n_steps, -1, width]))


def _cell_inputs(weights: Mapping[str, np.ndarray], prefix: str, cell: _OnnxCell) -> list[np.ndarray]:
    """Reorder to ONNX: W (gates * units, features), R (gates * units, units), biases (flat), peepholes (flat)."""

    def ordered(weight: np.ndarray) -> np.ndarray:
        gates = np.split(weight, cell.n_gates, axis=-1)
        ignored = np.zeros_like(gates[0])
        return np.concatenate([ignored if gate < 0 else gates[gate] for gate in cell.order], axis=-1)

    bias = np.atleast_2d(ordered(weights[f"{prefix}.bias"]))  # Keras' GRU alone has a second, recurrent row
    biases = np.concatenate([bias, np.zeros_like(bias)])[:2].ravel()
    inputs = [
        ordered(weights[f"{prefix}.kernel"]).T,
        ordered(weights[f"{prefix}.recurrent_kernel"]).T,
        biases,
    ]
    if (peephole := weights.get(f"{prefix}.peephole")) is not None:
        inputs.append(peephole[[0, 2, 1]].ravel())  # i, f, o in Keras; i, o, f in ONNX
    return inputs


def _linear(graph: _Graph, spec: NetworkSpec, kernel: np.ndarray, bias: np.ndarray) -> str:
    """Write the linear part (batch, horizon, n_targets) as output `linear`."""
    targets = _slice(graph, "window", 2, 0, spec.n_targets)
    past = graph.add("Transpose", targets, perm=[2, 0, 1])  # a matrix product per target
    product = graph.add("MatMul", past, graph.constant(kernel))
    total = graph.add("Add", product, graph.constant(bias[:, np.newaxis]))
    return graph.add("Transpose", total, perm=[1, 2, 0], output="linear")
