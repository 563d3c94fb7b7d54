"""The pretrained network: its sizes, its weights by name, and its ONNX graph."""

import math
from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np

from lstm_forecast.model.onnx.cells import CELLS, cell_inputs, cell_shapes
from lstm_forecast.model.onnx.writer import Graph
from lstm_forecast.model.pretrained.inputs import N_CUT, N_STEP
from lstm_forecast.model.pretrained.season import HORIZON
from lstm_forecast.model.pretrained.simple import SIMPLE

__all__ = ["MIDDLE", "QUANTILES", "STRETCHES", "Architecture", "network_graph"]

QUANTILES = (0.025, 0.1, 0.25, 0.5, 0.75, 0.9, 0.975)
MIDDLE = len(QUANTILES) // 2
LAST = 2**31  # where a slice ends that takes all
# The last steps of the parts of the horizon that weigh the simple forecasts in ways of their own.
STRETCHES = (1, 2, 4, 8, 16, 28, HORIZON)


@dataclass(frozen=True)
class Architecture:
    """Sizes of the network: a dense layer a step, recurrent layers, each added to what it sees, and
    two dense layers at the cutoff.
    """

    units: int = 128
    layers: int = 1
    hidden: int = 192

    @property
    def shapes(self) -> dict[str, tuple[int, ...]]:
        """The shape of each weight by name, in the order of the layers."""
        shapes: dict[str, tuple[int, ...]] = {}

        def dense(name: str, width: int, units: int) -> None:
            shapes[f"{name}.kernel"], shapes[f"{name}.bias"] = (width, units), (units,)

        dense("segment", N_STEP, self.units)
        for k in range(self.layers):
            cell = cell_shapes("lstm", self.units, self.units)
            shapes |= {f"recurrent_{k}.{name}": shape for name, shape in cell.items()}
        dense("cut", self.units + N_CUT, self.hidden)
        dense("hidden", self.hidden, self.hidden)
        dense("weights", self.hidden, len(STRETCHES) * len(SIMPLE))
        dense("output", self.hidden, HORIZON * len(QUANTILES))
        return shapes

    @property
    def n_parameters(self) -> int:
        """How many numbers the network learns."""
        return sum(map(math.prod, self.shapes.values()))

    @classmethod
    def of(cls, weights: Mapping[str, np.ndarray]) -> "Architecture":
        """The sizes that the weights have.

        Raises:
            ValueError: they are not the weights of such a network.
        """
        layers = sum(name.endswith(".recurrent_kernel") for name in weights)
        units = weights["segment.bias"].size if "segment.bias" in weights else 0
        hidden = weights["hidden.bias"].size if "hidden.bias" in weights else 0
        found = cls(units, layers, hidden)
        if found.shapes != {name: weight.shape for name, weight in weights.items()}:
            raise ValueError("these are not the weights of a pretrained network of this version")
        return found


def network_graph(weights: Mapping[str, np.ndarray]) -> bytes:
    """Serialise the network as an ONNX model.

    Inputs are `steps` (batch, any number of steps, N_STEP), `cut` (batch, N_CUT) and `simple`
    (batch, n_simple, HORIZON), as `inputs_of` makes them at the last step; output is `prediction`
    (batch, HORIZON, n_quantiles), relative to the newest value, in scales, quantiles ascending.
    """
    architecture, graph = Architecture.of(weights), Graph()
    graph.weights = weights
    state = _dense(graph, graph.add("Transpose", "steps", perm=[1, 0, 2]), "segment", "Gelu")
    for k in range(architecture.layers):
        constants = [graph.constant(each) for each in _cell(weights, f"recurrent_{k}")]
        hidden, *_ = graph.node("LSTM", [state, *constants], 3, hidden_size=architecture.units)
        state = graph.add("Add", state, graph.add("Squeeze", hidden, graph.constant([1])))
    last = graph.add("Squeeze", graph.slice(state, 0, -1, LAST), graph.constant([0]))
    own = _dense(graph, graph.add("Concat", last, "cut", axis=1), "cut", "Gelu")
    own = graph.add("Add", own, _dense(graph, own, "hidden", "Gelu"))
    mean = _weighted(graph, own)
    split = graph.constant([-1, HORIZON, len(QUANTILES)])
    _quantiles(graph, mean, graph.add("Reshape", _dense(graph, own, "output"), split))
    return graph.model(
        {"steps": ["steps", N_STEP], "cut": [N_CUT], "simple": [len(SIMPLE), HORIZON]},
        {"prediction": [HORIZON, len(QUANTILES)]},
    )


def _cell(weights: Mapping[str, np.ndarray], prefix: str) -> list[np.ndarray]:
    inputs = cell_inputs(weights, prefix, CELLS["lstm"])
    return [np.expand_dims(each, 0) for each in inputs]  # one direction


def _dense(graph: Graph, x: str, name: str, activation: str = "") -> str:
    product = graph.add("MatMul", x, graph.constant(graph.weights[f"{name}.kernel"]))
    total = graph.add("Add", product, graph.constant(graph.weights[f"{name}.bias"]))
    return graph.add(activation, total) if activation else total


def _weighted(graph: Graph, own: str) -> str:
    """The weighted mean of the simple forecasts, (batch, HORIZON, 1)."""
    split = graph.constant([-1, len(STRETCHES), len(SIMPLE)])
    weights = graph.add(
        "Softmax", graph.add("Reshape", _dense(graph, own, "weights"), split), axis=2
    )
    stretch = np.searchsorted(STRETCHES, np.arange(1, HORIZON + 1))
    each = graph.add("Gather", weights, graph.constant(stretch), axis=1)
    simple = graph.add("Transpose", "simple", perm=[0, 2, 1])
    return graph.add("ReduceSum", graph.add("Mul", each, simple), graph.constant([2]), keepdims=1)


def _quantiles(graph: Graph, mean: str, corrections: str) -> None:
    """The median is the mean and its correction; the others are distances from it, added up."""
    median = graph.add("Add", mean, graph.slice(corrections, 2, MIDDLE, MIDDLE + 1))
    widths = graph.add("Softplus", corrections)
    sides = []
    for start, stop, step in (
        (MIDDLE + 1, len(QUANTILES), 1),
        (MIDDLE - 1, -len(QUANTILES) - 1, -1),
    ):
        side = graph.slice(widths, 2, start, stop, step)
        sides.append(graph.add("CumSum", side, graph.constant(2)))
    below = graph.add("Sub", median, graph.slice(sides[1], 2, -1, -len(QUANTILES) - 1, -1))
    above = graph.add("Add", median, sides[0])
    graph.add("Concat", below, median, above, axis=2, output="prediction")
