"""The network as an ONNX graph of native recurrent operators, from its spec and weights, without
Keras.
"""

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from onnx import TensorProto

from lstm_forecast.config.network import Activation
from lstm_forecast.model.ensemble import Member, median_of
from lstm_forecast.model.onnx.cells import CELLS, OnnxCell, cell_inputs, cell_shapes
from lstm_forecast.model.onnx.linear import write_linear
from lstm_forecast.model.onnx.writer import IR_VERSION, OPSET, Graph
from lstm_forecast.model.spec import NetworkSpec

__all__ = ["IR_VERSION", "OPERATORS", "OPSET", "n_parameters", "onnx_graph", "weight_shapes"]

_ACTIVATIONS: dict[Activation, str] = {  # "linear" needs none
    "relu": "Relu",
    "tanh": "Tanh",
    "sigmoid": "Sigmoid",
    "elu": "Elu",
    "gelu": "Gelu",
}


OPERATORS: frozenset[str] = frozenset(
    {
        "Add",
        "Cast",
        "Ceil",
        "Concat",
        "Div",
        "Expand",
        "Identity",
        "Log",
        "MatMul",
        "Max",
        "Mean",
        "Min",
        "Mul",
    }
    | {
        "ReduceMean",
        "ReduceSum",
        "Reshape",
        "ReverseSequence",
        "Shape",
        "Slice",
        "Softmax",
        "Sub",
        "Transpose",
    }
    | {
        "Unsqueeze",
        *_ACTIVATIONS.values(),
        *(cell.operator for cell in CELLS.values()),
    }
)
"""Every operator that a graph of ours may contain, all of the default ONNX domain."""


def n_parameters(spec: NetworkSpec) -> int:
    """How many numbers the network learns."""
    return sum(map(math.prod, weight_shapes(spec).values()))


def weight_shapes(spec: NetworkSpec) -> dict[str, tuple[int, ...]]:
    """List the shape of each weight of ``build_network(spec)`` by name, in layer order."""
    shapes: dict[str, tuple[int, ...]] = {}

    def dense(name: str, width: int, units: int) -> int:
        shapes[f"{name}.kernel"], shapes[f"{name}.bias"] = (width, units), (units,)
        return units

    width = spec.segment_length * spec.channels.n_features
    if spec.segment_units:
        width = dense("segment", width, spec.segment_units)
    for i, units in enumerate(spec.units):
        if _decodes(spec, i):
            shapes[f"recurrent_{i}.position"] = (spec.n_segments, width)
        for prefix in _directions(spec, i):
            shapes |= {
                f"{prefix}.{k}": shape for k, shape in cell_shapes(spec.cell, width, units).items()
            }
        width = units * len(_directions(spec, i))
    for i, units in enumerate(spec.dense):
        width = dense(f"dense_{i}", width, units)
    dense("output", width, math.prod(spec.output_shape))
    return shapes


def _decodes(spec: NetworkSpec, index: int) -> bool:
    return spec.parallel and index == len(spec.units) - 1


def _directions(spec: NetworkSpec, index: int) -> list[str]:
    name = f"recurrent_{index}"
    return [name, f"{name}.backward"] if spec.bidirectional else [name]


def onnx_graph(members: Sequence[Member]) -> bytes:
    """Serialise the median of the members as an ONNX model.

    Input `window` (batch, longest context_length, n_features), of which each member sees its newest
    steps; output `prediction` (batch, horizon, n_targets, n_quantiles); all float32, any batch
    size. Equal arguments give equal bytes.
    """
    specs = [member.spec for member in members]
    longest = max(specs, key=lambda spec: spec.framing.context_length)
    graph = Graph()
    graph.add(
        "Identity",
        median_of(
            [_member(graph, member, longest.framing.context_length) for member in members],
            low=lambda a, b: graph.add("Min", a, b),
            high=lambda a, b: graph.add("Max", a, b),
            mean=lambda a, b: graph.add("Mean", a, b),
        ),
        output="prediction",
    )
    shape = longest.framing.horizon, longest.channels.n_targets, len(longest.quantiles)
    return graph.model(
        {"window": (longest.framing.context_length, longest.channels.n_features)},
        {"prediction": shape},
    )


def _member(graph: Graph, member: Member, context_length: int) -> str:
    """Write one network and its linear part: (batch, horizon, n_targets, n_quantiles)."""
    spec, linear = member.spec, member.linear
    graph.weights = member.weights
    window = "window"
    if spec.framing.context_length < context_length:
        window = graph.slice(
            window, 1, context_length - spec.framing.context_length, context_length
        )
    n_steps, *rest = spec.output_shape
    total = spec.n_segments * n_steps
    network = graph.add(
        "Reshape", _network(graph, spec, window), graph.constant([-1, total, *rest])
    )
    if total > spec.framing.horizon:
        network = graph.slice(network, 1, 0, spec.framing.horizon)
    if linear is None:
        return network
    line = write_linear(graph, spec, window, linear)
    return graph.add("Add", network, graph.add("Unsqueeze", line, graph.constant([-1])))


def _network(graph: Graph, spec: NetworkSpec, window: str) -> str:
    """Write all layers but the last Reshape: (batch, [n_segments,] steps * n_targets *
    n_quantiles).
    """
    folded = graph.constant([-1, spec.n_steps, spec.segment_length * spec.channels.n_features])
    x = graph.add("Reshape", window, folded)
    x = graph.add("Transpose", x, perm=[1, 0, 2])  # ONNX wants (steps, batch, features)
    lengths = ""
    if spec.channels.padded:
        x, lengths = _left_aligned(graph, spec, window, x)
    if spec.segment_units:
        x = _dense(graph, x, "segment", spec.activation)
    for i in range(len(spec.units)):
        x = _recurrent(graph, spec, i, x, lengths)
    for i in range(len(spec.dense)):
        x = _dense(graph, x, f"dense_{i}", spec.activation)
    return _dense(graph, x, "output")


def _dense(graph: Graph, x: str, layer: str, activation: Activation = "linear") -> str:
    product = graph.add("MatMul", x, graph.constant(graph.weights[f"{layer}.kernel"]))
    total = graph.add("Add", product, graph.constant(graph.weights[f"{layer}.bias"]))
    return graph.add(_ACTIVATIONS[activation], total) if activation in _ACTIVATIONS else total


def _left_aligned(graph: Graph, spec: NetworkSpec, window: str, x: str) -> tuple[str, str]:
    """Move padding to the end of (steps, batch, features), and count the steps before it: (batch,).

    ONNX' recurrent operators skip padding at the end only. Reversing all of time, and then the
    observed part alone, keeps the order of the observed steps.
    """
    flag = graph.slice(window, 2, spec.channels.n_features - 1, spec.channels.n_features)
    rows = graph.add("ReduceSum", flag, graph.constant([1, 2]), keepdims=0)
    steps = graph.add("Ceil", graph.add("Div", rows, graph.constant(float(spec.segment_length))))
    reversed_x = graph.slice(x, 0, -1, -spec.n_steps - 1, step=-1)
    lengths64 = graph.add("Cast", steps, to=TensorProto.INT64)
    x = graph.add("ReverseSequence", reversed_x, lengths64, time_axis=0, batch_axis=1)
    return x, graph.add("Cast", steps, to=TensorProto.INT32)


def _recurrent(graph: Graph, spec: NetworkSpec, index: int, x: str, lengths: str) -> str:
    """Map (steps, batch, features) to (steps, batch, width), or in the last layer to (batch,
    [n_segments,] width).
    """
    layer = _Recurrent.of(graph, spec, index)
    every, *states = layer.run(x, lengths, [])
    if _decodes(spec, index):
        return _decoded(graph, spec, layer, states)
    last = index == len(spec.units) - 1
    side_by_side = graph.add(
        "Transpose", states[0] if last else every, perm=[1, 0, 2] if last else [0, 2, 1, 3]
    )
    shape = [-1, layer.width] if last else [spec.n_steps, -1, layer.width]
    return graph.add("Reshape", side_by_side, graph.constant(shape))


def _decoded(graph: Graph, spec: NetworkSpec, layer: "_Recurrent", states: Sequence[str]) -> str:
    """Run the layer for one more step for each output segment, all of them from the same states:
    (batch, n_segments, width).
    """
    batch = graph.add("Shape", states[0], start=1, end=2)
    segments, width = graph.constant([spec.n_segments]), layer.width
    repeated = graph.add(
        "Concat", graph.constant([1]), batch, graph.constant([spec.n_segments, width]), axis=0
    )
    flat = graph.constant([1, -1, width])
    states = [
        graph.add(
            "Reshape",
            graph.add("Expand", graph.add("Unsqueeze", state, graph.constant([2])), repeated),
            flat,
        )
        for state in states
    ]
    position = graph.weights[f"recurrent_{len(spec.units) - 1}.position"]
    places = graph.add("Concat", batch, segments, graph.constant([position.shape[1]]), axis=0)
    x = graph.add("Expand", graph.constant(position[np.newaxis]), places)
    x = graph.add("Reshape", x, graph.constant([1, -1, position.shape[1]]))
    return graph.add(
        "Reshape", layer.run(x, "", states)[1], graph.constant([-1, spec.n_segments, width])
    )


@dataclass(frozen=True)
class _Recurrent:
    """A recurrent layer whose weights stand in the graph already."""

    graph: Graph
    cell: OnnxCell
    units: int
    bidirectional: bool
    weights: tuple[str, ...]  # W, R, B and peepholes, each with one part for each direction

    @classmethod
    def of(cls, graph: Graph, spec: NetworkSpec, index: int) -> "_Recurrent":
        """Write the weights of the recurrent layer ``index``."""
        cell = CELLS[spec.cell]
        parts = [cell_inputs(graph.weights, name, cell) for name in _directions(spec, index)]
        weights = tuple(graph.constant(np.stack(halves)) for halves in zip(*parts, strict=True))
        return cls(graph, cell, spec.units[index], spec.bidirectional, weights)

    @property
    def width(self) -> int:
        """Units of all directions together."""
        return self.units * (2 if self.bidirectional else 1)

    def run(self, x: str, lengths: str, states: Sequence[str]) -> list[str]:
        """Every step (steps, directions, batch, units), then the states at the end (directions,
        batch, units).
        """
        w, r, b, *peepholes = self.weights
        initial = [*states, *[""] * (self.cell.n_states - len(states))]  # "": starts from 0
        return self.graph.node(
            self.cell.operator,
            (x, w, r, b, lengths, *initial, *peepholes),
            1 + self.cell.n_states,
            hidden_size=self.units,
            direction="bidirectional" if self.bidirectional else "forward",
            **self.cell.attributes,
        )
