"""An ONNX graph that is being written, node by node."""

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
from onnx import NodeProto, TensorProto, ValueInfoProto, helper, numpy_helper

__all__ = ["IR_VERSION", "OPSET", "Graph"]

OPSET, IR_VERSION = 21, 10
Shapes = Mapping[str, Sequence[int | str]]  # a text names a length that any batch may choose


class Graph:
    """Nodes and constants of a graph that is being written."""

    def __init__(self) -> None:
        self.weights: Mapping[str, np.ndarray] = {}  # of the member that is being written
        self.nodes: list[NodeProto] = []
        self.constants: list[TensorProto] = []
        self.known: dict[tuple[str, tuple[int, ...], bytes], str] = {}  # constants by content

    def add(self, operator: str, *inputs: str, output: str = "", **attributes: Any) -> str:
        """Add a node and return the name of its first output."""
        output = output or f"{operator}_{len(self.nodes)}"
        self.nodes.append(helper.make_node(operator, inputs, [output], name=output, **attributes))
        return output

    def node(
        self, operator: str, inputs: Sequence[str], count: int, **attributes: Any
    ) -> list[str]:
        """Add a node and return the names of its `count` outputs."""
        name = f"{operator}_{len(self.nodes)}"
        outputs = [f"{name}_{k}" for k in range(count)]
        self.nodes.append(helper.make_node(operator, inputs, outputs, name=name, **attributes))
        return outputs

    def constant(self, values: Any) -> str:
        """Add a constant, of type int64 or float32, unless it is there; return its name."""
        array = np.asarray(values)
        array = array.astype(np.int64 if array.dtype.kind == "i" else np.float32)
        content = array.dtype.name, array.shape, array.tobytes()
        if content not in self.known:
            self.known[content] = f"constant_{len(self.constants)}"
            self.constants.append(numpy_helper.from_array(array, self.known[content]))
        return self.known[content]

    def slice(self, x: str, axis: int, start: int, stop: int, step: int = 1) -> str:
        """Add a part of an axis."""
        return self.add("Slice", x, *(self.constant([n]) for n in (start, stop, axis, step)))

    def model(self, inputs: Shapes, outputs: Shapes) -> bytes:
        """Serialise it, with the shapes of inputs and outputs behind the batch."""
        graph = helper.make_graph(
            self.nodes, "forecast", _values(inputs), _values(outputs), self.constants
        )
        opset = helper.make_opsetid("", OPSET)
        model = helper.make_model(
            graph, producer_name="forecast", opset_imports=[opset], ir_version=IR_VERSION
        )
        return bytes(model.SerializeToString(deterministic=True))


def _values(shapes: Shapes) -> list[ValueInfoProto]:
    return [
        helper.make_tensor_value_info(name, TensorProto.FLOAT, ["batch", *shape])
        for name, shape in shapes.items()
    ]
